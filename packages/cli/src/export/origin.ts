import type { Connection } from '../connection/connection.ts';
import { type ReachWatcher, untilReached } from '../connection/reach.ts';
import type { RecordKind } from '@trainyard/core/tracking/records/record.ts';
import { unreachable } from '@trainyard/api/unreachable.ts';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { ArtifactEntry } from './layout.ts';

type Kind = RecordKind | 'artifact';

export interface PageQuery {
  readonly kind: Kind;
  readonly experiments?: readonly string[] | undefined;
  readonly of?: readonly string[] | undefined;
  readonly cursor?: string | undefined;
}

/** The server that everything is read from. A call that breaks off is made again. */
export class Origin {
  readonly #connection: Connection;
  readonly #signal: AbortSignal;
  readonly #watcher: ReachWatcher;

  constructor(connection: Connection, { signal, watcher }: { readonly signal: AbortSignal; readonly watcher: ReachWatcher }) {
    this.#connection = connection;
    this.#signal = signal;
    this.#watcher = watcher;
  }

  /** Pages of NDJSON, as the server wrote them. */
  async *pages({ kind, experiments, of }: PageQuery): AsyncGenerator<string> {
    let cursor: string | undefined;
    do {
      const query = { kind, ...(cursor === undefined ? {} : { cursor }), ...(experiments === undefined ? {} : { experiment: [...experiments] }), ...(of === undefined ? {} : { of: [...of] }) };
      const page = await this.#again(async () => {
        const response = await this.#connection.open('exportRecords', { query });
        return { text: await response.text(), next: response.headers.get('x-next-cursor') ?? undefined };
      });
      if (page.text !== '') yield page.text;
      cursor = page.next;
    } while (cursor !== undefined);
  }

  /** The bytes of a file of a run or logged model. */
  async download({ owner, id, path }: Pick<ArtifactEntry, 'owner' | 'id' | 'path'>): Promise<AsyncIterable<Uint8Array>> {
    const { url, token } = this.#connection.address;
    const query = owner === 'run' ? `/get-artifact?${new URLSearchParams({ run_id: id, path }).toString()}` : `/ajax-api/2.0/mlflow/logged-models/${encodeURIComponent(id)}/artifacts/files?${new URLSearchParams({ artifact_file_path: path }).toString()}`;
    const response = await this.#again(async () => {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const found = await fetch(`${url}${query}`, { headers, signal: this.#signal }).catch((error: unknown) => {
        throw this.#signal.aborted ? error : unreachable(url, error);
      });
      if (found.status === 503) throw new TrainyardError('SERVER_UNREACHABLE', { url, problem: 'it answered 503' });
      return found;
    });
    if (!response.ok || response.body === null) throw new TrainyardError('ARTIFACT_NOT_FOUND', { path: `${id}/${path}` });
    return response.body;
  }

  #again<T>(ask: () => Promise<T>): Promise<T> {
    return untilReached(ask, { pace: this.#connection.pace, signal: this.#signal, watcher: this.#watcher });
  }
}
