import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import { ScriptedServer } from '@trainyard/testkit/clouds/scripted-server.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HttpAgents } from '../transfer/http-agents.ts';
import { s3Client } from './client.ts';
import { ObjectReads } from './object-reads.ts';
import { authorizationOf } from './test-signature.ts';

const KEYS = { accessKeyId: 'AKIA', secretAccessKey: 'secret/+=', sessionToken: 'session' };
const KEY = "a b/ä+%(1)'!*.csv";

describe('reads of S3', () => {
  let service: ScriptedServer;
  const agents = new HttpAgents({ env: {} });
  const { signal } = new AbortController();

  beforeAll(async () => {
    service = await ScriptedServer.start();
  });
  beforeEach(() => {
    service.asked.length = 0;
    service.answer = { status: 200, body: 'bytes' };
  });
  afterAll(async () => {
    agents.close();
    await service.stop();
  });

  const readsWith = (more: Partial<ConnectionSpec>): ObjectReads => {
    const spec: ConnectionSpec = { type: 's3', uri: 's3://bucket', region: 'eu-west-1', endpoint: service.url, keyID: KEYS.accessKeyId, keySecret: KEYS.secretAccessKey, token: KEYS.sessionToken, vital: false, ...more };
    return new ObjectReads(s3Client(spec, { bucket: 'bucket', agents, env: {}, signal }), 'bucket', agents);
  };
  const read = async (reads: ObjectReads, key = KEY): Promise<string> => {
    const { bytes } = await reads.get({ key, etag: '"tag"', range: 'bytes=0-4' }, signal);
    return (await bytes.toArray()).join('');
  };

  it('asks for the second object as the SDK asked for the first, signed as Amazon signs it', async () => {
    const reads = readsWith({});
    expect([await read(reads), await read(reads)]).toEqual(['bytes', 'bytes']);
    const [first = expect.unreachable('nothing was asked'), second = expect.unreachable('only one was asked for')] = service.asked;
    expect(second.headers['user-agent']).toBeUndefined();
    expect(second).toMatchObject({ method: 'GET', path: first.path.replace(/\?.*/, ''), headers: { host: first.headers.host, 'if-match': '"tag"', range: 'bytes=0-4' } });
    expect(second.headers.authorization).toBe(await authorizationOf(second, { service: 's3', region: 'eu-west-1', credentials: KEYS }));
  });

  it('signs nothing where everybody may read', async () => {
    const reads = readsWith({ credentials: 'anonymous' });
    await read(reads);
    await read(reads);
    expect(service.asked.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
  });

  it('leaves names that climb to the SDK', async () => {
    const reads = readsWith({});
    await read(reads);
    await read(reads, 'a/../b.csv');
    expect(service.asked[1]?.path).toContain('/bucket/a/../b.csv');
  });

  it('tells what the service said against it by its code', async () => {
    const reads = readsWith({});
    await read(reads);
    service.answer = { status: 403, body: '<Error><Code>AccessDenied</Code><Message>key AKIA</Message></Error>' };
    await expect(read(reads)).rejects.toMatchObject({ kind: 'refused', word: '403 AccessDenied' });
  });
});
