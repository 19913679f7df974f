import { startSshGitServer } from '@trainyard/testkit/git/ssh-git-server.ts';
import { Repository } from '@trainyard/testkit/repository.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ServerProcess } from '../server-process.ts';
import { OdahuCli } from './odahu-cli.ts';

const PROJECT = `name: tiny
entry_points:
  main:
    parameters:
      seconds: {type: float, default: 0}
      code: {type: float, default: 0}
    command: "python train.py {seconds} {code}"
`;
/** Says nothing while it sleeps. */
const PROGRAM = `import sys, time
print("INFO begins", flush=True)
time.sleep(float(sys.argv[1]))
sys.stdout.buffer.write(b"caf\\xe9 is not UTF-8\\rprogress\\n")
sys.exit(int(float(sys.argv[2])))
`;

const server = new ServerProcess();
let cli: OdahuCli;
let repository: Repository;
let commit: string;

beforeAll(async () => {
  repository = await Repository.make();
  commit = await repository.commit({ MLproject: PROJECT, 'train.py': PROGRAM });
  await server.start(['--local-roots', repository.root]);
  cli = await OdahuCli.make({ API_URL: server.url, API_TOKEN: server.token });
  cli.write('git.yaml', [{ kind: 'Connection', id: 'tiny-git', spec: { type: 'git', uri: repository.url, reference: 'origin/main' } }]);
  await cli.ok('conn', 'create', '-f', 'git.yaml');
});
afterAll(async () => {
  await cli.remove();
  await server.dispose(false);
  await repository.remove();
});

function manifest(id: string, hyperParameters: Readonly<Record<string, unknown>> = {}): string {
  const spec = { model: { name: 'tiny', version: '1.0', artifactNameTemplate: '{{.Name}}-{{ .Version }}.zip' }, toolchain: 'mlflow-project', entrypoint: 'main', hyperParameters, algorithmSource: { vcs: { connection: 'tiny-git' } } };
  return cli.write(`${id}.yaml`, [{ kind: 'ModelTraining', id, spec }]);
}

async function runsOf(id: string): Promise<string[]> {
  return (await server.client.call('listRuns', { query: { training: id } })).items.map(({ state }) => state);
}

describe('train create', () => {
  it('streams the log to its end, and leaves what was made', async () => {
    const out = await cli.ok('train', 'create', '-f', manifest('a-tiny'));
    expect(out).toMatch(/^Start training: \{.*'state': 'unknown'\}.*Logs streaming\.\.\.\n.*INFO begins\n.*run \d+ of a-tiny succeeded: tiny-1\.0\.zip\nModel a-tiny was trained\. Training took \d+ seconds/s);
    // a byte that is no UTF-8 would end the original client
    expect(out).toContain('caf\uFFFD is not UTF-8\nprogress\n');
    // once: a stream that ended too early would be read again from its beginning
    expect(out.match(/INFO begins/g)).toHaveLength(1);
    const [training] = await cli.get('train', 'get', '--id', 'a-tiny');
    expect(training?.status).toMatchObject({ state: 'succeeded', reason: 'Succeeded', artifacts: [{ artifactName: 'tiny-1.0.zip', commitID: commit }] });
    expect(await cli.ok('train', 'logs', '--id', 'a-tiny', '--not-follow')).toContain('INFO begins');
  });

  it('of one that is there is refused, unless that is what was wanted', async () => {
    cli.write('again.yaml', [{ kind: 'ModelTraining', id: 'again', spec: { model: { name: 'tiny', version: '1' }, toolchain: 'mlflow-project', algorithmSource: { vcs: { connection: 'tiny-git' } } } }]);
    await cli.ok('train', 'create', '-f', 'again.yaml', '--no-wait');
    expect(await cli.run('train', 'create', '-f', 'again.yaml', '--no-wait')).toMatchObject({ code: 1, out: expect.stringContaining('entity "again" already exists (status: 409)') as string });
    expect(await cli.ok('train', 'create', '-f', 'again.yaml', '--ignore-if-exists')).toContain('Training already exists');
  });

  it('that fails ends with 1, and says in which step and why', async () => {
    const { code, out } = await cli.run('train', 'create', '-f', manifest('fails', { code: 3 }));
    expect([code, out]).toEqual([1, expect.stringMatching(/\[trainyard\]\[ERROR\] .* run \d+ of fails failed: "step-train" failed with exit code 3 \(exit_code\): .*\nError: Model training fails was failed\./)]);
    const [training] = await cli.get('train', 'get', '--id', 'fails');
    expect(training?.status).toMatchObject({ state: 'failed', reason: 'Failed', exitCode: 3, artifacts: null });
  });

  it('of what is wrong says so in the words of the original', async () => {
    cli.write('wrong.yaml', [{ kind: 'ModelTraining', id: 'wrong', spec: { model: { name: 'a b' }, toolchain: 'nope', algorithmSource: { vcs: { connection: 'nowhere' } } } }]);
    const { code, out } = await cli.run('train', 'create', '-f', 'wrong.yaml');
    expect([code, out]).toEqual([1, expect.stringContaining('Validation of model training is failed: invalid training name: a b must be valid Kubernetes label, i.e. match this pattern: ^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$; empty model.version; entity "nowhere" is not found; entity "nope" is not found (status: 400)')]);
  });
});

