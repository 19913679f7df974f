import { FakeIngestion } from '@trainyard/testkit/clouds/fake-ingestion.ts';
import { waitFor } from '@trainyard/testkit/wait-for.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Logger } from '../../platform/logger.ts';
import { AllowList } from '../../platform/outbound/allow-list.ts';
import { OutboundHttp } from '../../platform/outbound/outbound-http.ts';
import type { Telemetry } from '../telemetry.ts';
import { openAzureMonitor } from './azure-monitor.ts';
import { timeSpanOf } from './envelopes.ts';

const KEY = '00000000-1111-2222-3333-444444444444';

let ingestion: FakeIngestion;
let lines: string[];
beforeEach(async () => {
  ingestion = await FakeIngestion.start();
  lines = [];
});
afterEach(() => ingestion.stop());

function open(changes: { readonly lastWordsMs?: number; readonly queueLength?: () => Promise<number>; readonly allow?: readonly string[] } = {}): Telemetry {
  const write = (fields: object, message: string): void => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const log: Logger = { debug: write, info: write, warn: write, error: write };
  return openAzureMonitor({ setting: 'S', instrumentationKey: KEY, ingestionUrl: ingestion.url, role: 'training-service', version: '1.2.3', queueLength: changes.queueLength ?? (() => Promise.resolve(7)), outbound: new OutboundHttp({ allow: new AllowList(changes.allow ?? ['127.0.0.1']) }), log, ...(changes.lastWordsMs === undefined ? {} : { lastWordsMs: changes.lastWordsMs }) });
}

const aRequest = { method: 'POST', route: '/train', status: 200, durationMs: 1_500 };
const anAttempt = { run: 4, attempt: 2, engine: 'databricks', toolchain: 'notebook', startedAt: 1_000_000, endedAt: 1_061_001, reason: 'timeout' };

describe('telemetry to Application Insights', () => {
  it('tells of a request as a request, under the name of this service', async () => {
    const telemetry = open();
    telemetry.requestAnswered(aRequest);
    telemetry.requestAnswered({ method: 'GET', route: undefined, status: 404, durationMs: 0.25 });
    await telemetry.close();
    expect(ingestion.refused).toEqual([]);
    const [first, second] = ingestion.of('RequestData');
    expect(first).toMatchObject({ iKey: KEY, tags: { 'ai.cloud.role': 'training-service', 'ai.operation.name': 'POST /train', 'ai.application.ver': '1.2.3' }, data: { baseData: { name: 'POST /train', responseCode: '200', success: true, duration: '00:00:01.500' } } });
    expect(second?.data.baseData).toMatchObject({ name: 'GET', responseCode: '404', success: false });
    expect(ingestion.metric('http.server.request.duration')).toEqual([
      { value: 1.5, count: 1, properties: { 'http.request.method': 'POST', 'http.route': '/train', 'http.response.status_code': '200' } },
      { value: 0.00025, count: 1, properties: { 'http.request.method': 'GET', 'http.response.status_code': '404' } },
    ]);
  });

  it('tells of attempts, of runs by how they ended, and of the queue', async () => {
    const telemetry = open();
    telemetry.attemptEnded(anAttempt);
    for (const state of ['failed', 'succeeded', 'succeeded'] as const) telemetry.runEnded({ state, engine: 'local', toolchain: 'mlflow', durationMs: 2_000 });
    await telemetry.close();
    expect(ingestion.refused).toEqual([]);
    expect(ingestion.of('RemoteDependencyData')).toMatchObject([{ time: '1970-01-01T00:16:40.000Z', data: { baseData: { name: 'run attempt', target: 'databricks', resultCode: 'timeout', success: false, duration: '00:01:01.001', properties: { 'trainyard.run': '4', 'trainyard.attempt': '2', 'trainyard.toolchain': 'notebook' } } } }]);
    expect(ingestion.metric('trainyard.runs').map(({ value, properties }) => [properties['trainyard.state'], value])).toEqual([['failed', 1], ['succeeded', 2]]);
    expect(ingestion.metric('trainyard.run.duration')).toContainEqual({ value: 4, count: 2, properties: { 'trainyard.state': 'succeeded', 'trainyard.engine': 'local', 'trainyard.toolchain': 'mlflow' } });
    expect(ingestion.metric('trainyard.queue.length')).toEqual([{ value: 7, count: 1, properties: {} }]);
  });

  it('goes on without a queue that cannot be read', async () => {
    const telemetry = open({ queueLength: () => Promise.reject(new Error('no database')) });
    telemetry.requestAnswered(aRequest);
    await telemetry.close();
    expect(ingestion.of('RequestData')).toHaveLength(1);
    expect(ingestion.metric('trainyard.queue.length')).toEqual([]);
  });

  it('keeps what an outage held up, and says once that there is one and once that it is over', async () => {
    ingestion.answers = 503;
    const telemetry = open();
    // a whole batch is sent at once
    for (let i = 0; i < 512; i++) telemetry.requestAnswered(aRequest);
    await waitFor('it was refused', () => lines.length > 0);
    ingestion.answers = 200;
    telemetry.requestAnswered(aRequest);
    await telemetry.close();
    expect(ingestion.of('RequestData')).toHaveLength(513);
    expect(lines).toEqual([expect.stringMatching(/^telemetry could not be sent .*503/), 'telemetry is sent again {}']);
  });

  it.each([
    ['nobody listens', () => ingestion.stop()],
    ['nobody answers', () => Promise.resolve(void (ingestion.answers = undefined))],
    ['everything is refused', () => Promise.resolve(void (ingestion.answers = 400))],
  ])('never throws and comes to its end when %s', async (_, breakIt) => {
    await breakIt();
    const telemetry = open({ lastWordsMs: 100 });
    for (let i = 0; i < 5_000; i++) telemetry.requestAnswered(aRequest);
    telemetry.attemptEnded(anAttempt);
    await telemetry.close();
    expect(lines.filter((line) => line.startsWith('telemetry could not be sent'))).toHaveLength(1);
    // nothing more is told to anybody
    telemetry.requestAnswered(aRequest);
    expect(ingestion.envelopes).toEqual([]);
  });

  it('goes out through the one outbound client: not to an address that nobody named', async () => {
    const telemetry = open({ allow: [] });
    telemetry.requestAnswered(aRequest);
    await telemetry.close();
    expect(ingestion.texts).toEqual([]);
    expect(lines).toEqual([expect.stringContaining('not an address of the public Internet')]);
  });
});

describe('a duration as .NET writes it', () => {
  it.each([
    [0, '00:00:00.000'],
    [123.4561, '00:00:00.123'],
    [999.9996, '00:00:01.000'],
    [3_599_999, '00:59:59.999'],
    [90_061_001.4, '1.01:01:01.001'],
    [-5, '00:00:00.000'],
  ])('%d ms is %s', (ms, written) => expect(timeSpanOf(ms)).toBe(written));
});
