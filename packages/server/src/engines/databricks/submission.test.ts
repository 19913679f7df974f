import { anOrder } from '@trainyard/testkit/an-order.ts';
import { checkSubmit } from '@trainyard/testkit/fake-databricks/submit-request.ts';
import { describe, expect, it } from 'vitest';
import { submissionFor, withProgram } from './submission.ts';

const KEY = `${'a'.repeat(32)}-123456789`;

function submission(spec: Record<string, unknown> = {}, attempt = 1) {
  const order = anOrder({ training: 'wine', runNumber: 7, attempt, spec: { toolchain: 'notebook', engine: 'databricks', args: [], algorithmSource: { notebook: { path: '/N' } }, ...spec } });
  const made = submissionFor(KEY, order, { existing: 'standard' });
  // whatever is asked for, the API must take it
  return { ...made, request: checkSubmit(JSON.parse(JSON.stringify(made.body))) };
}

const inGit = (git: Record<string, unknown>) => ({ algorithmSource: { notebook: { path: 'N', source: 'git', git: { url: 'https://github.com/a/b', ...git } } } });

describe('what is sent to Databricks', () => {
  it('has a name to find it by, a token of its own, and queues', () => {
    expect(submission().request).toEqual({
      run_name: `wine #7 (${KEY})`, idempotency_token: KEY, timeout_seconds: 86_400, queue: { enabled: true },
      tasks: [{ task_key: 'notebook', existing_cluster_id: 'standard', notebook_task: { notebook_path: '/N', source: 'WORKSPACE', base_parameters: {} } }],
    });
    expect(submission({}, 2).request.run_name).toBe(`wine #7, attempt 2 (${KEY})`);
  });

  it.each<[string, unknown, Record<string, unknown>, string | undefined]>([
    ['serverless, where it is tried once', 'serverless', { max_retries: 0, disable_auto_optimization: true }, undefined],
    ['a cluster', { existing: 'c1' }, { existing_cluster_id: 'c1' }, 'c1'],
    ['a new cluster', { new: { spark_version: '15', node_type_id: 'n', num_workers: 2 } }, { new_cluster: { spark_version: '15', node_type_id: 'n', num_workers: 2 } }, undefined],
    ['a new cluster of a pool', { new: { spark_version: '15', num_workers: 0 }, pool: 'p1' }, { new_cluster: { spark_version: '15', num_workers: 0, instance_pool_id: 'p1' } }, undefined],
  ])('runs on %s', (_what, cluster, fields, clusterId) => {
    const made = submission({ databricks: { cluster } });
    const { task_key: _key, notebook_task: _notebook, ...where } = made.request.tasks[0] ?? { task_key: '', notebook_task: undefined };
    expect([where, made.clusterId]).toEqual([fields, clusterId]);
  });

  it.each<[Record<string, unknown>, Record<string, string>]>([
    [{}, {}],
    [{ reference: 'main' }, { git_branch: 'main' }],
    [{ reference: 'refs/heads/a/b' }, { git_branch: 'a/b' }],
    [{ reference: 'refs/tags/v1' }, { git_tag: 'v1' }],
    [{ reference: 'a'.repeat(40) }, { git_commit: 'a'.repeat(40) }],
  ])('takes the notebook from git at %j', (git, reference) => {
    const { request } = submission(inGit(git));
    expect(request.git_source).toEqual({ git_url: 'https://github.com/a/b', git_provider: 'gitHub', ...reference });
    expect(request.tasks[0]?.notebook_task).toMatchObject({ notebook_path: 'N', source: 'GIT' });
  });

  it.each([[{ timeout: '90.5s' }, 91], [{ timeout: '1h', databricks: { timeout: '5m' } }, 300], [{ databricks: { timeout: 0 } }, 0]])('limits a run with %j to %i s', (spec, seconds) => {
    const made = submission(spec);
    expect([made.request.timeout_seconds, made.timeoutMs]).toEqual([seconds, seconds * 1000]);
  });

});

describe('what is sent for a program', () => {
  const program = { file: '/Workspace/p/wrapper.py', parameters: ['/Workspace/p/wrapper.py', KEY] };
  const task = { python_file: '/Workspace/p/wrapper.py', parameters: ['/Workspace/p/wrapper.py', KEY], source: 'WORKSPACE' };

  it.each<[string, unknown, Record<string, unknown>, boolean]>([
    ['serverless, in an environment', 'serverless', { environment_key: 'trainyard', max_retries: 0, disable_auto_optimization: true }, true],
    ['a cluster', { existing: 'c1' }, { existing_cluster_id: 'c1' }, false],
    ['a new cluster of a pool', { new: { spark_version: '15', num_workers: 0 }, pool: 'p1' }, { new_cluster: { spark_version: '15', num_workers: 0, instance_pool_id: 'p1' } }, false],
  ])('runs on %s', (_what, cluster, fields, hasEnvironment) => {
    const made = withProgram(submissionFor(KEY, anOrder({ spec: { engine: 'databricks', databricks: { cluster } } }), 'serverless'), program);
    const request = checkSubmit(JSON.parse(JSON.stringify(made.body)));
    expect(request).toMatchObject({ idempotency_token: KEY, tasks: [{ task_key: 'program', spark_python_task: task, ...fields }] });
    expect(request.environments).toEqual(hasEnvironment ? [{ environment_key: 'trainyard', spec: { environment_version: '2' } }] : undefined);
  });

  it('lets the server be the first to end it, unless Databricks was given a limit of its own', () => {
    const limit = (spec: Record<string, unknown>): unknown => submissionFor(KEY, anOrder({ spec }), 'serverless').body['timeout_seconds'];
    expect(limit({ timeout: { run: '1h', grace: '10s' } })).toBe(3600 + 10 + 120);
    expect(limit({ timeout: { run: '1h' }, engine: 'databricks', databricks: { timeout: '5m' } })).toBe(300);
  });
});
