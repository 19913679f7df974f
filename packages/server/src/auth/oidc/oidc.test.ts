import { createHmac, createPublicKey } from 'node:crypto';
import { OidcIssuer } from '@trainyard/testkit/oidc-issuer.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AllowList } from '../../platform/outbound/allow-list.ts';
import { OutboundHttp } from '../../platform/outbound/outbound-http.ts';
import { Issuer } from './issuer.ts';
import { JwtVerifier } from './jwt-verifier.ts';
import { loginUrl } from './login-url.ts';
import type { OidcSettings } from './oidc-settings.ts';

const MINUTE = 60_000;

let issuer: OidcIssuer;
let shift: number;
let verifier: JwtVerifier;
let published: Issuer;

function open(changes: Partial<OidcSettings> = {}): void {
  const settings: OidcSettings = { issuer: issuer.url, audiences: ['legion-cli', 'trainyard'], clientId: 'legion-cli', rolesClaim: 'roles', roleMap: new Map([['odahu_admin', [{ role: 'admin' }]], ['team', [{ role: 'data_scientist', project: 'wine' }]]]), ...changes };
  const now = () => Date.now() + shift;
  published = new Issuer({ issuer: settings.issuer, outbound: new OutboundHttp({ allow: new AllowList(['127.0.0.1']) }), now });
  verifier = new JwtVerifier({ settings, issuer: published, now });
}

beforeEach(async () => {
  issuer = await OidcIssuer.start();
  shift = 0;
  open();
});
afterEach(() => issuer.down());

const ann = { sub: 'u-1', name: 'Ann', email: 'ann@example.org', roles: ['odahu_admin'] };
const problemOf = (token: string): Promise<string> => verifier.identify(token).then(() => 'taken', (error: Error & { code?: string }) => `${error.code}: ${error.message}`);
const looks = (): number => issuer.calls.filter((call) => call === 'GET /keys').length;

