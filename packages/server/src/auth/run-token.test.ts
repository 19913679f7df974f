import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { RunTokens } from './run-token.ts';
import { hashToken, tokenMatches } from './token-hash.ts';

const claims = { runId: 'a'.repeat(32), attempt: 2 };

describe('the token of an attempt', () => {
  it('names its run and attempt', () => {
    const tokens = new RunTokens(randomBytes(32));
    expect(tokens.read(tokens.issue(claims))).toEqual(claims);
  });

  it('is only good with the key it was signed with, and unchanged', () => {
    const tokens = new RunTokens(randomBytes(32));
    const token = tokens.issue(claims);
    expect(new RunTokens(randomBytes(32)).read(token)).toBeUndefined();
    expect(tokens.read(token.replace('_2_', '_3_'))).toBeUndefined();
    expect(tokens.read(token.replace('aaaa', 'aaab'))).toBeUndefined();
    for (const broken of ['', 'tyr_', `${token}x`, token.slice(0, -1), ` ${token}`]) expect(tokens.read(broken)).toBeUndefined();
  });
});

describe('the hash of a token', () => {
  it('matches its token alone and is salted', async () => {
    const [one, two] = await Promise.all([hashToken('a token'), hashToken('a token')]);
    expect(one).not.toBe(two);
    expect(one).not.toContain('a token');
    expect(await tokenMatches('a token', one)).toBe(true);
    expect(await tokenMatches('another', one)).toBe(false);
    expect(await tokenMatches('a token', 'md5:x:y')).toBe(false);
  });
});
