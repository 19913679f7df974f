import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FakeClock } from './fake-clock.ts';
import { FakeWorkspace } from './fake-workspace.ts';
import { readJson } from './wire-json.ts';

const clock = new FakeClock();

function open(): FakeWorkspace {
  const workspace = new FakeWorkspace({ now: clock.now });
  workspace.credentials.accept('t');
  workspace.clusters.put('c1');
  return workspace;
}

function call(workspace: FakeWorkspace, method: string, path: string, body?: unknown): { status: number; json: Record<string, unknown>; headers: Readonly<Record<string, string>> } {
  const text = typeof body === 'string' ? body : JSON.stringify(body ?? '');
  const answer = workspace.handle({ method, path, headers: { authorization: 'Bearer t', 'content-type': 'application/json' }, body: text });
  if (answer === undefined) throw new Error('no answer');
  return { status: answer.status, headers: answer.headers, json: readJson(answer.body) as Record<string, unknown> };
}

const SUBMIT = '/api/2.2/jobs/runs/submit';
/** What a client that is right sends. */
function aSubmit(changes: Record<string, unknown> = {}, task: Record<string, unknown> = {}): Record<string, unknown> {
  return { run_name: 'r', timeout_seconds: 60, tasks: [{ task_key: 'a', existing_cluster_id: 'c1', notebook_task: { notebook_path: '/N', base_parameters: { a: '1' } }, ...task }], ...changes };
}

