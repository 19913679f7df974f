import { ScriptedServer } from '@trainyard/testkit/clouds/scripted-server.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HttpAgents } from '../transfer/http-agents.ts';
import { assumeRole } from './assume-role.ts';
import { authorizationOf } from './test-signature.ts';

const KEYS = { accessKeyId: 'AKIA', secretAccessKey: 'secret/+=', sessionToken: 'session' };
const ROLE = 'arn:aws:iam::123456789012:role/reader';

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
    const [asked = expect.unreachable('nothing was asked')] = service.asked;
    expect(asked.headers.authorization).toBe(await authorizationOf(asked, { service: 'sts', region: 'eu-west-1', credentials: KEYS }));
    expect(Object.fromEntries(new URLSearchParams(asked.body))).toMatchObject({ Action: 'AssumeRole', RoleArn: ROLE });
  });

  it('is refused by name, not by what the service says', async () => {
    service.answer = { status: 403, body: '<ErrorResponse><Error><Code>AccessDenied</Code><Message>User AKIA is not authorized</Message></Error></ErrorResponse>' };
    await expect(assume()).rejects.toMatchObject({ kind: 'refused', word: '403 AccessDenied' });
  });
});
