import { describe, expect, it } from 'vitest';
import { connection } from './connection.ts';

const uri = '123456789012.dkr.ecr.eu-central-1.amazonaws.com/wine';
const KEYS = 'ecr type requires that keyID and keySecret parameters must be non-empty';
const STRANGE = 'not valid uri for ecr type: docker-credential-ecr-login can only be used with Amazon Elastic Container Registry.';

describe('a connection to ECR', () => {
  it.each([
    [uri, 'id', 'secret', []],
    ['public.ecr.aws/wine', 'id', 'secret', []],
    [uri, 'id', '', [KEYS]],
    ['', '', '', ['empty uri', KEYS]],
    ['docker.io/wine', 'id', '', [STRANGE, KEYS]],
    [`${uri.split('/')[0]}.evil.example`, 'id', 'secret', [STRANGE]],
  ])("with '%s', '%s' and '%s' has these problems", (given, keyID, keySecret, problems) => {
    expect(connection.problems({ type: 'ecr', uri: given, keyID, keySecret, vital: false })).toEqual(problems);
  });

  it('is the source of nothing', async () => {
    const context = { env: {}, signal: new AbortController().signal };
    await expect(connection.fetch({ spec: { type: 'ecr', uri, vital: false }, into: '/nowhere', limits: { bytes: 1, entries: 1 } }, context)).rejects.toMatchObject({ problem: 'invalid' });
    expect(connection.uses).toEqual([]);
  });
});
