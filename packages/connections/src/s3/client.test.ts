import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import { ScriptedServer } from '@trainyard/testkit/clouds/scripted-server.ts';
import { describe, expect, it } from 'vitest';
import { HttpAgents } from '../transfer/http-agents.ts';
import { s3Client } from './client.ts';

const SPEC: ConnectionSpec = { type: 's3', uri: 's3://bucket', region: 'eu-west-1', vital: false };
const ENV = { AWS_ACCESS_KEY_ID: 'OF-THE-MACHINE', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'eu-central-1' };

describe('credentials of S3', () => {
  const agents = new HttpAgents({ env: {} });
  const opening = { bucket: 'bucket', agents, env: ENV, signal: new AbortController().signal };

  it('takes the keys of the connection, not those of the machine', async () => {
    const { config } = s3Client({ ...SPEC, keyID: 'OURS', keySecret: 's', token: 't' }, opening);
    expect(await config.credentials()).toMatchObject({ accessKeyId: 'OURS', secretAccessKey: 's', sessionToken: 't' });
    expect(await config.region()).toBe('eu-west-1');
  });

  it('takes those of the machine when the connection says so', async () => {
    const { config } = s3Client({ ...SPEC, region: undefined, credentials: 'ambient', keyID: 'OURS', keySecret: 's' }, opening);
    expect(await config.credentials()).toMatchObject({ accessKeyId: 'OF-THE-MACHINE', secretAccessKey: 'secret' });
    expect(await config.region()).toBe('eu-central-1');
  });

  it('assumes a role with them', async () => {
    const service = await ScriptedServer.start();
    service.answer = { status: 200, body: '<AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>' };
    const { config } = s3Client({ ...SPEC, credentials: 'ambient', role: 'arn:aws:iam::1:role/r' }, { ...opening, env: { ...ENV, AWS_ENDPOINT_URL_STS: service.url } });
    expect(await config.credentials()).toMatchObject({ accessKeyId: 'ASIA', sessionToken: 't' });
    expect(service.asked[0]?.headers.authorization).toContain('Credential=OF-THE-MACHINE/');
    await service.stop();
  });
});
