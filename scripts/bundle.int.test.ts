import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from './install.mjs';

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

let dir: string;

beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'trainyard-bundle-'));
  const bundled = await node([path.join(ROOT, 'scripts', 'bundle.mjs'), '--into', path.join(dir, 'dist')]);
  if (bundled.code !== 0) throw new Error(bundled.stderr);
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('bundles', () => {
  test('the runner needs nothing but Node and says what it needs to be told', async () => {
    const ended = await node([path.join(dir, 'dist', 'runner.mjs')]);
    expect(ended).toMatchObject({ code: 64, stderr: expect.stringContaining('usage: runner') as string });
  });

  test('the package has command line, server and runner, and no workspace dependency', async () => {
    const manifest = JSON.parse(readFileSync(path.join(dir, 'dist/trainyard/package.json'), 'utf8')) as { version: string; dependencies: Record<string, string> };
    expect(Object.keys(manifest.dependencies).filter((name) => name.includes('trainyard'))).toEqual([]);
    installOnly(Object.keys(manifest.dependencies));
    const program = path.join(dir, 'dist/trainyard/trainyard.mjs');
    expect(await node([program, '--version'])).toMatchObject({ code: 0, stdout: expect.stringContaining(manifest.version) as string });
    // the server's half: refused at its door, before it touches anything
    expect(await node([program, 'up', '--host', '0.0.0.0', '--auth', 'off', '--data-dir', path.join(dir, 'data')])).toMatchObject({ code: 1, stderr: expect.stringContaining('refusing to listen') as string });
    expect(await node([program, 'up', '--port', '0', '--data-dir', path.join(dir, 'data')], { APP_INSIGHTS_INSTRUMENTATION_KEY: 'k', NODE_ENV: 'production' })).toMatchObject({ code: 1, stderr: expect.stringContaining('npm install @opentelemetry/api') as string });
  });
});

/** As npm does for whoever installs the package. */
function installOnly(names: readonly string[]): void {
  for (const name of names) {
    const place = path.join(dir, 'node_modules', name);
    mkdirSync(path.dirname(place), { recursive: true });
    symlinkSync(path.join(ROOT, 'node_modules', name), place);
  }
}

function node(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, argv, { cwd: dir, env: { ...process.env, ...env } }, (error, stdout, stderr) => resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : 1, stdout, stderr }));
  });
}