describe('the fake workspace', () => {
  it.each<[string, Record<string, unknown>, RegExp]>([
    ['a timeout as text', aSubmit({ timeout_seconds: '3600' }), /timeout_seconds: expected an integer/],
    ['a parameter that is a number', aSubmit({}, { notebook_task: { notebook_path: '/N', base_parameters: { a: 0.5 } } }), /base_parameters\.a: expected a string/],
    ['an unknown field', aSubmit({ retries: 3 }), /request\.retries is not a field/],
    ['an unknown field of a task', aSubmit({}, { notebook: '/N' }), /tasks\[0\]\.notebook is not a field/],
    ['the form before 2.1', { run_name: 'r', existing_cluster_id: 'c1', notebook_task: { notebook_path: '/N' } }, /request\.tasks is required/],
    ['a task without a key', aSubmit({ tasks: [{ notebook_task: { notebook_path: '/N' } }] }), /task_key is required/],
    ['an unknown cluster', aSubmit({}, { existing_cluster_id: 'c9' }), /Cluster c9 does not exist/],
    ['two clusters', aSubmit({}, { new_cluster: { spark_version: 'x', node_type_id: 'y' } }), /Only one of/],
    ['a cluster without a version', aSubmit({}, { existing_cluster_id: undefined, new_cluster: { node_type_id: 'y' } }), /spark_version is required/],
    ['a pool and machines', aSubmit({}, { existing_cluster_id: undefined, new_cluster: { spark_version: 'x', node_type_id: 'y', instance_pool_id: 'p' } }), /cannot be supplied when an instance pool ID is provided/],
    ['a count of retries as text', aSubmit({}, { max_retries: '0' }), /max_retries: expected an integer/],
    ['a switch as text', aSubmit({}, { disable_auto_optimization: 'true' }), /disable_auto_optimization: expected a boolean/],
    ['a relative path', aSubmit({}, { notebook_task: { notebook_path: 'N' } }), /absolute paths/],
    ['a repository that is missing', aSubmit({}, { notebook_task: { notebook_path: 'N', source: 'GIT' } }), /git_source is required/],
    ['a branch and a tag', aSubmit({ git_source: { git_url: 'https://a', git_provider: 'gitHub', git_branch: 'a', git_tag: 'b' } }, { notebook_task: { notebook_path: 'N' } }), /Only one of git_branch, git_tag/],
    ['a long token', aSubmit({ idempotency_token: 'x'.repeat(65) }), /at most 64/],
    ['large parameters', aSubmit({}, { notebook_task: { notebook_path: '/N', base_parameters: { a: 'x'.repeat(1_048_577) } } }), /exceed 1MB/],
  ])('refuses %s', (_what, body, message) => {
    const workspace = open();
    expect(call(workspace, 'POST', SUBMIT, body)).toMatchObject({ status: 400, json: { message: expect.stringMatching(message) } });
    expect(workspace.runs.all()).toEqual([]);
  });

  const python = (changes: Record<string, unknown> = {}, task: Record<string, unknown> = {}) => ({ tasks: [{ task_key: 'a', existing_cluster_id: 'c1', spark_python_task: { python_file: '/Workspace/a.py', parameters: ['x'], ...changes }, ...task }] });
  it.each<[string, Record<string, unknown>, RegExp]>([
    ['a notebook beside it', python({}, { notebook_task: { notebook_path: '/N' } }), /Exactly one of/],
    ['neither', { tasks: [{ task_key: 'a', existing_cluster_id: 'c1' }] }, /Exactly one of/],
    ['a parameter that is a number', python({ parameters: [1] }), /parameters\[0\]: expected a string/],
    ['an unknown field', python({ args: [] }), /spark_python_task\.args is not a field/],
    ['a relative path', python({ python_file: 'a.py' }), /absolute paths/],
    ['large parameters', python({ parameters: ['x'.repeat(10_001)] }), /exceed 10000 bytes/],
    ['serverless without an environment', python({}, { existing_cluster_id: undefined }), /needs an environment_key/],
    ['an environment on a cluster', { ...python({}, { environment_key: 'e' }), environments: [{ environment_key: 'e' }] }, /serverless compute only/],
  ])('refuses a program with %s', (_what, body, message) => {
    expect(call(open(), 'POST', SUBMIT, body)).toMatchObject({ status: 400, json: { message: expect.stringMatching(message) } });
  });

  it('keeps files within their limits, where its clusters see them', () => {
    const directory = mkdtempSync(join(tmpdir(), 'trainyard-workspace-'));
    const workspace = new FakeWorkspace({ now: clock.now, directory });
    workspace.credentials.accept('t');
    const post = (what: string, body: unknown) => call(workspace, 'POST', `/api/2.0/workspace/${what}`, body);
    const text = (bytes: number | string): string => Buffer.from(typeof bytes === 'string' ? bytes : 'x'.repeat(bytes)).toString('base64');
    const file = { path: '/Users/ann/a.mjs', format: 'AUTO', content: text('1') };
    expect(post('import', file)).toMatchObject({ status: 404, json: { error_code: 'RESOURCE_DOES_NOT_EXIST', message: expect.stringContaining('parent folder') } });
    expect([post('mkdirs', { path: '/Users/ann' }).status, post('import', file).status]).toEqual([200, 200]);
    expect(post('import', file)).toMatchObject({ status: 400, json: { error_code: 'RESOURCE_ALREADY_EXISTS' } });
    expect(post('import', { ...file, path: '/Workspace/Users/ann/a.mjs', overwrite: true, content: text('22') }).status).toBe(200);
    expect(readFileSync(workspace.files.seen('/Workspace/Users/ann/a.mjs'), 'utf8')).toBe('22');
    expect(call(workspace, 'GET', '/api/2.0/workspace/get-status?path=/Users/ann/a.mjs').json).toMatchObject({ object_type: 'FILE', size: 2 });
    expect(call(workspace, 'GET', '/api/2.0/workspace/export?path=/Users/ann/a.mjs').json).toMatchObject({ content: text('22') });
    expect(post('import', { ...file, overwrite: true, content: text(10 * 1024 ** 2 + 1) })).toMatchObject({ status: 400, json: { error_code: 'MAX_NOTEBOOK_SIZE_EXCEEDED' } });
    expect(post('import', { ...file, path: '/Users/../etc/a' }).status).toBe(400);
    expect(post('mkdirs', { path: '/Users/ann/a.mjs/b' })).toMatchObject({ status: 400, json: { error_code: 'RESOURCE_ALREADY_EXISTS' } });
    expect(post('delete', { path: '/Users/ann' })).toMatchObject({ status: 400, json: { error_code: 'DIRECTORY_NOT_EMPTY' } });
    expect([post('delete', { path: '/Users/ann', recursive: true }).status, post('delete', { path: '/Users/ann' }).status]).toEqual([200, 404]);
    rmSync(directory, { recursive: true });
  });

  it('starts one run for one token, and none for that of a deleted one', () => {
    const workspace = open();
    const first = call(workspace, 'POST', SUBMIT, aSubmit({ idempotency_token: 'k' }));
    expect(first.json).toEqual({ run_id: 8_856_245_678_901_234_567n });
    expect(call(workspace, 'POST', SUBMIT, aSubmit({ idempotency_token: 'k' })).json).toEqual(first.json);
    workspace.runs.delete('8856245678901234567');
    expect(call(workspace, 'POST', SUBMIT, aSubmit({ idempotency_token: 'k' }))).toMatchObject({ status: 400, json: { message: expect.stringContaining('was deleted') } });
  });

  it('gives the output of a task, not of the run around it', () => {
    const workspace = open();
    workspace.runs.plan = () => ({ output: { result: 'r' } });
    call(workspace, 'POST', SUBMIT, aSubmit());
    expect(call(workspace, 'GET', '/api/2.2/jobs/runs/get-output?run_id=8856245678901234567')).toMatchObject({ status: 400, json: { message: expect.stringContaining('multiple tasks is not supported') } });
    expect(call(workspace, 'GET', '/api/2.2/jobs/runs/get-output?run_id=8856245678901234568').json).toMatchObject({ notebook_output: { result: 'r', truncated: false } });
  });

  it('lists in pages from the newest, active and completed ones apart', async () => {
    const workspace = open();
    workspace.runs.plan = ({ parameters }) => ({ runningMs: parameters['a'] === '1' ? 1e9 : 0 });
    for (let index = 0; index < 30; index++) call(workspace, 'POST', SUBMIT, aSubmit({}, index % 3 === 0 ? { notebook_task: { notebook_path: '/N' } } : {}));
    await clock.advance(1_500);
    const list = (query: string) => call(workspace, 'GET', `/api/2.2/jobs/runs/list?${query}`).json as { runs?: { run_id: bigint }[]; next_page_token?: string };
    const first = list('active_only=true&limit=15');
    const second = list(`active_only=true&limit=15&page_token=${first.next_page_token}`);
    expect([first.runs?.length, second.runs?.length, second.next_page_token]).toEqual([15, 5, undefined]);
    expect(new Set([...(first.runs ?? []), ...(second.runs ?? [])].map((run) => run.run_id)).size).toBe(20);
    expect(list('completed_only=true').runs).toHaveLength(10);
    expect(call(workspace, 'GET', '/api/2.2/jobs/runs/list?limit=25').status).toBe(400);
  });

  it('lists by the end, or by the start of what goes on, and shows what a task was given', async () => {
    const workspace = open();
    workspace.runs.plan = ({ parameters }) => ({ runningMs: Number(parameters['ms']) });
    for (const ms of ['3000', '1000', '1e9', '2000']) call(workspace, 'POST', SUBMIT, aSubmit({}, { notebook_task: { notebook_path: '/N', base_parameters: { ms } } }));
    await clock.advance(5_000);
    const list = (query: string) => call(workspace, 'GET', `/api/2.2/jobs/runs/list?expand_tasks=true&${query}`).json as { runs: { tasks: { notebook_task: { base_parameters: { ms: string } } }[] }[]; next_page_token: string };
    const given = ({ runs }: ReturnType<typeof list>): (string | undefined)[] => runs.map(({ tasks }) => tasks[0]?.notebook_task.base_parameters.ms);
    const first = list('limit=3');
    expect([given(first), given(list(`limit=3&page_token=${first.next_page_token}`))]).toEqual([['3000', '2000', '1000'], ['1e9']]);
  });

  it('lets in who has a token that is valid, and says what is too much', async () => {
    const workspace = open();
    workspace.credentials.accept('short', clock.now() + 1_000);
    const as = (authorization: string | undefined) => workspace.handle({ method: 'GET', path: '/api/2.1/clusters/get?cluster_id=c1', headers: { authorization }, body: '' })?.status;
    expect([as(undefined), as('Bearer wrong'), as('Bearer short'), as('Basic short')]).toEqual([401, 403, 200, 401]);
    await clock.advance(1_000);
    expect(as('Bearer short')).toBe(401);
    for (let index = 0; index < 98; index++) as('Bearer t');
    expect([as('Bearer t'), as('Bearer t')]).toEqual([200, 429]);
    expect(workspace.busiestSecond()).toBeGreaterThan(100);
  });

  it('cancels by a number, and knows no other paths', () => {
    const workspace = open();
    workspace.runs.plan = () => ({ runningMs: 1e9 });
    call(workspace, 'POST', SUBMIT, aSubmit());
    expect(call(workspace, 'POST', '/api/2.2/jobs/runs/cancel', { run_id: '8856245678901234567' }).status).toBe(400);
    expect(call(workspace, 'POST', '/api/2.2/jobs/runs/cancel', '{"run_id":8856245678901234567}').status).toBe(200);
    expect(workspace.runs.all()[0]?.end?.code).toBe('USER_CANCELED');
    for (const path of ['//api/2.2/jobs/runs/get', '/api/2.0/jobs/runs/get', '/api/2.2/jobs/runs/constructor']) expect(call(workspace, 'GET', path).status).toBe(404);
    expect(call(workspace, 'GET', '/api/2.2/jobs/runs/get?run_id=1&verbose=true').json['message']).toContain("Unknown query parameter 'verbose'");
  });
});
