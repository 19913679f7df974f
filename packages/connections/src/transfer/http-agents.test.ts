import { createServer } from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HttpAgents } from './http-agents.ts';
import { httpCall, textOf } from './http-call.ts';

describe('calls through a look-up', () => {
  const server = createServer((_request, response) => response.end('here'));
  const { signal } = new AbortController();
  let port: number;

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  });
  afterAll(() => server.close());

  /** Everything is at the loopback, but for names of `refused`. */
  function lookupTo(refused: string, asked: string[]): LookupFunction {
    return (host, options, callback) => {
      asked.push(host);
      if (host === refused) callback(Object.assign(new Error('it is inside'), { code: 'FORBIDDEN' }), '', 4);
      else if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }]);
      else callback(null, '127.0.0.1', 4);
    };
  }

  it.each(['store.example.com', '127.0.0.1'])('asks about %s, and calls it when it may', async (host) => {
    const asked: string[] = [];
    const agents = new HttpAgents({ env: {}, lookup: lookupTo('', asked) });
    const answer = await httpCall(agents, { method: 'GET', url: new URL(`http://${host}:${port}/`), signal });
    expect(await textOf(answer, signal)).toBe('here');
    expect(asked).toEqual([host]);
    agents.close();
  });

  it.each(['store.example.com', '127.0.0.1', '::1'])('does not call %s when it may not, and says why', async (host) => {
    const asked: string[] = [];
    const agents = new HttpAgents({ env: {}, lookup: lookupTo(host, asked) });
    const url = new URL(`http://${host.includes(':') ? `[${host}]` : host}:${port}/`);
    await expect(httpCall(agents, { method: 'GET', url, signal })).rejects.toMatchObject({ kind: 'unreachable' });
    expect(agents.refused.reason).toMatchObject({ problem: 'refused', message: expect.stringContaining('it is inside') as string });
    agents.close();
  });
});
