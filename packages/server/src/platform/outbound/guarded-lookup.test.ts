import { describe, expect, it } from 'vitest';
import { AllowList } from './allow-list.ts';
import { GuardedLookup } from './guarded-lookup.ts';

const NAMES: Readonly<Record<string, string[]>> = { 'public.example': ['93.184.216.34', '2606:2800::1'], 'rebound.example': ['93.184.216.34', '10.0.0.1'], 'store.internal': ['10.1.2.3'], 'metadata.example': ['169.254.169.254'] };

function guard(allow: readonly string[] = []): GuardedLookup {
  return new GuardedLookup({
    allow: new AllowList(allow),
    resolve: async (name) => {
      const found = NAMES[name];
      if (found === undefined) throw Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' });
      return found.map((address) => ({ address, family: address.includes(':') ? (6 as const) : (4 as const) }));
    },
  });
}

function looked(lookup: GuardedLookup, name: string, options: { all?: boolean; family?: 4 | 6 } = {}): Promise<unknown> {
  return new Promise((resolve) => {
    lookup.lookup(name, options, (error, address, family) => resolve(error === null ? [address, family] : error.code));
  });
}

describe('a guarded look-up', () => {
  it('answers one address or all, of a family if asked', async () => {
    expect(await looked(guard(), 'public.example')).toEqual(['93.184.216.34', 4]);
    expect(await looked(guard(), 'public.example', { family: 6 })).toEqual(['2606:2800::1', 6]);
    expect(await looked(guard(), 'public.example', { all: true })).toEqual([[{ address: '93.184.216.34', family: 4 }, { address: '2606:2800::1', family: 6 }], undefined]);
  });

  it('refuses a name when any of its addresses may not be called', async () => {
    for (const name of ['store.internal', 'rebound.example', 'metadata.example']) expect([name, await looked(guard(), name)]).toEqual([name, 'OUTBOUND_REFUSED']);
    expect(await looked(guard(), 'nowhere.example')).toBe('ENOTFOUND');
    await expect(guard().check('nowhere.example')).rejects.toMatchObject({ code: 'OUTBOUND_UNREACHABLE' });
    expect(await looked(guard(), 'store.internal', { all: true })).toBe('OUTBOUND_REFUSED');
  });

  it('lets out what an administrator has named, but no metadata service by its name', async () => {
    expect(await looked(guard(['store.internal']), 'store.internal')).toEqual(['10.1.2.3', 4]);
    expect(await looked(guard(['metadata.example']), 'metadata.example')).toBe('OUTBOUND_REFUSED');
  });

  it.each(['127.0.0.1', '[::1]', '169.254.169.254', '::ffff:10.0.0.1', 'store.internal'])('checks %s, which no library looks up', async (host) => {
    await expect(guard().check(host)).rejects.toMatchObject({ code: 'OUTBOUND_REFUSED' });
  });

  it('has nothing against a public address', async () => {
    await expect(guard().check('93.184.216.34')).resolves.toBeUndefined();
    await expect(guard(['127.0.0.0/8']).check('127.0.0.1')).resolves.toBeUndefined();
  });
});
