import type { ServerResponse } from 'node:http';
import type { RunDetail } from '@trainyard/api/schemas/run.ts';
import { waitFor } from '@trainyard/testkit/wait-for.ts';
import { describe, expect, test } from 'vitest';
import { Connection } from '../connection/connection.ts';
import type { Pace } from '../connection/pace.ts';
import { testPace } from '../test-cli.ts';
import { anAttempt, aRunDetail, aStep, RUN_ID } from '../test-data.ts';
import { eventStream, refusal, TEST_TOKEN, type TestCall, TestServer } from '../test-server.ts';
import { type RunObserver, watchRun } from './watch-run.ts';

/** Writes down everything it is told, in order. */
function recorder(): { told: string[]; observer: RunObserver } {
  const told: string[] = [];
  const observer: RunObserver = {
    began: () => Promise.resolve(),
    run: (run) => Promise.resolve(void told.push(`run ${run.state} ${run.step ?? ''}`.trim())),
    log: ({ bytes }) => Promise.resolve(void told.push(`log ${Buffer.from(bytes).toString().trim()}`)),
    note: ({ level, message }) => Promise.resolve(void told.push(`${level} ${message}`)),
    lost: () => void told.push('lost'),
    back: () => void told.push('back'),
  };
  return { told, observer };
}

function watch(server: TestServer, observer: RunObserver, { pace = {}, withLog = true, signal = new AbortController().signal }: { pace?: Partial<Pace>; withLog?: boolean; signal?: AbortSignal } = {}): Promise<RunDetail> {
  const connection = new Connection({ url: server.url, token: TEST_TOKEN, urlFrom: '--url', tokenFrom: undefined, file: undefined }, { pace: testPace(pace), interrupted: signal });
  return watchRun(connection, { runId: RUN_ID, observer, withLog, signal });
}

const running = (logBytes = 0): RunDetail => aRunDetail({ state: 'running', step: 'train', attempts: [anAttempt({ state: 'active', steps: [aStep({ state: 'running' })], logBytes })] });
const ended = (logBytes = 0): RunDetail => aRunDetail({ state: 'succeeded', attempts: [anAttempt({ logBytes })] });
/** Long enough that nothing happens by polling within a test. */
const eventsOnly = { pollMs: 600_000, idlePollMs: 600_000 };

