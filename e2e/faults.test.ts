import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunDetail } from '@trainyard/api/schemas/run.ts';
import { aSnapshot, type TarEntry } from '@trainyard/testkit/a-snapshot.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { markedPids } from './processes.ts';
import { ServerProcess, waitFor } from './server-process.ts';
import { uploadSource } from './source.ts';

const MiB = 1024 * 1024;
let server: ServerProcess;
let count = 0;
beforeAll(async () => {
  server = new ServerProcess();
  await server.start(['--log-limit', '32MiB', '--source-limit', '64MiB', '--max-local-runs', '4']);
});
afterAll(() => server.dispose(false));

async function start(args: readonly string[], changes: Record<string, unknown> = {}): Promise<string> {
  const digest = await uploadSource(server.client, { 'README.md': 'a source' });
  const id = `fault-${++count}`;
  const spec = { model: { name: 'm', version: '1' }, toolchain: 'command', args: [...args], algorithmSource: { snapshot: { digest } }, retry: { maxAttempts: 1 }, ...changes };
  return (await server.client.call('createTraining', { body: { id, spec } })).status.runId ?? '';
}

async function run(args: readonly string[], changes: Record<string, unknown> = {}): Promise<RunDetail> {
  return server.ended(await start(args, changes));
}

async function upload(entries: readonly TarEntry[]): Promise<string> {
  const { digest, bytes } = aSnapshot(entries);
  await server.client.call('putSnapshot', { params: { digest }, bytes: new Uint8Array(bytes) });
  return digest;
}

async function logBytes(runId: string): Promise<Buffer> {
  return Buffer.from(await (await server.client.call('runLog', { params: { id: runId } })).arrayBuffer());
}

describe('a run says truthfully what became of it', () => {
  it('when its program ends with an exit code', async () => {
    const detail = await run(['sh', '-c', 'echo "it went wrong here"; exit 7']);
    expect(detail).toMatchObject({ state: 'failed', reason: 'exit_code', exitCode: 7, step: 'train', attempt: 1 });
    expect(detail.lastLines).toContain('it went wrong here');
  });

  it('when its program is ended by a signal', async () => {
    expect(await run(['sh', '-c', 'kill -SEGV $$'])).toMatchObject({ state: 'failed', reason: 'signal', signal: 'SIGSEGV' });
  });

  it('when its program is not there', async () => {
    const detail = await run(['no-such-program', '--fast']);
    expect(detail).toMatchObject({ state: 'failed', reason: 'bad_spec' });
    expect(detail.message).toContain('no-such-program');
  });

  it('when a model was expected and none is there', async () => {
    expect(await run(['true'], { register: true })).toMatchObject({ state: 'failed', reason: 'output_missing', step: 'package' });
  });

  it('when it takes too long, and leaves nothing running', async () => {
    const detail = await run(['sh', '-c', 'trap "" TERM; setsid sleep 500 & while :; do sleep 1; done'], { timeout: { run: '2s', grace: '1s' } });
    expect(detail).toMatchObject({ state: 'failed', reason: 'timeout' });
    await waitFor('nothing is left', () => markedPids(`${detail.id}-1`).length === 0);
  });

  it('when it is stopped, and leaves nothing running', async () => {
    const id = await start(['sh', '-c', 'trap "" TERM; (setsid sh -c "trap \\"\\" TERM; sleep 500" &); echo ready; while :; do sleep 1; done'], { timeout: { grace: '1s' } });
    await waitFor('it runs', async () => (await server.log(id)).includes('ready'));
    await server.client.call('stopRun', { params: { id } });
    expect(await server.ended(id)).toMatchObject({ state: 'stopped', reason: 'cancelled' });
    await waitFor('nothing is left', () => markedPids(`${id}-1`).length === 0);
  });

  it('when its reference or repository is not there', async () => {
    expect(await run(['true'], { algorithmSource: { git: { url: 'file:///no/such/repository.git' } } })).toMatchObject({ state: 'failed', step: 'source' });
  });

  it('also when its program says that MLflow run FINISHED and then fails', async () => {
    const script = `node -e "fetch(process.env.MLFLOW_TRACKING_URI + '/api/2.0/mlflow/runs/update', {method: 'POST', headers: {authorization: 'Bearer ' + process.env.MLFLOW_TRACKING_TOKEN, 'content-type': 'application/json'}, body: JSON.stringify({run_id: process.env.MLFLOW_RUN_ID, status: 'FINISHED'})}).then(async (r) => console.log(r.status, await r.text()))" && exit 1`;
    const detail = await run(['sh', '-c', script]);
    expect(detail).toMatchObject({ state: 'failed', exitCode: 1 });
    const answer = await fetch(`${server.url}/api/2.0/mlflow/runs/get?run_id=${detail.id}`, { headers: { authorization: `Bearer ${server.token}` } });
    expect(await answer.json()).toMatchObject({ run: { info: { status: 'FAILED' } } });
  });
});

