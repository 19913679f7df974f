import { FakeIngestion } from '@trainyard/testkit/clouds/fake-ingestion.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestServer } from '../http/test-server.ts';

const KEY = '00000000-1111-2222-3333-444444444444';
const SPEC = { model: { name: 'm', version: '1' }, toolchain: 'command', args: ['true'], algorithmSource: { git: { url: 'file:///none' } } };

let ingestion: FakeIngestion;
let server: TestServer;
beforeEach(async () => {
  ingestion = await FakeIngestion.start();
  server = await TestServer.open([], undefined, { setting: 'S', instrumentationKey: KEY, ingestionUrl: ingestion.url, role: 'training' });
});
afterEach(() => ingestion.stop());

describe('the telemetry of a server', () => {
  it('tells of its calls by their routes, and nothing that a caller said', async () => {
    await server.call({ method: 'GET', url: '/api/v1/runs/4711?output=private-query', headers: { 'user-agent': 'private-agent', cookie: 'private-cookie' } });
    await server.call({ method: 'POST', url: '/api/2.0/mlflow/experiments/create', payload: { name: 'private-name' } });
    await server.anonymous({ method: 'GET', url: '/api/v1/runs', headers: { authorization: 'Bearer private-token-of-somebody' } });
    await server.call({ method: 'GET', url: '/private-path' });
    const { token } = server;
    await server.close();
    expect(ingestion.refused).toEqual([]);
    expect(ingestion.of('RequestData').map(({ data: { baseData } }) => [baseData['name'], baseData['responseCode']])).toEqual([
      ['GET /api/v1/runs/:id', '404'],
      ['POST /api/2.0/mlflow/experiments/create', '200'],
      ['GET /api/v1/runs', '401'],
      ['GET', '404'],
    ]);
    const told = ingestion.texts.join('\n');
    for (const secret of ['private', '4711', token]) expect(told).not.toContain(secret);
  });

  it('counts what waits and what was stopped while it waited', async () => {
    await server.call({ method: 'POST', url: '/api/v1/trainings', payload: { id: 'one', spec: SPEC } });
    await server.call({ method: 'POST', url: '/api/v1/trainings', payload: { id: 'two', spec: SPEC } });
    expect((await server.call({ method: 'POST', url: '/api/v1/runs/1/stop' })).statusCode).toBe(202);
    await server.close();
    expect(ingestion.metric('trainyard.queue.length')).toMatchObject([{ value: 1 }]);
    expect(ingestion.metric('trainyard.runs')).toEqual([{ value: 1, count: 1, properties: { 'trainyard.state': 'stopped', 'trainyard.engine': 'local', 'trainyard.toolchain': 'command' } }]);
  });

  it('that nobody answers is not noticed by those who call', async () => {
    ingestion.answers = undefined;
    const answers = await Promise.all(Array.from({ length: 600 }, () => server.anonymous({ method: 'GET', url: '/health' })));
    expect(answers.filter(({ statusCode }) => statusCode !== 200)).toEqual([]);
    await server.close();
  });
});
