import { describe, expect, it } from 'vitest';
import { readConfig } from './read-config.ts';

const ISSUER = { TRAINYARD_OIDC_ISSUER: 'https://login.example.org/realms/main/' };
const CLIENT = { ...ISSUER, TRAINYARD_OIDC_CLIENT_ID: 'legion-cli' };

describe('the settings of an identity provider', () => {
  const read = (env: Record<string, string>) => readConfig([], env).oidc;

  it('are absent when none is named', () => expect(read({})).toBeUndefined());

  it('are an issuer as its tokens name it and a client, and ODAHU’s roles', () => {
    expect(read(CLIENT)).toEqual({
      issuer: 'https://login.example.org/realms/main/',
      audiences: ['legion-cli'],
      clientId: 'legion-cli',
      rolesClaim: 'roles',
      roleMap: new Map([['odahu_admin', [{ role: 'admin' }]], ['odahu_data_scientist', [{ role: 'data_scientist' }]], ['odahu_viewer', [{ role: 'viewer' }]]]),
    });
  });

  it('may name several audiences, another claim, and several roles for one value', () => {
    const map = 'team=viewer, team=data_scientist@wine,cn=admins=admin';
    expect(read({ ...ISSUER, TRAINYARD_OIDC_AUDIENCE: 'a, b', TRAINYARD_OIDC_ROLES_CLAIM: 'realm_access.roles', TRAINYARD_OIDC_ROLE_MAP: map })).toMatchObject({
      audiences: ['a', 'b'],
      clientId: undefined,
      rolesClaim: 'realm_access.roles',
      roleMap: new Map([['team', [{ role: 'viewer' }, { role: 'data_scientist', project: 'wine' }]], ['cn=admins', [{ role: 'admin' }]]]),
    });
  });

  it.each(['http://127.0.0.1:8080', 'http://localhost:1', 'http://[::1]:8080/realms/x'])('may be on this machine without TLS: %s', (issuer) => {
    expect(read({ ...CLIENT, TRAINYARD_OIDC_ISSUER: issuer })?.issuer).toBe(issuer);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['an audience without an issuer', { TRAINYARD_OIDC_AUDIENCE: 'x' }, /none is named: set TRAINYARD_OIDC_ISSUER/],
    ['an issuer for all its programs', ISSUER, /for any other program of the provider/],
    ['no URL', { ...CLIENT, TRAINYARD_OIDC_ISSUER: 'login.example.org' }, /not a URL/],
    ['an issuer in the clear', { ...CLIENT, TRAINYARD_OIDC_ISSUER: 'http://login.example.org' }, /must begin with https/],
    ['a name that only looks like this machine', { ...CLIENT, TRAINYARD_OIDC_ISSUER: 'http://localhost.example.org' }, /must begin with https/],
    ['credentials in the URL', { ...CLIENT, TRAINYARD_OIDC_ISSUER: 'https://u:p@login.example.org' }, /address of the provider alone/],
    ['a role there is none', { ...CLIENT, TRAINYARD_OIDC_ROLE_MAP: 'team=owner' }, /'team=owner' is not value=role/],
    ['a value without a role', { ...CLIENT, TRAINYARD_OIDC_ROLE_MAP: 'team' }, /'team' is not value=role/],
    ['a role for nobody', { ...CLIENT, TRAINYARD_OIDC_ROLE_MAP: '=admin' }, /'=admin' is not value=role/],
    ['a login page without a provider', { TRAINYARD_ODAHU_LOGIN_REDIRECT: 'on' }, /no login page/],
    ['an audit log of no days', { TRAINYARD_AUDIT_DAYS: '0' }, /not a whole number from 1/],
  ])('refuse %s', (_what, env, problem) => expect(() => readConfig([], env)).toThrow(problem));
});
