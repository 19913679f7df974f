import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Repository } from '@trainyard/testkit/repository.ts';
import { runProgram } from '@trainyard/testkit/run-program.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cleanEnvironment, ServerProcess } from './server-process.ts';

const BIN = resolve(import.meta.dirname, '../packages/cli/bin/trainyard.mjs');

let server: ServerProcess;
let repository: Repository;
beforeEach(async () => {
  repository = await Repository.make();
  server = new ServerProcess();
  await server.start(['--local-roots', `${server.dataDir},${repository.root}`, '--max-local-runs', '1']);
});
afterEach(async (context) => {
  await server.dispose(context.task.result?.state === 'fail');
  await repository.remove();
});

const trainyard = (argv: readonly string[]): Promise<string> => runProgram(process.execPath, [BIN, ...argv], { cwd: server.dataDir, env: { ...cleanEnvironment(), TRAINYARD_URL: server.url, TRAINYARD_TOKEN: server.token }, missing: 'node' });

/** Files below the data directory, which is where local connections may lie here. */
function put(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(server.dataDir, name, '..'), { recursive: true });
    writeFileSync(join(server.dataDir, name), text, { mode: name.endsWith('.sh') ? 0o755 : 0o644 });
  }
}

const PROGRAM = `#!/bin/sh
echo "stage $STAGE, data $(cat data/one.csv)"
while [ "$1" != --target ]; do shift; done
mkdir -p "$2"
printf 'name: wine\\noutput:\\n  run_id: abc\\n' > "$2/odahuflow.project.yaml"
`;

describe('connections', () => {
  it('and toolchains of files bring code and data to a run; the same files again do nothing', async () => {
    await repository.commit({ 'train.sh': 'echo from the repository\n' });
    put({ 'input/one.csv': '42\n', 'bin/train.sh': PROGRAM });
    put({
      'manifests/places.yaml': `kind: Connection\nid: code\nspec: {type: git, uri: "${repository.url}"}\n---\nkind: Connection\nid: wine\nspec: {type: local, uri: "${server.dataDir}/input"}\n`,
      'manifests/boosting.yaml': `kind: ToolchainIntegration\nid: boosting\nspec: {entrypoint: "${server.dataDir}/bin/train.sh", defaultImage: none, additionalEnvironments: {STAGE: test}}\n`,
      'manifests/training.yaml': 'kind: ModelTraining\nid: wine\nspec: {model: {name: wine, version: 1.0}, toolchain: boosting, vcsName: code, reference: main, data: [{connName: wine, localPath: data/}]}\n',
    });
    expect(await trainyard(['apply', '-f', 'manifests', '--yes'])).toMatch(/connection 'code' created\nconnection 'wine' created\ntoolchain 'boosting' created\ntraining 'wine' created, run 1 \w+\n$/);
    expect(await trainyard(['connection', 'check', 'code', 'wine'])).toBe('✓ code works\n✓ wine works\n');
    expect(await server.ended(1)).toMatchObject({ state: 'succeeded', data: [{ connection: 'wine', localPath: 'data/', files: 1, sizeBytes: 3 }] });
    expect(await server.log(1)).toContain('stage test, data 42');
    expect(await trainyard(['apply', '-f', 'manifests'])).toBe('Nothing to do: all 4 resources are as described.\n');
    expect(await trainyard(['delete', '-f', 'manifests', '--yes'])).toMatch(/training 'wine' deleted\ntoolchain 'boosting' deleted\nconnection 'code' deleted\nconnection 'wine' deleted\n$/);
  });

  it('that were deleted while a run waited for its turn end that run with the reason, and no other', async () => {
    const command = (id: string, script: string, changes: object = {}) => server.client.call('createTraining', { body: { id, spec: { model: { name: id, version: '1' }, toolchain: 'command', args: ['sh', '-c', script], algorithmSource: { git: { url: repository.url } }, ...changes } } });
    await repository.commit({ 'README.md': 'nothing\n' });
    await server.client.call('createConnection', { body: { id: 'wine', spec: { type: 'local', uri: server.dataDir } } });
    await command('first', `until [ -e ${server.dataDir}/go ]; do sleep 0.1; done`);
    await command('second', 'true', { data: [{ connection: 'wine', localPath: 'data/' }] });
    await command('third', 'true');
    await expect(server.client.call('deleteConnection', { params: { id: 'wine' } })).rejects.toMatchObject({ code: 'CONNECTION_IN_USE', message: "connection 'wine' is used by 1 run(s) that have not ended: run 2 of second" });
    await server.client.call('deleteConnection', { params: { id: 'wine' }, query: { force: 'true' } });
    put({ go: '' });
    expect(await server.ended(2)).toMatchObject({ state: 'failed', reason: 'bad_spec', attempt: 1, message: "there is no connection 'wine'" });
    expect([await server.ended(1), await server.ended(3)]).toMatchObject([{ state: 'succeeded' }, { state: 'succeeded' }]);
  });

  it('are sealed in the database, and opened with a new key', async () => {
    const spec = { type: 'git', uri: 'https://git.example.com/a.git', token: 'a-token-nobody-may-see' };
    await server.client.call('createConnection', { body: { id: 'code', spec } });
    await server.stop();
    for (const file of ['trainyard.db', 'keys.json']) expect(readFileSync(join(server.dataDir, file)).includes(spec.token)).toBe(false);
    const keys = readFileSync(join(server.dataDir, 'keys.json'), 'utf8');
    await trainyard(['secret', 'rotate-key', '--data-dir', server.dataDir]);
    expect(readFileSync(join(server.dataDir, 'keys.json'), 'utf8')).not.toBe(keys);
    await server.start();
    expect(await server.client.call('decryptConnection', { params: { id: 'code' } })).toMatchObject({ spec });
    expect(await server.client.call('getConnection', { params: { id: 'code' } })).toMatchObject({ spec: { token: '*****' } });
  });
});
