import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';

// the unit project loads loopback-only.ts before every file: what is tested here is in force
describe('loopback only', () => {
  test.each([['192.0.2.1'], ['example.org'], ['::ffff:192.0.2.1']])('a connection to %s is refused at once, with the address', (host) => {
    expect(() => connect(9, host)).toThrow(`a unit test tried to reach '${host}'`);
    expect(() => connect({ host, port: 9 })).toThrow(host);
  });

  test('fetch is refused too', async () => {
    await expect(fetch('http://192.0.2.1/')).rejects.toMatchObject({ cause: { message: expect.stringContaining('192.0.2.1') as string } });
  });

  test.each([['a port', () => ({ port: 0, host: '127.0.0.1' })], ['a socket file', () => ({ path: path.join(newDir(), 'socket') })]])('a server of this machine can be reached by %s', async (_, where) => {
    const server = createServer((socket) => socket.end()).listen(where());
    await once(server, 'listening');
    const address = server.address();
    const socket = typeof address === 'string' ? connect(address) : connect({ port: address?.port ?? 0, host: '127.0.0.1' });
    await once(socket, 'connect');
    expect(socket.pending).toBe(false);
    socket.destroy();
    server.close();
    await once(server, 'close');
  });
});

function newDir(): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'trainyard-loopback-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return dir;
}
