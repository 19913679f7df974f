import { describe, expect, it } from 'vitest';
import { EVERYTHING, includes, narrowed, reachOf } from './reach.ts';
import { ACTIONS, type Grant, grantText, may, parseGrant, ROLES } from './roles.ts';

const allowed = (grants: readonly Grant[], project?: string) => ACTIONS.filter((action) => may(grants, action, project));

describe('a role', () => {
  it('allows what is said of it, everywhere', () => {
    const everywhere = Object.fromEntries(ROLES.map((role) => [role, allowed([{ role }], 'wine')]));
    expect(everywhere).toEqual({ admin: ['read', 'write', 'configure', 'decrypt', 'administer'], data_scientist: ['read', 'write'], viewer: ['read'] });
  });

  it('in a project never reaches beyond it, nor to the server', () => {
    for (const role of ROLES) {
      const grants = [{ role, project: 'wine' }];
      expect(allowed(grants, 'beer')).toEqual([]);
      expect(allowed(grants, 'wine')).toEqual(role === 'viewer' ? ['read'] : ['read', 'write']);
      expect(['configure', 'decrypt', 'administer'].filter((action) => may(grants, action as 'configure'))).toEqual([]);
    }
  });

  it('that nobody has allows nothing', () => {
    expect(allowed([])).toEqual([]);
    expect(reachOf([])).toEqual({ sees: [], writes: [] });
  });

  it('adds up with others', () => {
    const grants: Grant[] = [{ role: 'viewer' }, { role: 'data_scientist', project: 'wine' }];
    expect([allowed(grants, 'wine'), allowed(grants, 'beer')]).toEqual([['read', 'write'], ['read']]);
    expect(reachOf(grants)).toEqual({ sees: 'all', writes: ['wine'] });
  });
});

describe('reach', () => {
  it('is everything for an admin, and the projects by name otherwise', () => {
    expect(reachOf([{ role: 'admin' }])).toEqual(EVERYTHING);
    expect(reachOf([{ role: 'viewer', project: 'b' }, { role: 'admin', project: 'a' }, { role: 'viewer', project: 'a' }])).toEqual({ sees: ['a', 'b'], writes: ['a'] });
  });

  it('is never widened by what is asked for', () => {
    expect([narrowed('all', 'a'), narrowed(['a'], 'a'), narrowed(['a'], 'b'), narrowed(['a'], undefined)]).toEqual([['a'], ['a'], [], ['a']]);
    expect([includes('all', 'x'), includes(['a'], 'a'), includes(['a'], 'x'), includes([], 'x')]).toEqual([true, true, false, false]);
  });
});

describe('the text of a grant', () => {
  it.each(['admin', 'viewer', 'data_scientist@wine', 'admin@on-demand', 'viewer@a1'])('%s is read as it is written', (text) => {
    const grant = parseGrant(text);
    expect(grant === undefined ? undefined : grantText(grant)).toBe(text);
  });

  it.each(['', 'owner', 'Admin', 'viewer@', 'viewer@a@b', 'viewer@a b', 'viewer@A', 'viewer@1a', '@a', 'viewer@-a', `viewer@${'a'.repeat(64)}`, 'constructor', 'viewer@*'])('%j is none', (text) => {
    expect(parseGrant(text)).toBeUndefined();
  });
});
