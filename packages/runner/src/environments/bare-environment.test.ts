import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runProgram } from '../process/run-program.ts';
import type { EnvironmentSpec, ReadyEnvironment } from './environment.ts';
import { prepareEnvironment } from './prepare-environment.ts';

let dir = '';
let said: string[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bare-'));
  said = [];
});
afterEach(() => rm(dir, { recursive: true }));

function prepare(spec: EnvironmentSpec, manager: 'auto' | 'none', path: string): Promise<ReadyEnvironment> {
  const log = { write() {}, warn() {}, say: (line: string) => void said.push(line) };
  const env = { PATH: path, HOME: process.env['HOME'] ?? '/' };
  return prepareEnvironment(spec, { cacheDir: join(dir, 'cache'), choice: { manager, pythonMismatch: 'fail' }, env, limitBytes: 1, log, signal: new AbortController().signal, graceMs: 1000, runProgram });
}

it('changes nothing for programs that are there', async () => {
  const ready = await prepare({ kind: 'none' }, 'auto', process.env['PATH'] ?? '');
  expect(ready).toMatchObject({ id: 'none', cached: true, variables: { PATH: process.env['PATH'] } });
  expect(said).toEqual([expect.stringMatching(/^environment: nothing to install, the programs of this machine \(Python 3\.\d+\.\d+\)$/)]);
  await ready.release();
});

it('gives a machine that only has python3 a python', async () => {
  const real = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
  await mkdir(join(dir, 'bin'));
  await symlink(real, join(dir, 'bin', 'python3'));
  for (let time = 0; time < 2; time++) {
    const { variables, python } = await prepare({ kind: 'none' }, 'auto', join(dir, 'bin'));
    expect(execFileSync('python', ['-c', 'import json, platform; print(platform.python_version())'], { env: variables, encoding: 'utf8' }).trim()).toBe(python);
  }
});

it('manager none: what the project asks for is not installed, and the log says so', async () => {
  const spec: EnvironmentSpec = { kind: 'python', python: '2.5', buildDependencies: [], dependencies: ['no-such-thing'], baseDir: dir, from: 'python_env.yaml' };
  expect(await prepare(spec, 'none', process.env['PATH'] ?? '')).toMatchObject({ id: 'none' });
  expect(said[0]).toContain('python_env.yaml is not installed (manager: none)');
});