describe('a log', () => {
  it('keeps every byte, binary ones and a line of 10 MB too', async () => {
    const detail = await run(['node', '-e', `process.stdout.write(Buffer.from(Array.from({length: 256}, (_, i) => i))); process.stdout.write('\\n' + 'x'.repeat(10 * 1024 * 1024) + '\\nend\\n')`]);
    expect(detail.state).toBe('succeeded');
    const log = await logBytes(detail.id);
    expect(log.includes(Buffer.from(Array.from({ length: 256 }, (_, i) => i)))).toBe(true);
    expect(log.includes(`\n${'x'.repeat(10 * MiB)}\nend\n`)).toBe(true);
  });

  it('of 1 GB is cut at the limit with a warning, and the training succeeds', async () => {
    const detail = await run(['sh', '-c', 'head -c 1000000000 /dev/zero | tr "\\0" "y"']);
    expect(detail.state).toBe('succeeded');
    expect(detail.warnings.join()).toMatch(/log/);
    expect((await logBytes(detail.id)).length).toBeLessThan(33 * MiB);
  });

  it('shows no secret, in no form', async () => {
    await server.client.call('putSecret', { params: { name: 'api-key' }, body: { value: 's3cret/with+chars==' } });
    const detail = await run(['sh', '-c', 'echo "key=$KEY"; printf %s "$KEY" | base64; printf %s "${KEY%th*}"; sleep 0.3; echo "th${KEY#*th}"; echo token=$MLFLOW_TRACKING_TOKEN'], { secretEnvs: [{ name: 'KEY', secret: 'api-key' }] });
    expect(detail.state).toBe('succeeded');
    const log = (await logBytes(detail.id)).toString();
    expect(log).toContain('key=*****');
    for (const form of ['s3cret', Buffer.from('s3cret/with+chars==').toString('base64'), 'th+chars', 'tyr_']) expect(log).not.toContain(form);
    expect(JSON.stringify(detail)).not.toContain('s3cret');
  });
});

describe('a hostile or broken source', () => {
  it('with a link that points outside is refused', async () => {
    const digest = await upload([{ path: 'passwd', type: 'symlink', target: '/etc/passwd' }]);
    expect(await run(['cat', 'passwd'], { algorithmSource: { snapshot: { digest } } })).toMatchObject({ state: 'failed', reason: 'bad_spec', step: 'source' });
  });

  it('that unpacks to far more than it is, is refused and leaves nothing', async () => {
    const digest = await upload([{ path: 'zeros', content: Buffer.alloc(200 * MiB) }]);
    const detail = await run(['true'], { algorithmSource: { snapshot: { digest } } });
    expect(detail).toMatchObject({ state: 'failed', reason: 'bad_spec', step: 'source' });
    await waitFor('the attempt is cleared away', () => !readdirSync(join(server.dataDir, 'attempts')).includes(`${detail.id}-1`));
  });

  it('that is no archive is refused with a sentence', async () => {
    const bytes = Buffer.from('this is no archive');
    const digest = createHash('sha256').update(bytes).digest('hex');
    await server.client.call('putSnapshot', { params: { digest }, bytes });
    expect(await run(['true'], { algorithmSource: { snapshot: { digest } } })).toMatchObject({ state: 'failed', step: 'source' });
  });
});

describe('a full disk', () => {
  it('fails the run that filled it and nothing else', async ({ skip }) => {
    skip(process.getuid?.() !== 0, 'only root can mount a disk that is small enough to fill');
    const dir = mkdtempSync(join(tmpdir(), 'trainyard-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', dir]);
    const small = new ServerProcess(join(dir, 'data'));
    try {
      await small.start();
      const digest = await uploadSource(small.client, { 'README.md': 'a source' });
      const training = async (id: string, args: string[]) => (await small.client.call('createTraining', { body: { id, spec: { model: { name: 'm', version: '1' }, toolchain: 'command', args, algorithmSource: { snapshot: { digest } }, retry: { maxAttempts: 1 } } } })).status.runId ?? '';
      const full = await small.ended(await training('full', ['sh', '-c', 'cat /dev/zero > "$TRAINYARD_OUTPUT_DIR/all"']));
      expect(full.state).toBe('failed');
      await waitFor('the space is free again', () => !readdirSync(join(small.dataDir, 'attempts')).includes(`${full.id}-1`));
      expect((await small.ended(await training('after', ['echo', 'fine']))).state).toBe('succeeded');
      expect(statSync(join(small.dataDir, 'trainyard.db')).size).toBeGreaterThan(0);
    } finally {
      await small.stop();
      execFileSync('umount', ['-l', dir]);
    }
  });
});