it('a repository behind SSH needs its key alone, and the host key is learned', async () => {
  const ssh = await startSshGitServer();
  try {
    const connection = (id: string, key: string): object => ({ kind: 'Connection', id, spec: { type: 'git', uri: ssh.url(repository.root), keySecret: Buffer.from(key).toString('base64') } });
    const training = (id: string, vcs: object): object => ({ kind: 'ModelTraining', id, spec: { model: { name: 'tiny', version: '1' }, toolchain: 'mlflow-project', algorithmSource: { vcs } } });
    cli.write('ssh.yaml', [connection('by-ssh', ssh.key), connection('locked-out', ssh.strangeKey)]);
    await cli.ok('bulk', 'apply', 'ssh.yaml');
    cli.write('by-ssh.yaml', [training('by-ssh', { connection: 'by-ssh', reference: commit.slice(0, 10) })]);
    expect(await cli.ok('train', 'create', '-f', 'by-ssh.yaml')).toContain('Model by-ssh was trained.');
    cli.write('locked-out.yaml', [training('locked-out', { connection: 'locked-out' })]);
    const { code, out } = await cli.run('train', 'create', '-f', 'locked-out.yaml');
    expect([code, out]).toEqual([1, expect.stringMatching(/run \d+ of locked-out failed: "step-source" failed \(\w+\): /)]);
    expect(out).not.toContain('PRIVATE KEY');
  } finally {
    await ssh.stop();
  }
});

it('train edit runs again, also when nothing changed', async () => {
  const file = manifest('rerun');
  await cli.ok('train', 'create', '-f', file);
  expect(await cli.ok('train', 'edit', '-f', file)).toMatch(/^Rerun training: .*Model rerun was trained/s);
  expect(await runsOf('rerun')).toEqual(['succeeded', 'succeeded']);
});

it('train delete stops what runs', async () => {
  await cli.ok('train', 'create', '-f', manifest('long', { seconds: 600 }), '--no-wait');
  expect(await cli.ok('train', 'delete', '--id', 'long')).toContain('Model training long was deleted');
  expect((await cli.run('train', 'get', '--id', 'long')).out).toContain('entity "long" is not found');
  const { items: [run] } = await server.client.call('listRuns', { query: { training: 'long' } });
  expect((await server.ended(run?.number ?? 0)).state).toBe('stopped');
});

it('train logs outlives a silence of more than ten seconds', async () => {
  await cli.ok('train', 'create', '-f', manifest('silent', { seconds: 12 }), '--no-wait');
  const out = await cli.ok('train', 'logs', '--id', 'silent');
  expect(out).toMatch(/INFO begins\n.*run \d+ of silent succeeded/s);
  expect(out.match(/INFO begins/g)).toHaveLength(1);
});
