import { once } from 'node:events';
import { createServer } from 'node:net';
import { fastify, type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openOnDemandPort, openPort } from './open-port.ts';

let app: FastifyInstance;
beforeEach(() => void (app = fastify()));
afterEach(() => app.close());

describe('a port', () => {
  it('is opened, and told as a URL that one can call', async () => {
    const url = await openPort(app, { host: '0.0.0.0', port: 0 });
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await fetch(url)).status).toBe(404);
  });

  it('that is taken names the setting that changes it', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    await expect(openPort(app, { host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'PORT_TAKEN', hint: expect.stringContaining('--port') as string });
    await expect(openOnDemandPort(app, { host: '127.0.0.1', port })).rejects.toThrow(`Port ${port} on 127.0.0.1 is taken: set the environment variable PORT to another one`);
    other.close();
  });

  it.each(['nosuch.invalid', '192.0.2.1'])('on %s, which is not here, names the setting of the address', async (host) => {
    await expect(openPort(app, { host, port: 0 })).rejects.toThrow(`the setting 'host' is wrong: '${host}' is not an address of this machine`);
    await expect(openOnDemandPort(app, { host, port: 0 })).rejects.toThrow(`Environment variable ON_DEMAND_HOST cannot be used: '${host}' is not an address of this machine`);
  });

  it('that the user may not open names the setting that changes it', async () => {
    // as the system refuses it, whoever runs the test
    const refused = { listen: () => Promise.reject(Object.assign(new Error('listen EACCES: permission denied 127.0.0.1:80'), { code: 'EACCES' })) } as unknown as FastifyInstance;
    await expect(openPort(refused, { host: '127.0.0.1', port: 80 })).rejects.toThrow(/'port' is wrong: Port 80 on 127\.0\.0\.1 may not be opened/);
    await expect(openOnDemandPort(refused, { host: '127.0.0.1', port: 80 })).rejects.toThrow(/^Port 80 on 127\.0\.0\.1 may not be opened .* PORT to one above 1023 \(80 when it is not set\)$/);
  });
});
