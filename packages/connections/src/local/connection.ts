import { join } from 'node:path';
import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import { type Checked, type Connection, type ConnectionContext, ConnectionError, type Fetched, type FetchRequest, type Place, type PutRequest, type Stored } from '../connection.ts';
import { withinCheckTime } from '../check-time.ts';
import { fetchObjects } from '../transfer/fetch-objects.ts';
import { findObjects } from '../transfer/find-objects.ts';
import { putObject } from '../transfer/put-object.ts';
import { QUICK } from '../transfer/retry.ts';
import { safeName } from '../transfer/safe-path.ts';
import { connectionErrorOf, StoreFailure } from '../transfer/store-failure.ts';
import { localRoot, parseLocalUri } from './local-root.ts';
import { LocalStore } from './local-store.ts';

/** A directory or file of the machine that fetches it, below the allowed roots. Files are copied: what is there stays whose it is. */
export const connection: Connection = {
  type: 'local',
  uses: ['source', 'data', 'output'],
  problems({ uri }: ConnectionSpec): string[] {
    if (uri === '') return ['empty uri'];
    return parseLocalUri(uri) === undefined ? [`local type requires that uri is an absolute path, found '${uri}'`] : [];
  },
  check(place: Place, context: ConnectionContext): Promise<Checked> {
    return withinCheckTime(place.spec.uri, context, (timed) => atDisk(place, timed, async (store, path) => {
      if ((await findObjects({ store, path, retry: QUICK, signal: timed.signal })) !== undefined) return { notes: [] };
      if (path !== '' || !(await store.isThere())) throw notThere(store, path);
      return { notes: [`${store.location} is empty: outputs can be put there, but there is nothing to fetch`] };
    }));
  },
  fetch(request: FetchRequest, context: ConnectionContext): Promise<Fetched> {
    return atDisk(request, context, (store, path) => fetchObjects(store, { ...request, path, reference: undefined }, context));
  },
  put({ spec, name, file, sizeBytes }: PutRequest, context: ConnectionContext): Promise<Stored> {
    return atDisk({ spec }, context, async (store, path) => {
      if (path !== '') throw new ConnectionError('invalid', `${spec.uri} is a file, and nothing can be put into it: let the uri of the connection name a directory`);
      await putObject(store, safeName(name), { file, sizeBytes }, context);
      return { uri: join(store.location, name) };
    });
  },
};

async function atDisk<T>(place: Place, context: ConnectionContext, use: (store: LocalStore, path: string) => Promise<T>): Promise<T> {
  context.signal.throwIfAborted();
  try {
    const { dir, path } = await localRoot(place, context);
    return await use(new LocalStore(dir), path);
  } catch (error) {
    context.signal.throwIfAborted();
    if (error instanceof StoreFailure) throw connectionErrorOf(error, place.spec.uri, 'the permissions of the directory on this machine');
    const { code } = error as NodeJS.ErrnoException;
    throw code === 'ENOSPC' || code === 'EDQUOT' ? new ConnectionError('disk_full', `${place.spec.uri}: the disk is full: make room, then try again`, { cause: error }) : error;
  }
}

function notThere(store: LocalStore, path: string): ConnectionError {
  return new ConnectionError('not_found', `nothing is at ${store.location}/${path} on this machine: check the uri of the connection, and that this machine has it`);
}
