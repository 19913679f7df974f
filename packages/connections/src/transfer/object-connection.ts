import { type Checked, type Connection, type ConnectionContext, ConnectionError, type Fetched, type FetchRequest, type Place, type PutRequest, type Stored } from '../connection.ts';
import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import { withinCheckTime } from '../check-time.ts';
import { fetchObjects } from './fetch-objects.ts';
import { findObjects, named, nothingAt } from './find-objects.ts';
import { HttpAgents } from './http-agents.ts';
import type { ObjectStore } from './object-store.ts';
import { keyBelow, parseUri, type PlaceInStore, placeInStore } from './place-in-store.ts';
import { putObject } from './put-object.ts';
import { QUICK } from './retry.ts';
import { safeName } from './safe-path.ts';
import { connectionErrorOf, StoreFailure } from './store-failure.ts';

/** What a type of object store brings along. */
export interface ObjectStoreType {
  readonly type: string;
  problems(spec: ConnectionSpec): string[];
  /** What the uri names, where that is not `<scheme>://<bucket>/<path>`. */
  placeIn?(spec: ConnectionSpec): PlaceInStore | undefined;
  /** Makes a client; asks for credentials, but not yet for the bucket. */
  open(spec: ConnectionSpec, opening: OpeningStore): Promise<ObjectStore>;
}

export interface OpeningStore {
  readonly bucket: string;
  readonly agents: HttpAgents;
  readonly env: ConnectionContext['env'];
  readonly signal: AbortSignal;
}

/** A connection to a type of object store: they differ in how a bucket is asked, not in what is done with it. */
export function objectConnection(kind: ObjectStoreType): Connection {
  return {
    type: kind.type,
    uses: ['source', 'data', 'output'],
    problems: (spec) => kind.problems(spec),

    check(place: Place, context: ConnectionContext): Promise<Checked> {
      return withinCheckTime(place.spec.uri, context, (limited) => withStore(kind, place, limited, checkPlace));
    },

    fetch(request: FetchRequest, context: ConnectionContext): Promise<Fetched> {
      return withStore(kind, request, context, ({ store, path, signal }) => fetchObjects(store, { ...request, path }, { ...context, signal }));
    },

    async put({ spec, name, file, sizeBytes }: PutRequest, context: ConnectionContext): Promise<Stored> {
      const safe = safeName(name);
      return withStore(kind, { spec }, context, async ({ store, path, signal }) => {
        const key = keyBelow(path, safe);
        await putObject(store, key, { file, sizeBytes }, { ...context, signal });
        return { uri: named(store, key) };
      });
    },
  };
}

interface OpenPlace {
  readonly store: ObjectStore;
  readonly place: Place;
  /** From the root of the bucket. */
  readonly path: string;
  readonly signal: AbortSignal;
}

async function withStore<T>(kind: ObjectStoreType, place: Place, context: ConnectionContext, use: (open: OpenPlace) => Promise<T>): Promise<T> {
  context.signal.throwIfAborted();
  const [problem] = kind.problems(place.spec);
  if (problem !== undefined) throw new ConnectionError('invalid', `the ${kind.type} connection cannot be used: ${problem}`);
  const { bucket, path } = placeInStore(place, kind.placeIn === undefined ? parseUri(place.spec.uri) : kind.placeIn(place.spec));
  const agents = new HttpAgents(context);
  const signal = AbortSignal.any([context.signal, agents.refused]);
  let store: ObjectStore | undefined;
  try {
    store = await kind.open(place.spec, { bucket, agents, env: context.env, signal });
    return await use({ store, place, path, signal });
  } catch (error) {
    signal.throwIfAborted();
    throw asConnectionError(error, `${kind.type} ${bucket}`);
  } finally {
    store?.close();
    agents.close();
  }
}

function asConnectionError(error: unknown, what: string): unknown {
  if (error instanceof StoreFailure) return connectionErrorOf(error, what, 'the credentials of the connection');
  const { code } = (error ?? {}) as { code?: unknown };
  if (code === 'ENOSPC' || code === 'EDQUOT') return new ConnectionError('disk_full', `${what}: the disk is full: make room, then fetch again`, { cause: error });
  return code === 'ENAMETOOLONG' ? new ConnectionError('invalid', `${what}: a path is too long for this disk: fetch another path, or into a directory higher up`, { cause: error }) : error;
}

/** A path that was asked for must be there; the connection's own may be one that outputs are to go to. */
async function checkPlace({ store, place, path, signal }: OpenPlace): Promise<Checked> {
  const found = await findObjects({ store, path, retry: QUICK, signal });
  if (found !== undefined) return { notes: [] };
  if ((place.path ?? '') !== '') throw nothingAt(store, path);
  return { notes: [`nothing is at ${named(store, path)} yet: outputs can be put there, but there is nothing to fetch`] };
}
