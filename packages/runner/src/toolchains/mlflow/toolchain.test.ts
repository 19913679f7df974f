import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { toTrainingSpec, TrainingSpecBody } from '@trainyard/api/schemas/training.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StepFailure } from '../../step-failure.ts';
import type { LaunchPlan } from '../toolchain.ts';
import { shellQuote } from './shell-quote.ts';
import { toolchain } from './toolchain.ts';

interface Case {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly entryPoint: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly command?: string;
  readonly logged?: Readonly<Record<string, string>>;
  readonly environment?: readonly [string, string];
  readonly error?: string;
}

const table = JSON.parse(await readFile(new URL('mlproject-table.json', import.meta.url), 'utf8')) as { readonly cases: readonly Case[] };
const runs = table.cases.filter(({ error }) => error === undefined);
const failures = table.cases.filter(({ error }) => error !== undefined);

let dir = '';
beforeEach(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), 'mlproject-')));
});
afterEach(() => rm(dir, { recursive: true }));

async function plan(files: Readonly<Record<string, string>>, spec: Record<string, unknown> = {}): Promise<LaunchPlan> {
  const sourceDir = join(dir, 'source');
  await mkdir(sourceDir, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(sourceDir, name)), { recursive: true });
    await writeFile(join(sourceDir, name), text);
  }
  const body = { model: { name: 'm', version: '1' }, toolchain: 'mlflow', algorithmSource: { snapshot: { digest: 'd'.repeat(64) } }, ...spec };
  const checked = toTrainingSpec(TrainingSpecBody.parse(body));
  return toolchain.plan({ training: 'wine', spec: checked, sourceDir, workDir: join(sourceDir, checked.workDir), scratchDir: join(dir, 'scratch'), commit: undefined, connections: {}, path: '' });
}

async function failure(files: Readonly<Record<string, string>>, spec: Record<string, unknown> = {}): Promise<string> {
  const error: unknown = await plan(files, spec).then(
    () => 'it was planned',
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StepFailure);
  expect(error).toHaveProperty('reason', 'bad_spec');
  return (error as StepFailure).message;
}

const main = (command: string, parameters = '{}', more = ''): Record<string, string> => ({ MLproject: `entry_points: {main: {parameters: ${parameters}, command: ${JSON.stringify(command)}}}\n${more}` });

describe('as the real mlflow', () => {
  it.each(runs)('plans: $name', async ({ files, entryPoint, parameters, ...real }) => {
    const { argv, params, environment } = await plan(files, { entrypoint: entryPoint, hyperParameters: parameters });
    expect(argv).toEqual(['bash', '-c', real.command?.replaceAll('<dir>', join(dir, 'source'))]);
    // mlflow logs declared values, and undeclared names and values, with their shell quotes
    const quoted = Object.fromEntries(Object.entries(params).map(([name, value]) => [name in (real.logged ?? {}) ? name : shellQuote(name), shellQuote(value)]));
    expect(quoted).toEqual(real.logged);
    expect(environment.kind === 'none' ? undefined : [`${environment.kind}_env`, environment.from]).toEqual(real.environment);
  });

  it.each(failures)('refuses: $name', async ({ files, entryPoint, parameters, error = '' }) => {
    const message = await failure(files, { entrypoint: entryPoint, hyperParameters: parameters });
    const words = /No value given for missing parameters: [^;]*/.exec(error)?.[0];
    expect(message).toContain(words ?? '');
    expect(message.length).toBeGreaterThan(20);
  });

  it('the table holds both kinds', () => {
    expect(runs.length).toBeGreaterThan(80);
    expect(failures.length).toBeGreaterThan(12);
  });
});

describe('entry points', () => {
  it('names what there is, and the nearest', async () => {
    const files = { MLproject: 'entry_points: {main: {command: a}, validate: {command: b}}', 'train.py': '' };
    expect(await failure(files, { entrypoint: 'valdate' })).toBe(
      "there is no entry point 'valdate' (MLproject has: main, validate; scripts that can be named: train.py); did you mean 'validate'?",
    );
  });

  it('says what to name when there is no MLproject', async () => {
    expect(await failure({ 'train.py': '', 'go.sh': '', 'x.txt': '' })).toBe("there is no entry point 'main' (there is no MLproject file; scripts that can be named: go.sh, train.py)");
  });

  it('refuses a script that is not there, where mlflow would start it in vain', async () => {
    expect(await failure({ 'train.py': '' }, { entrypoint: 'trian.py' })).toContain("did you mean 'train.py'?");
  });

  it('refuses a script outside of the source, also behind a link', async () => {
    await writeFile(join(dir, 'outside.py'), '');
    await mkdir(join(dir, 'source'));
    await symlink(join(dir, 'outside.py'), join(dir, 'source', 'link.py'));
    expect(await failure({}, { entrypoint: '../outside.py' })).toContain("no entry point '../outside.py'");
    expect(await failure({}, { entrypoint: 'link.py' })).toContain("no entry point 'link.py'");
  });

  it('runs in workDir', async () => {
    const { cwd, argv } = await plan({ 'sub/train.py': '' }, { entrypoint: 'train.py', workDir: 'sub' });
    expect([cwd, argv[2]]).toEqual([join(dir, 'source', 'sub'), 'python train.py']);
  });
});

