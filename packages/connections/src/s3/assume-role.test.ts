import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { ScriptedServer } from '@trainyard/testkit/clouds/scripted-server.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HttpAgents } from '../transfer/http-agents.ts';
import { assumeRole } from './assume-role.ts';

const KEYS = { accessKeyId: 'AKIA', secretAccessKey: 'secret/+=', sessionToken: 'session' };
const ROLE = 'arn:aws:iam::123456789012:role/reader';

/** As Amazon's own library wants its hashes. */
class Sha256 {
  readonly #hash: ReturnType<typeof createHash> | ReturnType<typeof createHmac>;

  constructor(secret?: string | Uint8Array) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret);
  }

  update(data: string | Uint8Array): void {
    this.#hash.update(data);
  }

  reset(): void {
    throw new Error('it is used once');
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }
}

describe('roles of Amazon', () => {
  let service: ScriptedServer;
  const agents = new HttpAgents({ env: {} });

  beforeAll(async () => {
    service = await ScriptedServer.start();
  });
  afterAll(async () => {
    agents.close();
    await service.stop();
  });

  const assume = (): ReturnType<typeof assumeRole> => assumeRole({ role: ROLE, region: 'eu-west-1', endpoint: undefined, agents, env: { AWS_ENDPOINT_URL_STS: service.url }, signal: new AbortController().signal }, KEYS);

  it('gives the keys of the role for a request signed as Amazon signs it', async () => {
    service.answer = { status: 200, body: '<R><Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s/+=</SecretAccessKey><SessionToken>t==</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration></Credentials></R>' };
    expect(await assume()).toEqual({ accessKeyId: 'ASIA', secretAccessKey: 's/+=', sessionToken: 't==', expiration: new Date('2030-01-01T00:00:00Z') });
    const [{ headers, body } = expect.unreachable('nothing was asked')] = service.asked;
    const { host = '', 'x-amz-date': date, 'content-type': type = '' } = headers;
    // its type wants the two kinds of hashes it knows in one
    const signer = new SignatureV4({ service: 'sts', region: 'eu-west-1', credentials: KEYS, sha256: Sha256 as never, applyChecksum: false });
    const signingDate = new Date(String(date).replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
    const { hostname, port } = new URL(service.url);
    const signed = await signer.sign({ method: 'POST', protocol: 'http:', hostname, port: Number(port), path: '/', query: {}, headers: { host, 'content-type': type }, body }, { signingDate });
    expect(headers.authorization).toBe(signed.headers['authorization']);
    expect(Object.fromEntries(new URLSearchParams(body))).toMatchObject({ Action: 'AssumeRole', RoleArn: ROLE });
  });

  it('is refused by name, not by what the service says', async () => {
    service.answer = { status: 403, body: '<ErrorResponse><Error><Code>AccessDenied</Code><Message>User AKIA is not authorized</Message></Error></ErrorResponse>' };
    await expect(assume()).rejects.toMatchObject({ kind: 'refused', word: '403 AccessDenied' });
  });
});
