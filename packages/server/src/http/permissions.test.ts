import type { Access } from '@trainyard/api/route.ts';
import type { Grant } from '@trainyard/core/access/roles.ts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { checkAccess } from './gate.ts';
import type { Identity } from './identity.ts';
import { TestServer } from './test-server.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

interface Declared {
  readonly method: (typeof METHODS)[number];
  readonly path: string;
  readonly access: Access | undefined;
  readonly audit: string | undefined;
}

/** Every route of every dialect with what it declares, as fastify is told of them: a new one cannot be forgotten here. */
const declared = vi.hoisted((): Declared[] => []);
vi.mock(import('fastify'), async (importOriginal) => {
  const original = await importOriginal();
  const fastify = (options: object) => {
    const app = original.fastify(options);
    app.addHook('onRoute', ({ method, url, config }) => {
      for (const one of [method].flat()) declared.push({ method: one as Declared['method'], path: url, access: config?.access, audit: config?.audit });
    });
    return app;
  };
  return { ...original, fastify: fastify as unknown as typeof original.fastify };
});

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.open();
  await server.server.app.ready();
});
afterAll(() => server.close());

/** One of each, without the names of methods nobody calls. */
function allRoutes(): Declared[] {
  const routes = declared.filter(({ method }) => METHODS.includes(method));
  return [...new Map(routes.map((route) => [`${route.method} ${route.path}`, route])).values()];
}

/** Which users come through, by what a route declares. */
const VERDICTS: Readonly<Record<Access, string>> = {
  public: 'nobody viewer data_scientist admin viewer@wine',
  optional: 'nobody viewer data_scientist admin viewer@wine',
  signed_in: 'viewer data_scientist admin viewer@wine',
  read: 'viewer data_scientist admin viewer@wine',
  read_or_run: 'viewer data_scientist admin viewer@wine',
  write: 'data_scientist admin',
  write_or_run: 'data_scientist admin',
  configure: 'admin',
  decrypt: 'admin',
  administer: 'admin',
  run: '',
};

async function tokenOf(roles: readonly Grant[]): Promise<string> {
  const created = await server.call({ method: 'POST', url: '/api/v1/tokens', payload: { name: 'somebody', roles } });
  return created.json<{ token: string }>().token;
}

/** True for a refusal of the gate, in whatever words the dialect has for it. */
async function isRefused(route: Declared, token: string | undefined): Promise<boolean> {
  const url = route.path.replace(/:\w+(\([^)]*\))?/g, 'x').replace('*', 'x/y/z');
  const { statusCode, body } = await server.anonymous({ method: route.method, url, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });
  if (token === undefined) return statusCode === 401 || (statusCode === 403 && !body.includes('its roles'));
  return statusCode === 403 && (route.method === 'HEAD' || /its roles|speak for a run/.test(body));
}

describe('every route', () => {
  it('says what it needs, in one of the words there are', () => {
    const routes = allRoutes();
    expect(routes.length).toBeGreaterThan(100);
    expect(routes.filter(({ access }) => access === undefined || !(access in VERDICTS))).toEqual([]);
  });

  it('lets in who has the role, and nobody else', async () => {
    const tokens: [string, string | undefined][] = [['nobody', undefined], ['viewer', await tokenOf([{ role: 'viewer' }])], ['data_scientist', await tokenOf([{ role: 'data_scientist' }])], ['viewer@wine', await tokenOf([{ role: 'viewer', project: 'wine' }])], ['admin', server.token]];
    const wrong: string[] = [];
    for (const route of allRoutes()) {
      const expected = VERDICTS[route.access ?? 'administer'].split(' ');
      for (const [name, token] of tokens) {
        if ((await isRefused(route, token)) === expected.includes(name)) wrong.push(`${route.method} ${route.path} (${route.access}): ${name}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('that changes something and is no log of a run is put down in the audit log', () => {
    const quiet = allRoutes().filter(({ method, access, audit }) => method !== 'GET' && method !== 'HEAD' && audit === undefined && (access === 'configure' || access === 'decrypt' || access === 'administer'));
    expect(quiet).toEqual([]);
    const decrypted = allRoutes().filter(({ access, method }) => access === 'decrypt' && method === 'GET');
    expect(decrypted.length).toBeGreaterThan(0);
    expect(decrypted.filter(({ audit }) => audit === undefined)).toEqual([]);
  });
});

describe('the verdict of the gate', () => {
  const run: Identity = { kind: 'run', tokenId: 'run:1', runId: '1', attempt: 1, project: 'wine' };
  const verdict = (identity: Identity, access: Access): string => {
    try {
      checkAccess(identity, access);
      return 'in';
    } catch (error) {
      return (error as Error).message;
    }
  };

  it('lets the token of a run in where it may speak for itself, and nowhere else', () => {
    const open = (Object.keys(VERDICTS) as Access[]).filter((access) => verdict(run, access) === 'in');
    expect(open).toEqual(['public', 'optional', 'read_or_run', 'write_or_run', 'run']);
  });

  it('takes a word it does not know for a no, whoever asks', () => {
    for (const word of ['user', 'user_or_run', '', 'toString']) {
      expect(verdict({ kind: 'user', tokenId: 't', name: 'n', roles: [{ role: 'admin' }] }, word as Access)).toContain('may not call a route that needs');
      expect(verdict(run, word as Access)).toContain('may not call a route that needs');
    }
  });

  it('names the roles that were not enough', () => {
    const viewer: Identity = { kind: 'user', tokenId: 't', name: 'n', roles: [{ role: 'viewer' }, { role: 'admin', project: 'wine' }] };
    expect(verdict(viewer, 'administer')).toBe('this token may not administer this server (its roles: viewer, admin@wine)');
    expect(verdict({ ...viewer, roles: [] }, 'read')).toBe('this token may not read anything here (its roles: none)');
  });
});
