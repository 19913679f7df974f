import { createHash } from 'node:crypto';
import { routes } from '@trainyard/api/routes.ts';
import type { z } from 'zod';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestServer } from './test-server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.open();
});
afterEach(() => server.close());

const spec = { model: { name: 'wine', version: 1 }, toolchain: 'command', args: ['true'], algorithmSource: { git: { url: 'https://example.com/wine.git' } } };

async function created(id = 'wine', changes: object = {}): Promise<{ status: { runId: string; runNumber: number } }> {
  const answer = await server.call({ method: 'POST', url: '/api/v1/trainings', payload: { kind: 'ModelTraining', id, spec: { ...spec, ...changes } } });
  expect(answer.statusCode).toBe(201);
  return answer.json();
}

describe('the native API', () => {
  it('answers what its schemas promise', async () => {
    await created();
    const calls: [z.ZodType, string][] = [
      [routes.getTraining.answer, '/api/v1/trainings/wine'],
      [routes.listTrainings.answer, '/api/v1/trainings'],
      [routes.listRuns.answer, '/api/v1/runs?state=queued&state=running'],
      [routes.getRun.answer, '/api/v1/runs/1'],
      [routes.status.answer, '/api/v1/status'],
      [routes.listTokens.answer, '/api/v1/tokens'],
      [routes.listSecrets.answer, '/api/v1/secrets'],
    ];
    for (const [schema, url] of calls) {
      const answer = await server.call({ method: 'GET', url });
      expect([url, schema.safeParse(answer.json()).error?.issues]).toEqual([url, undefined]);
    }
  });

  it('takes its own answer back as an edit, and keeps the earlier run', async () => {
    await created('wine', { timeout: '90m', retry: { on: ['exit_code'], backoff: '1s' }, register: true });
    const training = (await server.call({ method: 'GET', url: '/api/v1/trainings/wine' })).json<{ spec: object }>();
    const edited = await server.call({ method: 'PUT', url: '/api/v1/trainings/wine', payload: training });
    expect(edited.json()).toMatchObject({ spec: training.spec, status: { runs: 2, runNumber: 2, state: 'queued' } });
    expect((await server.call({ method: 'GET', url: '/api/v1/runs?training=wine' })).json<{ items: object[] }>().items).toHaveLength(2);
  });

  it('thins a metric out for a picture, of runs by number and of runs that clients made', async () => {
    const { status } = await created();
    const made = await server.call({ method: 'POST', url: '/api/2.0/mlflow/runs/create', payload: { experiment_id: '0' } });
    const foreign = made.json<{ run: { info: { run_id: string } } }>().run.info.run_id;
    const values = [1, 'NaN', 5, 2, 9007199254740993n];
    for (const id of [status.runId, foreign]) {
      const metrics = values.map((value, at) => `{"key":"loss/train","value":${typeof value === 'string' ? `"${value}"` : Number(value) > 100 ? 3 : value},"timestamp":${at},"step":${typeof value === 'bigint' ? value : at}}`);
      await server.call({ method: 'POST', url: '/api/2.0/mlflow/runs/log-batch', headers: { 'content-type': 'application/json' }, payload: `{"run_id":"${id}","metrics":[${metrics.join(',')}]}` });
    }
    const [ours, theirs] = await Promise.all([status.runNumber, foreign].map(async (id) => (await server.call({ method: 'GET', url: `/api/v1/runs/${id}/curve?metric=loss%2Ftrain&buckets=1` })).json<object>()));
    expect(ours).toEqual({ metric: 'loss/train', buckets: [{ firstStep: 0, lastStep: '9007199254740993', points: 5, least: 1, greatest: 5, last: 3 }] });
    expect(theirs).toEqual(ours);
    expect(routes.metricCurve.answer.safeParse(ours).error).toBeUndefined();
    const nobody = await server.call({ method: 'GET', url: `/api/v1/runs/${'0'.repeat(32)}/curve?metric=m` });
    expect(nobody.statusCode).toBe(404);
  });

  it('keeps a training without running it when asked to', async () => {
    const answer = await server.call({ method: 'POST', url: '/api/v1/trainings?run=false', payload: { id: 'later', spec } });
    expect(answer.json()).toMatchObject({ status: { state: 'none', runs: 0 } });
  });

  it('names every unknown field and its nearest name', async () => {
    const answer = await server.call({ method: 'POST', url: '/api/v1/trainings', payload: { id: 'wine', spec: { ...spec, hyperParams: {}, model: { name: 'wine', version: '1', artefactNameTemplate: 'x' } } } });
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ error: { code: 'INVALID_FIELDS', problems: ["unknown field 'spec.model.artefactNameTemplate'; did you mean 'artifactNameTemplate'?", "unknown field 'spec.hyperParams'; did you mean 'hyperParameters'?"] } });
  });

  it.each<[string, string | object, number, string]>([
    ['no JSON', '{"id": ', 400, 'INVALID_JSON'],
    ['a list', '[]', 400, 'INVALID_FIELDS'],
    ['nothing', '', 400, 'INVALID_FIELDS'],
    ['an id that breaks the rules', { id: 'Wine!', spec }, 400, 'INVALID_TRAINING'],
    ['an unknown secret', { id: 'wine', spec: { ...spec, secretEnvs: [{ name: 'KEY', secret: 'nobody' }] } }, 400, 'INVALID_TRAINING'],
    ['a source that was not uploaded', { id: 'wine', spec: { ...spec, algorithmSource: { snapshot: { digest: '0'.repeat(64) } } } }, 400, 'INVALID_TRAINING'],
  ])('refuses %s', async (_what, payload, status, code) => {
    const answer = await server.call({ method: 'POST', url: '/api/v1/trainings', headers: { 'content-type': 'application/json' }, payload });
    expect([answer.statusCode, answer.json<{ error: { code: string } }>().error.code]).toEqual([status, code]);
    expect((await server.call({ method: 'GET', url: '/api/v1/trainings' })).json()).toEqual({ items: [] });
  });

  it('says 409 to what is there and 404 to what is not', async () => {
    await created();
    expect((await server.call({ method: 'POST', url: '/api/v1/trainings', payload: { id: 'wine', spec } })).statusCode).toBe(409);
    expect((await server.call({ method: 'PUT', url: '/api/v1/trainings/other', payload: { id: 'other', spec } })).statusCode).toBe(404);
    for (const url of ['/api/v1/trainings/other', '/api/v1/runs/99', `/api/v1/snapshots/${'0'.repeat(64)}`]) expect((await server.call({ method: 'GET', url })).statusCode).toBe(404);
  });

  it('pages through everything once', async () => {
    for (let i = 0; i < 7; i++) await created(`t-${i}`);
    const seen: number[] = [];
    for (let cursor = ''; ; ) {
      const page = (await server.call({ method: 'GET', url: `/api/v1/runs?limit=3${cursor}` })).json<{ items: { number: number }[]; nextCursor?: string }>();
      seen.push(...page.items.map((run) => run.number));
      if (page.nextCursor === undefined) break;
      cursor = `&cursor=${page.nextCursor}`;
    }
    expect(seen).toEqual([7, 6, 5, 4, 3, 2, 1]);
    expect((await server.call({ method: 'GET', url: '/api/v1/runs?cursor=rubbish' })).json()).toMatchObject({ error: { code: 'INVALID_CURSOR' } });
  });

  it('stops a queued run, runs it again, and forbids to delete what is active', async () => {
    const { status } = await created();
    expect((await server.call({ method: 'DELETE', url: '/api/v1/trainings/wine' })).json()).toMatchObject({ error: { code: 'TRAINING_ACTIVE' } });
    expect((await server.call({ method: 'POST', url: `/api/v1/runs/${status.runId}/retry` })).json()).toMatchObject({ error: { code: 'RUN_ACTIVE' } });
    expect((await server.call({ method: 'POST', url: `/api/v1/runs/${status.runNumber}/stop` })).json()).toMatchObject({ state: 'stopped', reason: 'cancelled' });
    expect((await server.call({ method: 'POST', url: `/api/v1/runs/${status.runNumber}/retry` })).json()).toMatchObject({ number: 2, state: 'queued' });
    expect((await server.call({ method: 'POST', url: '/api/v1/trainings/wine/runs', payload: { hyperParameters: { alpha: 0.3 } } })).json()).toMatchObject({ number: 3 });
    expect((await server.call({ method: 'GET', url: '/api/v1/runs/3' })).json()).toMatchObject({ spec: { hyperParameters: { alpha: '0.3' } } });
    expect((await server.call({ method: 'DELETE', url: '/api/v1/trainings/wine?force=true' })).statusCode).toBe(200);
    expect((await server.call({ method: 'GET', url: '/api/v1/runs/3' })).json()).toMatchObject({ state: 'stopped' });
  });

  it('keeps an uploaded source by its content and refuses another', async () => {
    const bytes = Buffer.from('some bytes');
    const digest = createHash('sha256').update(bytes).digest('hex');
    const put = (name: string) => server.call({ method: 'PUT', url: `/api/v1/snapshots/${name}`, headers: { 'content-type': 'application/octet-stream' }, payload: bytes });
    expect((await put('0'.repeat(64))).json()).toMatchObject({ error: { code: 'DIGEST_MISMATCH' } });
    expect((await put('..%2f..%2fetc%2fpasswd')).json()).toMatchObject({ error: { code: 'INVALID_PATH' } });
    expect((await put('x')).json()).toMatchObject({ error: { code: 'INVALID_PATH' } });
    expect((await put(digest)).json()).toEqual({ digest, sizeBytes: bytes.length });
    expect((await server.call({ method: 'GET', url: `/api/v1/snapshots/${digest}` })).rawPayload).toEqual(bytes);
  });

  it('takes secrets and never gives them back', async () => {
    await server.call({ method: 'PUT', url: '/api/v1/secrets/key', payload: { value: 'very secret text' } });
    const list = await server.call({ method: 'GET', url: '/api/v1/secrets' });
    expect(list.json()).toMatchObject({ items: [{ name: 'key' }] });
    expect(list.body).not.toContain('very secret text');
    expect((await server.call({ method: 'DELETE', url: '/api/v1/secrets/key' })).statusCode).toBe(200);
    expect((await server.call({ method: 'DELETE', url: '/api/v1/secrets/key' })).json()).toMatchObject({ error: { code: 'SECRET_NOT_FOUND' } });
  });

  it('prints its contract as OpenAPI 3.1 and shows it as a page', async () => {
    const document = (await server.call({ method: 'GET', url: '/openapi.json' })).json<{ openapi: string; paths: object }>();
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths)).toContain('/api/v1/trainings/{id}');
    for (const url of ['/docs', '/docs/swagger-ui.css', '/docs/swagger-ui-bundle.js', '/docs/start.js']) expect((await server.call({ method: 'GET', url })).statusCode).toBe(200);
  });

  it.each(['log', 'log?follow=true', 'events', 'log/events'])('answers HEAD of what GET would stream without reading it: %s', async (path) => {
    const client = await server.listen();
    const { status } = await created();
    // the run is queued and stays it: what follows it has no end
    const answer = await fetch(`${client.url}/api/v1/runs/${status.runId}/${path}`, { method: 'HEAD', headers: { authorization: `Bearer ${server.token}` } });
    expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([200, expect.stringMatching(/^text\/(plain|event-stream); charset=utf-8$/), '']);
  });

  it('reads nothing of a source for HEAD, and says how large it is', async () => {
    const bytes = Buffer.from('some bytes');
    const digest = createHash('sha256').update(bytes).digest('hex');
    await server.call({ method: 'PUT', url: `/api/v1/snapshots/${digest}`, headers: { 'content-type': 'application/octet-stream' }, payload: bytes });
    const head = await server.call({ method: 'HEAD', url: `/api/v1/snapshots/${digest}` });
    expect([head.statusCode, head.headers['content-length'], head.rawPayload.length]).toEqual([200, '10', 0]);
  });

  it('tells the events of a run and ends when the run does, also from the middle', async () => {
    const client = await server.listen();
    const { status } = await created();
    await client.call('stopRun', { params: { id: status.runId } });
    const all = await (await client.call('runEvents', { params: { id: status.runId } })).text();
    expect(all.match(/^event: \w+$/gm)).toEqual(['event: state', 'event: state', 'event: end']);
    const first = /^id: (\d+)$/m.exec(all)?.[1] ?? '';
    const rest = await (await client.call('runEvents', { params: { id: status.runId }, headers: { 'last-event-id': first } })).text();
    expect(rest.match(/^event: \w+$/gm)).toEqual(['event: state', 'event: end']);
  });

  it('asks for no token on loopback when it is told so', async () => {
    const open = await TestServer.open(['--auth', 'off']);
    expect((await open.anonymous({ method: 'GET', url: '/api/v1/runs' })).statusCode).toBe(200);
    await open.close();
  });
});
