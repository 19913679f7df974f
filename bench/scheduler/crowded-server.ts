import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@trainyard/api/client.ts';
import { ServerProcess } from '../../e2e/server-process.ts';
import { type ActiveAttempt, addActiveAttempts, KEEP_ATTEMPTS } from '../measuring/active-attempts.ts';
import { aDirectory } from '../measuring/cache-dir.ts';
import { mostResidentBytes } from '../measuring/resident-memory.ts';

const RUNNING = 100;
const QUEUED = 10_000;
export const SUBMITS_AT_ONCE = 100;
/** Two looks of the scheduler at every running attempt. */
const SETTLE_MS = 5_000;

export interface Crowd {
  /** Milliseconds of single submits, one after another. */
  readonly alone: readonly number[];
  /** Milliseconds from the first of 100 simultaneous submits to the answer to the last. */
  readonly together: readonly number[];
  /** Submits per second while the queue grew to its full length. */
  readonly submitsPerSecond: number;
  /** The most the server had while the queue grew and while it stood. */
  readonly residentBytes: number;
}

/** A real server with 100 running attempts, whose places are all taken, gets ever more work over HTTP. */
export async function crowd(): Promise<Crowd> {
  using dir = aDirectory();
  const attempts = await addActiveAttempts(dir.path, RUNNING);
  const server = new ServerProcess(dir.path);
  await server.start(['--max-local-runs', String(RUNNING), ...KEEP_ATTEMPTS]);
  try {
    const names = new Names();
    const alone: number[] = [];
    const together: number[] = [];
    for (let i = 0; i < 20; i++) alone.push(await timed(() => submit(server.client, names.next())));
    for (let round = 0; round < 5; round++) together.push(await timed(() => Promise.all(names.take(SUBMITS_AT_ONCE).map((id) => submit(server.client, id)))));
    const rest = QUEUED - names.count;
    let seconds = 0;
    const residentBytes = await mostResidentBytes(server.pid, async () => {
      seconds = (await timed(() => submitAll(server.client, names.take(rest)))) / 1000;
      await Promise.all(attempts.map((attempt) => heartbeat(server.url, attempt)));
      await sleep(SETTLE_MS);
    });
    await mustHold(server.client, names.count);
    return { alone, together, submitsPerSecond: rest / seconds, residentBytes };
  } finally {
    await server.stop();
  }
}

class Names {
  count = 0;

  next(): string {
    return `crowd-${this.count++}`;
  }

  take(count: number): string[] {
    return Array.from({ length: count }, () => this.next());
  }
}

async function submitAll(client: Client, ids: string[]): Promise<void> {
  const submitter = async (): Promise<void> => {
    for (let id = ids.pop(); id !== undefined; id = ids.pop()) await submit(client, id);
  };
  await Promise.all(Array.from({ length: SUBMITS_AT_ONCE }, submitter));
}

async function submit(client: Client, id: string): Promise<void> {
  const { status } = await client.call('createTraining', {
    body: { id, spec: { model: { name: 'wine', version: '1.0' }, toolchain: 'command', args: ['true'], algorithmSource: { git: { url: 'https://example.com/wine.git' } } } },
  });
  if (status.runId === undefined) throw new Error(`the answer for '${id}' names no run`);
}

/** A report without reports: each runner keeps a connection and sends one every few seconds. */
async function heartbeat(url: string, { token }: ActiveAttempt): Promise<void> {
  await new Client({ url, token }).call('report', { body: { attempt: 1, reports: [] } });
}

/** Every training that was accepted has one run, and the server counts no more and no fewer. */
async function mustHold(client: Client, queued: number): Promise<void> {
  const { runs } = await client.call('status', {});
  const found = new Map<string, number>();
  for (let cursor: string | undefined; ; ) {
    const page = await client.call('listRuns', { query: { state: ['queued'], limit: 500, ...(cursor === undefined ? {} : { cursor }) } });
    for (const run of page.items) found.set(run.training, (found.get(run.training) ?? 0) + 1);
    cursor = page.nextCursor;
    if (cursor === undefined) break;
  }
  if (runs['running'] !== RUNNING || runs['queued'] !== queued || found.size !== queued || [...found.values()].some((count) => count !== 1)) {
    throw new Error(`${queued} submits were accepted beside ${RUNNING} running: ${JSON.stringify(runs)}, of ${found.size} trainings`);
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