describe('watchRun', () => {
  test('looks when an event says so, and ends with the run', async () => {
    let run = running();
    const events = Promise.withResolvers<ServerResponse>();
    await using server = await TestServer.start({ getRun: () => run, runEvents: () => (response) => events.resolve(response) });
    const { told, observer } = recorder();
    const watching = watch(server, observer, { withLog: false, pace: eventsOnly });
    const send = eventStream(await events.promise);
    await waitFor('the first look', () => told.length > 0);
    send({ id: '1', event: 'note', data: { at: 'x', level: 'warning', message: 'careful' } });
    await waitFor('the note', () => told.includes('warning careful'));
    run = ended();
    send({ id: '2', event: 'state', data: {} });
    expect((await watching).state).toBe('succeeded');
    expect(told.at(-1)).toBe('run succeeded');
  });

  test('goes on with Last-Event-ID after a dropped line', async () => {
    const seen: (string | undefined)[] = [];
    let run = running();
    const answer = ({ headers }: TestCall) => (response: ServerResponse) => {
      seen.push(headers['last-event-id'] as string | undefined);
      const send = eventStream(response);
      if (seen.length === 1) {
        send({ id: '41', event: 'step', data: {} });
        setImmediate(() => response.destroy());
      } else {
        run = ended();
        send({ id: '42', event: 'state', data: {} });
      }
    };
    await using server = await TestServer.start({ getRun: () => run, runEvents: answer });
    await watch(server, recorder().observer, { withLog: false, pace: eventsOnly });
    expect(seen).toEqual([undefined, '41']);
  });

  test('does without events when there are none', async () => {
    let looks = 0;
    await using server = await TestServer.start({ getRun: () => (++looks < 5 ? running() : ended()), runEvents: () => refusal('ROUTE_NOT_FOUND', { method: 'GET', path: '/x' }) });
    expect((await watch(server, recorder().observer, { withLog: false })).state).toBe('succeeded');
    expect(server.calls.filter((name) => name === 'runEvents')).toHaveLength(1);
  });

  test('the log of a step comes before its end', async () => {
    const log = Promise.withResolvers<ServerResponse>();
    const text = 'late words\n';
    await using server = await TestServer.start({ getRun: () => ended(text.length), runEvents: () => refusal('ROUTE_NOT_FOUND'), runLog: () => (response) => log.resolve(response) });
    const { told, observer } = recorder();
    const watching = watch(server, observer);
    (await log.promise).end(text);
    await watching;
    expect(told).toEqual(['log late words', 'run succeeded']);
  });

  test('every byte of a long log comes before the end, however fast the run ends', async () => {
    const piece = 'x'.repeat(999);
    const count = 300;
    let looks = 0;
    await using server = await TestServer.start({
      getRun: () => (++looks < 4 ? running() : ended(count * 1000)),
      runEvents: () => refusal('ROUTE_NOT_FOUND'),
      runLog: () => async (response) => {
        for (let i = 0; i < count; i++) await new Promise<void>((resolve) => response.write(`${piece}\n`, () => setImmediate(resolve)));
        response.end();
      },
    });
    const { told, observer } = recorder();
    let shown = 0;
    // a terminal that takes its time: the next piece is there before this one is shown
    const log: RunObserver['log'] = async ({ bytes }) => {
      await new Promise((resolve) => setImmediate(resolve));
      shown += bytes.length;
    };
    await watch(server, { ...observer, log });
    expect([shown, told.at(-1)]).toEqual([count * 1000, 'run succeeded']);
  });

  test('a log that does not come holds nothing up for ever', async () => {
    await using server = await TestServer.start({ getRun: () => ended(99), runEvents: () => refusal('ROUTE_NOT_FOUND'), runLog: () => (response) => response.flushHeaders() });
    const { told, observer } = recorder();
    await watch(server, observer, { pace: { drainMs: 20 } });
    expect(told).toEqual(['run succeeded']);
  });

  test('a log that is refused is said once, the run is watched on', async () => {
    let looks = 0;
    await using server = await TestServer.start({ getRun: () => (++looks < 5 ? running(5) : ended(5)), runEvents: () => refusal('ROUTE_NOT_FOUND'), runLog: () => refusal('FORBIDDEN', { action: 'read logs' }) });
    const { told, observer } = recorder();
    await watch(server, observer);
    expect(told.filter((line) => line.startsWith('warning'))).toEqual(['warning the log cannot be shown: this token may not read logs']);
  });

  test('a server that goes and comes back: said at once, and the run is found ended', async () => {
    let run = running();
    const events = Promise.withResolvers<ServerResponse>();
    await using server = await TestServer.start({ getRun: () => run, runEvents: () => (response) => events.resolve(response) });
    const { told, observer } = recorder();
    const watching = watch(server, observer, { withLog: false, pace: eventsOnly });
    eventStream(await events.promise);
    await waitFor('the first look', () => told.length > 0);
    await server.kill();
    await waitFor('the loss is told', () => told.includes('lost'));
    run = ended();
    await server.listen();
    expect((await watching).state).toBe('succeeded');
    expect(told.filter((line) => line === 'lost' || line === 'back')).toEqual(['lost', 'back']);
  });

  test('a server that stays gone is not waited for for ever', async () => {
    const server = await TestServer.start({ getRun: () => running(), runEvents: () => refusal('ROUTE_NOT_FOUND') });
    const { told, observer } = recorder();
    const watching = watch(server, observer, { withLog: false, pace: { patienceMs: 50 } });
    await waitFor('the first look', () => told.length > 0);
    await server.kill();
    await expect(watching).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' });
  });

  test('ends at once with its signal', async () => {
    const end = new AbortController();
    await using server = await TestServer.start({ getRun: () => running(), runEvents: () => (response) => void eventStream(response) });
    const { told, observer } = recorder();
    const watching = watch(server, observer, { withLog: false, pace: eventsOnly, signal: end.signal });
    await waitFor('the first look', () => told.length > 0);
    end.abort(new Error('enough'));
    await expect(watching).rejects.toThrow('enough');
  });
});
