import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import { type Checked, type Connection, type ConnectionContext, ConnectionError, type Fetched, type FetchRequest, type Place } from '../connection.ts';
import { withinCheckTime } from '../check-time.ts';
import { fetchObjects } from '../transfer/fetch-objects.ts';
import { HttpAgents } from '../transfer/http-agents.ts';
import { PATIENT, retrying } from '../transfer/retry.ts';
import { connectionErrorOf, StoreFailure } from '../transfer/store-failure.ts';
import { fetchWhole, tooLarge } from './fetch-whole.ts';
import { HttpServer } from './http-server.ts';
import { HttpStore, type Probe, probe } from './http-store.ts';
import { type HttpFile, httpFile, parseHttpUrl, shown, withoutLogin } from './http-url.ts';

const CHECKSUM = /^sha256:([0-9a-f]{64})$/i;

/** One file by its URL. It resumes where the server gives parts and says by ETag or date whether the file is still the same. */
export const connection: Connection = {
  type: 'http',
  uses: ['source', 'data'],
  problems,
  async check(place: Place, context: ConnectionContext): Promise<Checked> {
    const file = httpFile(place);
    return withinCheckTime(file.url.origin, context, (timed) => atServer(place.spec, file, timed, async (server) => ({ notes: notesOf(await probe(server, timed.signal)) })));
  },
  async fetch(request: FetchRequest, context: ConnectionContext): Promise<Fetched> {
    const file = httpFile(request);
    return atServer(request.spec, file, context, async (server) => {
      const found = await retrying(PATIENT, context.signal, () => probe(server, context.signal));
      if ((found.sizeBytes ?? 0) > request.limits.bytes) throw tooLarge(file.url, request.limits.bytes);
      const fetched = await fetchFrom(server, { file, found, request, context });
      await mustHaveChecksum(request.spec, file, request.into);
      return fetched;
    });
  },
};

function problems({ uri, checksum = '' }: ConnectionSpec): string[] {
  if (uri === '') return ['empty uri'];
  const url = parseHttpUrl(uri);
  return [
    ...(url === undefined ? [`http type requires that uri is an http:// or https:// URL, found '${withoutLogin(uri)}'`] : []),
    ...(url !== undefined && url.password !== '' ? ['http type requires that uri holds no password: the username and password or token parameters are for it'] : []),
    ...(checksum !== '' && !CHECKSUM.test(checksum) ? [`http type requires that checksum is sha256: and 64 hex digits, found '${checksum}'`] : []),
  ];
}

interface Fetching {
  readonly file: HttpFile;
  readonly found: Probe;
  readonly request: FetchRequest;
  readonly context: ConnectionContext;
}

function fetchFrom(server: HttpServer, { file, found: { sizeBytes, validator }, request, context }: Fetching): Promise<Fetched> {
  request.onKind?.('file');
  if (sizeBytes === undefined || validator === undefined) return retrying(PATIENT, context.signal, () => fetchWhole(server, file, request, context));
  const store = new HttpStore(server, file, { sizeBytes, tag: validator });
  return fetchObjects(store, { ...request, path: file.name, reference: undefined, onKind: undefined }, context);
}

async function atServer<T>(spec: ConnectionSpec, file: HttpFile, context: ConnectionContext, use: (server: HttpServer) => Promise<T>): Promise<T> {
  context.signal.throwIfAborted();
  const agents = new HttpAgents(context);
  try {
    return await use(new HttpServer({ spec, url: file.url, agents, context }));
  } catch (error) {
    context.signal.throwIfAborted();
    throw error instanceof StoreFailure ? connectionErrorOf(error, shown(file.url), 'username and password, or token, of the connection') : error;
  } finally {
    agents.close();
  }
}

function notesOf({ validator }: Probe): string[] {
  return validator === undefined ? ['the server gives the file in one piece only: a fetch that breaks off begins anew'] : [];
}

/** Of the file that is there by now; it does not stay when it is another one. */
async function mustHaveChecksum({ checksum = '' }: ConnectionSpec, { url, name }: HttpFile, into: string): Promise<void> {
  const [, wanted] = CHECKSUM.exec(checksum) ?? [];
  if (wanted === undefined) return;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(join(into, name)) as AsyncIterable<Buffer>) hash.update(chunk);
  const found = hash.digest('hex');
  if (found === wanted.toLowerCase()) return;
  await rm(into, { recursive: true, force: true });
  throw new ConnectionError('invalid', `${shown(url)} is not the one that is expected: its sha256 is ${found}, and checksum of the connection says ${wanted.toLowerCase()}; correct the checksum if the file was changed on purpose`);
}
