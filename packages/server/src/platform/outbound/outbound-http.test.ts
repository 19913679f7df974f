import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { Address } from './addresses.ts';
import { AllowList } from './allow-list.ts';
import { type OutboundCall, OutboundHttp } from './outbound-http.ts';
import { CERTIFICATE, KEY } from './test-certificate.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** Answers the port. */
async function listen(answer: RequestListener, { host = '127.0.0.1', port = 0, secure = false } = {}): Promise<number> {
  const server = secure ? createSecureServer({ key: KEY, cert: CERTIFICATE }, answer) : createServer(answer);
  servers.push(server);
  await once(server.listen(port, host), 'listening');
  return (server.address() as AddressInfo).port;
}

const LOOPBACK = new AllowList(['127.0.0.0/8', '::1']);
const open = new OutboundHttp({ allow: LOOPBACK });
const call = (url: string, more: Partial<OutboundCall> = {}): OutboundCall => ({ url, method: 'GET', timeoutMs: 30_000, maxBytes: 1000, ...more });
const at = (...addresses: string[]): readonly Address[] => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

describe('calls to other hosts', () => {
  it('send what they are given and answer what comes, with the status that comes', async () => {
    const port = await listen((request, response) => void text(request).then((body) => response.writeHead(418, { 'x-seen': `${request.method} ${request.url} ${String(request.headers['x-a'])} ${request.headers.host}` }).end(`got ${body}`)));
    const answer = await open.request(call(`http://localhost:${port}/p?q=1#f`, { method: 'PUT', headers: { 'x-a': 'b' }, body: 'höi' }));
    expect([answer.status, answer.headers['x-seen'], await text(answer.body)]).toEqual([418, `PUT /p?q=1 b localhost:${port}`, 'got höi']);
  });

  it('send a stream as it comes', async () => {
    const port = await listen((request, response) => void text(request).then((body) => response.end(`${request.headers['transfer-encoding']} ${body.length}`)));
    const answer = await open.request(call(`http://127.0.0.1:${port}/`, { method: 'POST', body: Readable.from(Array.from({ length: 100 }, () => Buffer.alloc(10_000, 'x'))) }));
    expect(await text(answer.body)).toBe('chunked 1000000');
  });

  it('never follow a redirect', async () => {
    const paths: string[] = [];
    const port = await listen((request, response) => void (paths.push(request.url ?? ''), response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end()));
    const answer = await open.request(call(`http://127.0.0.1:${port}/a`));
    expect([answer.status, answer.headers.location, await text(answer.body), paths]).toEqual([302, 'http://169.254.169.254/latest', '', ['/a']]);
  });
});

