import { ServerAnswerError } from '@trainyard/api/client.ts';
import type { ImportAnswer } from '@trainyard/api/schemas/transfer.ts';
import { unreachable } from '@trainyard/api/unreachable.ts';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Connection } from '../connection/connection.ts';
import { isServerAnswer } from '../exit-codes.ts';
import { type ReachWatcher, untilReached } from '../connection/reach.ts';

/** A file that the server has. */
export interface KeptFile {
  readonly owner: 'run' | 'model';
  readonly id: string;
  readonly path: string;
  readonly sizeBytes: number;
}

/** The server that takes records and artifacts. Every call may be made again, so one that breaks off is. */
export class Target {
  readonly #connection: Connection;
  readonly #signal: AbortSignal;
  readonly #watcher: ReachWatcher;

  constructor(connection: Connection, { signal, watcher }: { readonly signal: AbortSignal; readonly watcher: ReachWatcher }) {
    this.#connection = connection;
    this.#signal = signal;
    this.#watcher = watcher;
  }

  get url(): string {
    return this.#connection.url;
  }

  /** Sends lines of records, or only asks what would become of them. */
  send(lines: readonly string[], check = false): Promise<ImportAnswer> {
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    return this.#again(() => this.#connection.open('importRecords', { query: { check: check ? 'true' : 'false' }, bytes: new Uint8Array(bytes), sizeBytes: bytes.length }));
  }

  /** Every file of these runs and logged models. */
  async files(owners: readonly string[]): Promise<KeptFile[]> {
    if (owners.length === 0) return [];
    const text = await this.#again(async () => (await this.#connection.open('exportRecords', { query: { kind: 'artifact', of: [...owners] } })).text());
    return text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as KeptFile);
  }

  /** Uploads a file through the artifact proxy. `open` is called again for another try; what it throws is thrown. */
  async upload(place: string, file: { readonly path: string; readonly sizeBytes: number }, open: () => AsyncIterable<Uint8Array>): Promise<void> {
    await this.#again(async () => {
      const response = await this.#put(`${[...place.split('/'), ...file.path.split('/')].map(encodeURIComponent).join('/')}`, file.sizeBytes, open());
      if (!response.ok) throw await refusal(response, file.path);
      await response.arrayBuffer();
    });
  }

  async #put(path: string, sizeBytes: number, bytes: AsyncIterable<Uint8Array>): Promise<Response> {
    const { url, token } = this.#connection.address;
    const headers = { 'content-type': 'application/octet-stream', 'content-length': String(sizeBytes), ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
    let failed: unknown;
    const watched = async function* (): AsyncGenerator<Uint8Array> {
      try {
        yield* bytes;
      } catch (error) {
        failed = error;
        throw error;
      }
    };
    try {
      const body = (sizeBytes === 0 ? new Uint8Array() : ReadableStream.from(watched())) as NonNullable<RequestInit['body']>;
      return await fetch(`${url}/api/2.0/mlflow-artifacts/artifacts/${path}`, { method: 'PUT', headers, body, signal: this.#signal, duplex: 'half' } as RequestInit);
    } catch (error) {
      // what was to be sent could not be read: another try cures nothing
      if (this.#signal.aborted || failed !== undefined) throw failed ?? error;
      throw unreachable(this.url, error);
    }
  }

  #again<T>(ask: () => Promise<T>): Promise<T> {
    const told = async (): Promise<T> => {
      try {
        return await ask();
      } catch (error) {
        // nobody frees space while we wait
        throw isServerAnswer(error) && /disk .* is full/.test(error.message) ? new TrainyardError('DISK_FULL', {}, { cause: error }) : error;
      }
    };
    return untilReached(told, { pace: this.#connection.pace, signal: this.#signal, watcher: this.#watcher });
  }
}

async function refusal(response: Response, path: string): Promise<Error> {
  const text = await response.text();
  return new ServerAnswerError(response.status, { code: 'UNKNOWN', message: `the artifact '${path}' was not taken: ${messageIn(text) ?? `the server answered ${response.status}`}`, hint: 'correct that and run the command again: it goes on where it stopped' });
}

/** Of an error of MLflow's API. */
function messageIn(text: string): string | undefined {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === 'string' ? message : undefined;
  } catch {
    // something in front of the server answered
    return undefined;
  }
}