describe('a token of the identity provider', () => {
  it('says who somebody is and what may be done', async () => {
    expect(await verifier.identify(issuer.token(ann))).toEqual({ kind: 'user', tokenId: 'oidc:u-1', name: 'Ann', email: 'ann@example.org', roles: [{ role: 'admin' }] });
    expect(await verifier.identify(issuer.token({ sub: 'u-2', preferred_username: 'bob', roles: 'x team' }, { audience: 'trainyard' }))).toMatchObject({ name: 'bob', roles: [{ role: 'data_scientist', project: 'wine' }] });
  });

  it.each<[string, object]>([['realm_access.roles', { realm_access: { roles: ['team'] } }], ['https://example.org/roles', { 'https://example.org/roles': 'team' }], ['a.b', { 'a.b': ['team'], a: { b: ['odahu_admin'] } }]])('has its roles at %s', async (rolesClaim, claims) => {
    open({ rolesClaim });
    expect(await verifier.identify(issuer.token({ sub: 'u', ...claims }))).toMatchObject({ roles: [{ role: 'data_scientist', project: 'wine' }] });
  });

  it.each<[string, object]>([['no claim', {}], ['no mapped value', { roles: ['odahu_viewer', 'admin'] }], ['an object', { roles: { odahu_admin: true } }], ['names of Object', { roles: ['constructor', '__proto__'] }], ['null', { roles: null }]])('without a role (%s) opens nothing, and it says why', async (_what, claims) => {
    expect(await problemOf(issuer.token({ sub: 'u', name: 'Eve', ...claims }))).toBe("NO_ROLE: Eve is known, but nothing in the claim 'roles' of the token gives a role here");
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['has expired', { exp: Math.floor(Date.now() / 1000) - 31 }, 'it has expired'],
    ['is not good yet', { nbf: Math.floor(Date.now() / 1000) + 300 }, 'it is not good yet (nbf)'],
    ['never expires', { exp: undefined }, 'it does not say until when it is good (exp)'],
    ['is nobody’s', { sub: undefined }, 'it does not say whose it is (sub)'],
    ['is for another audience', { aud: 'grafana' }, 'it is meant for another audience (aud)'],
    ['is from another issuer', { iss: 'https://evil.example' }, 'it is from another issuer (iss)'],
    ['was given to another program', { azp: 'grafana' }, 'it was given to another program (azp)'],
    ['is for several and was given to nobody', { aud: ['legion-cli', 'grafana'] }, 'it was given to another program (azp)'],
  ])('that %s is refused', async (_what, changes, problem) => {
    expect(await problemOf(issuer.token(ann, { changes }))).toBe(`INVALID_TOKEN: the token is not accepted: ${problem}`);
  });

  it('may be as far off as clocks are', async () => {
    const second = Math.floor(Date.now() / 1000);
    expect(await problemOf(issuer.token(ann, { changes: { exp: second - 5, nbf: second + 5 } }))).toBe('taken');
    expect(await problemOf(issuer.token(ann, { changes: { aud: ['legion-cli', 'grafana'], azp: 'trainyard' } }))).toBe('taken');
  });

  it('that was changed, or not signed, or signed with what everybody knows, is refused', async () => {
    const [head = '', body = '', mac = ''] = issuer.token(ann).split('.');
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const other = part({ ...(JSON.parse(Buffer.from(body, 'base64url').toString()) as object), sub: 'u-9' });
    const jwk = ((await (await fetch(`${issuer.url}/keys`)).json()) as { keys: [{ kid: string }] }).keys[0];
    const pem = createPublicKey({ key: jwk as never, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    const shared = part({ alg: 'HS256', typ: 'JWT', kid: jwk.kid });
    const forged = `${shared}.${body}.${createHmac('sha256', pem).update(`${shared}.${body}`).digest('base64url')}`;
    const none = part({ alg: 'none', typ: 'JWT' });
    const own = part({ alg: 'RS256', typ: 'JWT', jwk });
    for (const token of [`${head}.${other}.${mac}`, `${none}.${body}.`, `${part({ alg: 'NONE' })}.${body}.${mac}`, forged, `${own}.${body}.${mac}`, `${head}.${body}.`, `${part({ alg: 'RS256', crit: ['x'], x: 1, kid: jwk.kid })}.${body}.${mac}`, 'eyJ.eyJ.x']) {
      expect([token, (await problemOf(token)).split(':')[0]]).toEqual([token, 'INVALID_TOKEN']);
    }
  });

  it('is told from a token of this server', () => {
    expect([issuer.token(ann), 'eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.'].map((token) => verifier.looksLikeOne(token))).toEqual([true, true]);
    expect(['ty_0123456789ab_x', 'tyr_x', 'eyJ', 'a.b.c', `eyJ${'a'.repeat(50)}`].map((token) => verifier.looksLikeOne(token))).toEqual([false, false, false, false, false]);
  });
});

describe('the keys of the provider', () => {
  it('are asked for when first needed, and then not for every token', async () => {
    expect(issuer.calls).toEqual([]);
    await Promise.all([1, 2, 3].map(() => verifier.identify(issuer.token(ann))));
    await verifier.identify(issuer.token(ann));
    expect(issuer.calls).toEqual(['GET /.well-known/openid-configuration', 'GET /keys']);
  });

  it('may be others the next time: a token with a new one is taken at once, by all who come', async () => {
    await verifier.identify(issuer.token(ann));
    const old = issuer.token(ann);
    issuer.rotate();
    shift = 11_000;
    const fresh = await Promise.all([1, 2, 3, 4].map(() => problemOf(issuer.token(ann))));
    expect([fresh, looks()]).toEqual([['taken', 'taken', 'taken', 'taken'], 2]);
    expect(await problemOf(old)).toContain('does not know the key');
  });

  it('that nobody knows make us ask again, but not as often as somebody likes', async () => {
    await verifier.identify(issuer.token(ann));
    shift = 11_000;
    for (let i = 0; i < 20; i++) expect(await problemOf(issuer.token(ann, { header: { kid: `made-up-${i}` } }))).toContain('does not know the key');
    expect(looks()).toBe(2);
  });

  it('need no name: every one is tried', async () => {
    const old = issuer.token(ann, { header: { kid: undefined } });
    issuer.rotate({ keepOld: true });
    expect([await problemOf(old), await problemOf(issuer.token(ann, { header: { kid: undefined } }))]).toEqual(['taken', 'taken']);
  });

  it('stay good for a while when the provider goes away, and not for ever', async () => {
    await verifier.identify(issuer.token(ann));
    await issuer.down();
    const lasting = (minutes: number) => issuer.token(ann, { changes: { exp: Math.floor(Date.now() / 1000) + minutes * 60 } });
    shift = 30 * MINUTE;
    expect(await problemOf(lasting(40))).toBe('taken');
    shift = 61 * MINUTE;
    expect(await problemOf(lasting(90))).toMatch(/^IDENTITY_PROVIDER_DOWN: .*refused the connection/);
    await issuer.up();
    shift = 62 * MINUTE;
    expect(await problemOf(lasting(90))).toBe('taken');
  });

  it('cannot be had from a provider that is away at the start: it is asked again later, not by every call', async () => {
    await issuer.down();
    const token = issuer.token(ann);
    for (let i = 0; i < 3; i++) expect(await problemOf(token)).toMatch(/^IDENTITY_PROVIDER_DOWN/);
    await issuer.up();
    expect(await problemOf(token)).toMatch(/^IDENTITY_PROVIDER_DOWN/);
    shift = 11_000;
    expect(await problemOf(token)).toBe('taken');
  });

  it.each<[string, string, { status: number; body: string }, string]>([
    ['calls itself something else', '/.well-known/openid-configuration', { status: 200, body: '{"issuer":"https://evil.example","jwks_uri":"https://evil.example/keys"}' }, "it calls itself 'https://evil.example'"],
    ['answers an error', '/.well-known/openid-configuration', { status: 502, body: 'no' }, 'it answers 502'],
    ['answers a page', '/.well-known/openid-configuration', { status: 200, body: '<html>' }, 'its answer is no JSON'],
    ['redirects', '/keys', { status: 302, body: '' }, 'it answers 302'],
    ['has no keys', '/keys', { status: 200, body: '{"keys":3}' }, 'what it gives as its keys are none'],
  ])('are not taken from one that %s', async (_what, path, answer, problem) => {
    issuer.instead.set(path, answer);
    expect(await problemOf(issuer.token(ann))).toContain(`IDENTITY_PROVIDER_DOWN: the identity provider cannot be asked about this token: ${problem}`);
  });

  it('are not fetched from a place of the private network that nobody configured', async () => {
    issuer.instead.set('/.well-known/openid-configuration', { status: 200, body: JSON.stringify({ issuer: issuer.url, jwks_uri: 'http://169.254.169.254/keys' }) });
    expect(await problemOf(issuer.token(ann))).toContain('it is not an address of the public Internet');
  });
});

describe('the login page', () => {
  it('is named with what a client needs, unless it has the name of this server', async () => {
    const url = await loginUrl({ issuer: published, clientId: 'legion-cli' }, 'localhost');
    expect(url).toBe(`${issuer.url}/authorize?response_type=code&scope=openid+profile+offline_access+groups&client_id=legion-cli`);
    expect(await loginUrl({ issuer: published, clientId: undefined }, '127.0.0.1')).toBeUndefined();
  });
});
