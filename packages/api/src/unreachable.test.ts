import { createServer } from 'node:http';
import { beforeAll, describe, expect, it } from 'vitest';
import { unreachable } from './unreachable.ts';

const server = createServer((_, response) => response.end());
let port = 0;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as { port: number }).port;
});

const said = (url: string): Promise<string> => fetch(url).then(() => 'it answered', (error: unknown) => unreachable(url, error).message);

describe('a server that cannot be reached', () => {
  it('is told why', async () => {
    expect(await said(`https://127.0.0.1:${port}`)).toBe(`no Trainyard answers at https://127.0.0.1:${port}: it does not speak https`);
    await new Promise((resolve) => server.close(resolve));
    expect(await said(`http://127.0.0.1:${port}`)).toBe(`no Trainyard answers at http://127.0.0.1:${port}: nobody listens there`);
  });

  it.each([['ENOTFOUND', 'its name is not known'], ['EMFILE', 'EMFILE']])('is told by the code %s', (code, problem) => {
    expect(unreachable('http://x', new TypeError('fetch failed', { cause: Object.assign(new Error('getaddrinfo'), { code }) })).message).toBe(`no Trainyard answers at http://x: ${problem}`);
  });

  it('is told in the words of an error that has no code', () => {
    expect(unreachable('http://x', new TypeError('fetch failed', { cause: new Error('unknown scheme') })).message).toContain(': unknown scheme');
  });
});