describe('parameters', () => {
  it.each(['0.1', '-1', '1e-5', '.5', '5.', '1_000', 'inf', '-Infinity', 'nan', ' 1 '])('a float may be %j', async (value) => {
    expect((await plan(main('r {a}', '{a: float}'), { hyperParameters: { a: value } })).params).toEqual({ a: value });
  });

  it.each(['', 'x', '1,5', '0.1.2', '1e', '0x10', '1__0', '--1'])('a float may not be %j', async (value) => {
    expect(await failure(main('r {a}', '{a: float}'), { hyperParameters: { a: value } })).toBe(`the parameter 'a' must be a number (type float), found '${value}'`);
  });

  it('a value with a NUL byte is refused', async () => {
    expect(await failure(main('r {a}', '{a: string}'), { hyperParameters: { a: 'x\0y' } })).toContain("'a' holds a NUL byte");
  });

  it('tells an undeclared placeholder from a brace for the shell', async () => {
    expect(await failure(main('echo ${HOME}', '{a: {default: 1}}'))).toBe(
      "MLproject: the command of 'main' has '{HOME}', and there is no parameter 'HOME' (declared are: a); write '{{' and '}}' for braces that are meant for the shell",
    );
  });

  it('names like those of every object are only names', async () => {
    const { argv, params } = await plan(main('r {constructor}', '{constructor: string}'), { hyperParameters: { constructor: '1', toString: '2' } });
    expect([argv[2], params]).toEqual(['r 1 --toString 2', { constructor: '1', toString: '2' }]);
  });
});

describe('MLproject files that are wrong', () => {
  it.each([
    ['not YAML', 'entry_points:\n  main:\n    command: "x\n', 'MLproject is not valid YAML: line 4, column 1: Missing closing "quote'],
    ['two of the same name', 'entry_points:\n  main: {command: a}\n  main: {command: b}', 'MLproject is not valid YAML'],
    ['a list', '- a\n- b', 'must hold fields'],
    ['no command', 'entry_points: {main: {parameters: {}}}', 'entry_points.main.command must be text'],
    ['a number as command', 'entry_points: {main: {command: 5}}', 'entry_points.main.command must be text'],
    ['an entry point that is text', 'entry_points: {main: python x.py}', 'entry_points.main must hold a command'],
    ['a value in place of a type', 'entry_points: {main: {parameters: {a: 0.5}, command: x}}', "the parameter 'a' must be a type"],
    ['a tag that makes an object', 'entry_points: {main: {command: !!python/object:os.system x}}', 'MLproject is not valid YAML'],
    ['a Spark job', 'databricks_spark_job: {python_file: x.py}', 'needs a Databricks engine'],
    ['an empty file', '', "no entry point 'main' (MLproject has no entry points"],
  ])('%s', async (_, text, expected) => {
    expect(await failure({ MLproject: text })).toContain(expected);
  });

  it('docker_env says what it needs', async () => {
    expect(await failure(main('x', '{}', 'docker_env: {image: y}'))).toBe('MLproject has a docker_env: it needs an engine with containers; this engine has none. Name a python_env or conda_env instead');
  });

  it('an environment file outside of the source is not read', async () => {
    await writeFile(join(dir, 'secret.yaml'), 'dependencies: []');
    expect(await failure(main('x', '{}', 'python_env: ../secret.yaml'))).toContain("names the python_env '../secret.yaml', and there is no such file in the source");
  });
});

describe('what is noted on the run', () => {
  it('tags of a snapshot', async () => {
    const { tags } = await plan({ 'train.py': '', 'requirements.txt': 'six' }, { entrypoint: 'train.py' });
    expect(tags).toEqual({
      'mlflow.source.name': `snapshot:${'d'.repeat(64)}`,
      'mlflow.source.type': 'PROJECT',
      'mlflow.project.entryPoint': 'train.py',
      'mlflow.project.backend': 'local',
      'mlflow.project.env': 'virtualenv',
      training_id: 'wine',
      model_name: 'm',
      model_version: '1',
    });
  });

  it('tags of git, without credentials', async () => {
    const git = { url: 'https://someone@example.org/a.git' };
    const { tags } = await plan({ 'a/b/train.py': '' }, { entrypoint: 'train.py', workDir: './a/b/', algorithmSource: { git }, environment: { manager: 'uv' } });
    expect(tags).toMatchObject({ 'mlflow.source.name': 'https://example.org/a.git#a/b', 'mlflow.source.git.repoURL': 'https://example.org/a.git' });
    // nothing is installed for it
    expect(tags).not.toHaveProperty(['mlflow.project.env']);
  });
});