describe('where calls may go', () => {
  const strict = new OutboundHttp({ allow: new AllowList([]) });

  it.each([
    '127.0.0.1', '127.1', '2130706433', '0177.0.0.1', '0x7f000001', '0', '0.0.0.0', '%31%32%37.0.0.1', '10.0.0.1', '192.168.1.1', '172.16.0.1', '100.64.0.1', '169.254.169.254', '[::1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::127.0.0.1]', '[fe80::1]', '[fd00::1]', '[ff02::1]', '[64:ff9b::7f00:1]', '[2002:7f00:1::]', '224.0.0.1', '255.255.255.255', 'localhost',
  ])('is not %s', async (host) => {
    const port = await listen((_, response) => response.end('secret'));
    const refused = { code: 'OUTBOUND_REFUSED', message: expect.stringMatching(/^the server does not call \S+: it is not an address of the public Internet$/) as string };
    await expect(strict.request(call(`http://${host}:${port}/`))).rejects.toMatchObject(refused);
    await expect(strict.check(`https://${host}/`)).rejects.toMatchObject(refused);
  });

  it.each([
    ['ftp://example.org/', "'ftp' is neither http nor https"], ['file:///etc/passwd', "'file' is neither"], ['gopher://127.0.0.1/', "'gopher' is neither"], ['javascript:alert(1)', "'javascript' is neither"],
    ['http://ann:pw@127.0.0.1/', 'its URL has credentials in it'], ['http://ann@127.0.0.1/', 'credentials'], ['nonsense', 'it is not a URL'], ['http://', 'it is not a URL'], ['http://[fe80::1%25eth0]/', 'it is not a URL'],
  ])('is not %s', async (url, problem) => {
    for (const refused of [open.request(call(url)), open.check(url)]) await expect(refused).rejects.toMatchObject({ code: 'OUTBOUND_REFUSED', message: expect.stringContaining(problem) as string });
  });

  it('is no name of which one address is refused', async () => {
    const mixed = new OutboundHttp({ allow: LOOPBACK, resolve: async () => at('127.0.0.1', '169.254.169.254') });
    await expect(mixed.request(call('http://localhost:1/'))).rejects.toMatchObject({ code: 'OUTBOUND_REFUSED' });
  });

  it('is the address that was checked, however the name changes its mind', async () => {
    const reached: string[] = [];
    const port = await listen((_, response) => void (reached.push('rebound'), response.end()));
    await listen((_, response) => void (reached.push('checked'), response.end()), { host: '127.0.0.2', port });
    let asked = 0;
    // to everybody else, and when it is asked again, this name means 127.0.0.1
    const rebinding = new OutboundHttp({ allow: new AllowList(['127.0.0.2']), resolve: async () => (asked++ === 0 ? at('127.0.0.2') : at('127.0.0.1')) });
    await text((await rebinding.request(call(`http://localhost:${port}/`))).body);
    await expect(rebinding.request(call(`http://localhost:${port}/`))).rejects.toMatchObject({ code: 'OUTBOUND_REFUSED' });
    expect([asked, reached]).toEqual([2, ['checked']]);
  });

  it('is the next address when the first does not answer', async () => {
    const port = await listen((_, response) => response.end('second'));
    const two = new OutboundHttp({ allow: LOOPBACK, resolve: async () => at('::1', '127.0.0.1') });
    expect(await text((await two.request(call(`http://localhost:${port}/`))).body)).toBe('second');
  });

  it('is only a host whose certificate is good', async () => {
    let seen = 0;
    const port = await listen((_, response) => void (seen++, response.end()), { secure: true });
    await expect(open.request(call(`https://localhost:${port}/`, { method: 'POST', body: 'secret' }))).rejects.toMatchObject({ code: 'OUTBOUND_UNREACHABLE', message: expect.stringContaining('its TLS certificate is not accepted') as string });
    expect(seen).toBe(0);
  });
});

