import { randomBytes } from 'node:crypto';
import { ADMIN_EVERYWHERE } from '@trainyard/core/access/roles.ts';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RunStore } from '../stores/runs.ts';
import type { TokenRecord, TokenStore } from '../stores/tokens.ts';
import { Authenticator } from './authenticate.ts';
import { RunTokens } from './run-token.ts';
import { hashToken } from './token-hash.ts';

const [mine, others] = ['ty_0123456789ab_mine', 'ty_ba9876543210_others'];
let rows: ReadonlyMap<string, TokenRecord>;
beforeAll(async () => {
  const row = async (id: string, token: string): Promise<[string, TokenRecord]> => [id, { id, name: id, roles: ADMIN_EVERYWHERE, hash: await hashToken(token), createdAt: 0, lastUsedAt: null }];
  rows = new Map(await Promise.all([row('0123456789ab', mine), row('ba9876543210', others), row('first', 'chosen by an administrator')]));
});

/** A server that was just started. */
function started(clock = { now: 0 }): { codeOf: (token: string) => Promise<string> } {
  const tokens = { find: (id: string) => Promise.resolve(rows.get(id)), touch: () => Promise.resolve() } as Partial<TokenStore> as TokenStore;
  const authenticator = new Authenticator({ tokens, runs: {} as RunStore, runTokens: new RunTokens(randomBytes(32)), oidc: undefined, now: () => clock.now });
  return { codeOf: (token) => authenticator.identify(token).then(({ tokenId }) => tokenId, (error: { code?: string }) => String(error.code)) };
}

const wrong = (count: number, beginning: string): string[] => Array.from({ length: count }, (_, index) => `${beginning}${index}`);

describe('wrong tokens', () => {
  it.each([['with an id that nobody has', 'ty_aaaaaaaaaaaa_'], ['of another token', 'ty_ba9876543210_'], ['without an id', 'guess ']])('%s keep no right one out', async (_, beginning) => {
    const { codeOf } = started();
    await Promise.all(wrong(60, beginning).map(codeOf));
    expect(await codeOf(mine)).toBe('0123456789ab');
  });

  it('of a token that is there are refused after 30 within a minute, many at once as well', async () => {
    const clock = { now: 0 };
    const { codeOf } = started(clock);
    const codes = await Promise.all(wrong(40, 'ty_ba9876543210_').map(codeOf));
    expect(codes.filter((code) => code === 'UNAUTHENTICATED')).toHaveLength(30);
    expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(10);
    clock.now = 59_999;
    expect(await codeOf('ty_ba9876543210_x')).toBe('RATE_LIMITED');
    clock.now = 60_000;
    expect(await codeOf('ty_ba9876543210_x')).toBe('UNAUTHENTICATED');
  });

  it('do not hold up the right one that was here before', async () => {
    const { codeOf } = started();
    expect(await codeOf('chosen by an administrator')).toBe('first');
    await Promise.all(wrong(40, 'guess ').map(codeOf));
    expect(await codeOf('chosen by an administrator')).toBe('first');
  });

  it('cost nothing but a look when nobody has their id', async () => {
    const { codeOf } = started();
    expect(new Set(await Promise.all(wrong(500, 'ty_aaaaaaaaaaaa_').map(codeOf)))).toEqual(new Set(['UNAUTHENTICATED']));
  });

  it('that the owner wrote do not count any more once the right one came', async () => {
    const { codeOf } = started();
    await Promise.all(wrong(29, 'ty_0123456789ab_').map(codeOf));
    expect(await codeOf(mine)).toBe('0123456789ab');
    expect(await codeOf('ty_0123456789ab_x')).toBe('UNAUTHENTICATED');
  });
});
