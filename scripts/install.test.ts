import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ensureInstalled } from './install.mjs';

const RUNTIME = { 'node_modules/yaml': { version: '2.0.0', resolved: 'yaml' } };
const DEV = { 'node_modules/vitest': { version: '5.0.0', resolved: 'vitest', dev: true } };
const OTHER_PLATFORM = { 'node_modules/esbuild-plan9': { version: '1.0.0', resolved: 'plan9', optional: true } };

let root: string;

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'trainyard-install-'));
  writeLock(path.join(root, 'package-lock.json'), { '': {}, ...RUNTIME, ...DEV, ...OTHER_PLATFORM });
  fakeNpm('#!/bin/sh\necho "$@" >> "$0.calls"\necho "$PATH" > "$0.path"\n');
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

describe('ensureInstalled', () => {
  test('installs everything when nothing is there, and says so', async () => {
    const said: string[] = [];
    const { installed } = await ensureInstalled({ dev: true, root, print: (line) => said.push(line) });
    expect({ installed, calls: npmCalls() }).toEqual({ installed: true, calls: ['ci --include=dev --no-audit --no-fund --loglevel=error --ignore-scripts'] });
    expect(said).toEqual([expect.stringContaining('for the first time')]);
  });

  test('does nothing when what was asked for is there', async () => {
    install({ ...RUNTIME, ...DEV });
    expect((await ensureInstalled({ dev: true, root })).installed).toBe(false);
    expect(npmCalls()).toEqual([]);
  });

  test('packages of the tests only count when they are asked for', async () => {
    install(RUNTIME);
    expect((await ensureInstalled({ dev: false, root })).installed).toBe(false);
    expect((await ensureInstalled({ dev: true, root })).installed).toBe(true);
    // added to what is there, which a running server may be using
    expect(npmCalls()).toEqual([expect.stringMatching(/^install --no-save --include=dev/)]);
  });

  test('installs again when the lock file asks for another version', async () => {
    install({ ...DEV, 'node_modules/yaml': { version: '1.9.0', resolved: 'yaml' } });
    await ensureInstalled({ dev: true, root });
    expect(npmCalls()).toHaveLength(1);
  });

  test('installs again when a package was removed by hand', async () => {
    install({ ...RUNTIME, ...DEV });
    rmSync(path.join(root, 'node_modules/yaml'), { recursive: true });
    await ensureInstalled({ dev: false, root });
    expect(npmCalls()).toEqual([expect.stringMatching(/^ci --omit=dev/)]);
  });

  test('a failure brings npm’s own words', async () => {
    fakeNpm('#!/bin/sh\necho "npm error: the disk is full" >&2\nexit 28\n');
    await expect(ensureInstalled({ dev: true, root })).rejects.toThrow(/exit code 28[^]*the disk is full/);
  });

  test('npm runs on a Node that it does not remove, programs are looked for here first', async () => {
    const own = path.join(root, 'node_modules', '.bin');
    vi.stubEnv('PATH', `${own}${path.delimiter}${process.env['PATH']}`);
    const { env } = await ensureInstalled({ dev: true, root });
    expect(readFileSync(path.join(root, 'bin/npm.path'), 'utf8')).not.toContain(own);
    expect(env['PATH']?.split(path.delimiter).indexOf(own)).toBe(1);
  });
});

function fakeNpm(script: string): void {
  const npm = path.join(root, 'bin', 'npm');
  mkdirSync(path.dirname(npm), { recursive: true });
  writeFileSync(npm, script);
  chmodSync(npm, 0o755);
  vi.stubEnv('PATH', `${path.dirname(npm)}${path.delimiter}/usr/bin:/bin`);
}

function npmCalls(): string[] {
  const file = path.join(root, 'bin', 'npm.calls');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
}

/** As npm leaves it: the packages, and its list of them. */
function install(packages: Readonly<Record<string, object>>): void {
  for (const place of Object.keys(packages)) mkdirSync(path.join(root, place), { recursive: true });
  writeLock(path.join(root, 'node_modules', '.package-lock.json'), packages);
}

function writeLock(file: string, packages: object): void {
  writeFileSync(file, JSON.stringify({ lockfileVersion: 3, packages }));
}
