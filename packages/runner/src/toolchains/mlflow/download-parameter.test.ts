import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { downloadParameter } from './download-parameter.ts';

const LIMITS = { sizeBytes: 1000, silenceMs: 30_000 };
let dir = '';
let server: Server | undefined;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'download-'));
});

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((done) => (server === undefined ? done(undefined) : server.close(done)));
  server = undefined;
  await rm(dir, { recursive: true });
});

async function serve(answer: RequestListener): Promise<string> {
  const started = createServer(answer);
  server = started;
  await new Promise<void>((done) => started.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
}

it('keeps the name of the file', async () => {
  const url = await serve((_, response) => response.end('a,b\n'));
  const path = await downloadParameter('data', `${url}/x/wine%20data.csv?key=secret`, dir, LIMITS);
  expect(path).toBe(join(dir, 'wine_20data.csv'));
  expect(await readFile(path, 'utf8')).toBe('a,b\n');
});

it.each([
  ['404 is a wrong spec', (_, response) => response.writeHead(404).end(), 'bad_spec', /answered 404/],
  ['503 is not', (_, response) => response.writeHead(503).end(), 'data_unavailable', /answered 503/],
  ['a file over the limit', (_, response) => response.end('x'.repeat(2000)), 'bad_spec', /more than 1000 bytes/],
  ['an answer that breaks off', (_, response) => response.writeHead(200, { 'content-length': '500' }).write('x', () => response.destroy()), 'data_unavailable', /could not be downloaded/],
] satisfies [string, RequestListener, string, RegExp][])('%s', async (_, answer, reason, message) => {
  const url = await serve(answer);
  const download = downloadParameter('data', `${url}/f.csv?key=secret`, dir, LIMITS);
  await expect(download).rejects.toMatchObject({ reason, message: expect.stringMatching(message) });
  await expect(download).rejects.not.toHaveProperty('message', expect.stringContaining('secret'));
  expect(await readdir(dir)).toEqual([]);
});

it('gives up on silence', async () => {
  const url = await serve((_, response) => void response.writeHead(200).write('x'));
  await expect(downloadParameter('data', `${url}/f`, dir, { ...LIMITS, silenceMs: 300 })).rejects.toMatchObject({ reason: 'data_unavailable', message: expect.stringContaining('no answer for 0.3 s') });
});

it('leaves other schemes to the project', async () => {
  await expect(downloadParameter('data', 's3://bucket/key', dir, LIMITS)).rejects.toMatchObject({ reason: 'bad_spec', message: expect.stringContaining('declare it with the type uri') });
});