describe('calls that go wrong', () => {
  it('say that nobody is there, without the address', async () => {
    const port = await listen(() => undefined);
    await new Promise((resolve) => servers.pop()?.close(resolve));
    await expect(open.request(call(`http://127.0.0.1:${port}/path?token=t`, { headers: { authorization: 'a' } }))).rejects.toMatchObject({ code: 'OUTBOUND_UNREACHABLE', message: `127.0.0.1:${port} cannot be reached: it refused the connection` });
  });

  it('say that the name is not known', async () => {
    const nobody = new OutboundHttp({ allow: LOOPBACK, resolve: async () => Promise.reject(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' })) });
    const unknown = { code: 'OUTBOUND_UNREACHABLE', message: 'x.example cannot be reached: its name is not known' };
    await expect(nobody.request(call('http://x.example/'))).rejects.toMatchObject(unknown);
    await expect(nobody.check('http://x.example/')).rejects.toMatchObject(unknown);
    await expect(new OutboundHttp({ allow: LOOPBACK, resolve: async () => [] }).request(call('http://x.example/'))).rejects.toMatchObject({ code: 'OUTBOUND_UNREACHABLE' });
  });

  it('end when a name server is silent', async () => {
    const silent = new OutboundHttp({ allow: LOOPBACK, resolve: () => new Promise(() => undefined) });
    await expect(silent.request(call('http://x.example/', { connectTimeoutMs: 50 }))).rejects.toMatchObject({ code: 'OUTBOUND_UNREACHABLE', message: 'x.example cannot be reached: no connection within 0.05 s' });
  });

  it('end when no answer begins', async () => {
    const port = await listen(() => undefined);
    await expect(open.request(call(`http://127.0.0.1:${port}/`, { timeoutMs: 100 }))).rejects.toMatchObject({ code: 'OUTBOUND_BROKEN', message: expect.stringContaining('it did not answer within 0.1 s') as string });
  });

  it('end when an answer never ends, and leave no connection', async () => {
    const port = await listen((_, response) => void response.write('x'));
    const closed = once(servers[0]!, 'connection').then(([socket]: Readable[]) => once(socket!, 'close'));
    const answer = await open.request(call(`http://127.0.0.1:${port}/`, { timeoutMs: 200 }));
    await expect(text(answer.body)).rejects.toMatchObject({ code: 'OUTBOUND_BROKEN' });
    await closed;
  });

  it('end at their deadline also when nobody reads the answer', async () => {
    const port = await listen((_, response) => void response.write('x'));
    const closed = once(servers[0]!, 'connection').then(([socket]: Readable[]) => once(socket!, 'close'));
    expect((await open.request(call(`http://127.0.0.1:${port}/`, { timeoutMs: 100 }))).status).toBe(200);
    await closed;
  });

  it('break off a body that is too large', async () => {
    const port = await listen((_, response) => response.end(Buffer.alloc(5_000_000)));
    const { body } = await open.request(call(`http://127.0.0.1:${port}/`, { maxBytes: 100_000 }));
    await expect(text(body)).rejects.toMatchObject({ code: 'OUTBOUND_BROKEN', message: expect.stringContaining('its answer is larger than 100000 bytes') as string });
    const exact = await open.request(call(`http://127.0.0.1:${port}/`, { maxBytes: 5_000_000 }));
    expect((await text(exact.body)).length).toBe(5_000_000);
  });

  it('say when the other side breaks off: before the answer, and in it', async () => {
    const port = await listen((request, response) => {
      if (request.url === '/late') response.writeHead(200, { 'content-length': '10' }).write('x');
      setImmediate(() => request.socket.destroy());
    });
    await expect(open.request(call(`http://127.0.0.1:${port}/early`))).rejects.toMatchObject({ code: 'OUTBOUND_BROKEN', message: expect.stringContaining('the connection broke off') as string });
    await expect(open.request(call(`http://127.0.0.1:${port}/late`)).then(({ body }) => text(body))).rejects.toMatchObject({ code: 'OUTBOUND_BROKEN' });
  });

  it('say when the other side speaks something else', async () => {
    const port = await listen((request) => void request.socket.end('SSH-2.0-x\r\n'));
    await expect(open.request(call(`http://127.0.0.1:${port}/`))).rejects.toMatchObject({ code: 'OUTBOUND_BROKEN', message: expect.stringContaining('its answer is no HTTP') as string });
    await expect(open.request(call(`https://localhost:${port}/`))).rejects.toMatchObject({ code: 'OUTBOUND_UNREACHABLE' });
  });

  it('break off when what is to be sent breaks', async () => {
    const port = await listen((request) => request.resume());
    const broken = new Readable({ read: () => undefined });
    const answered = open.request(call(`http://127.0.0.1:${port}/`, { method: 'POST', body: broken }));
    broken.push('x');
    await turn();
    broken.destroy(new Error('the disk is gone'));
    await expect(answered).rejects.toMatchObject({ code: expect.stringMatching(/^OUTBOUND_/) as string });
  });

  it('reject with the reason of the caller who gives up, at any point', async () => {
    const port = await listen((request, response) => (request.url === '/body' ? void response.write('x') : undefined));
    const reason = new Error('closing');
    await expect(open.request(call(`http://127.0.0.1:${port}/`, { signal: AbortSignal.abort(reason) }))).rejects.toBe(reason);
    const ending = new AbortController();
    servers[0]!.once('request', () => ending.abort(reason));
    await expect(open.request(call(`http://127.0.0.1:${port}/head`, { signal: ending.signal }))).rejects.toBe(reason);
    const later = new AbortController();
    const { body } = await open.request(call(`http://127.0.0.1:${port}/body`, { signal: later.signal }));
    later.abort(reason);
    await expect(text(body)).rejects.toBe(reason);
  });
});
