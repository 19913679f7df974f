import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Beside a bundled server; not there in a checkout. */
const BUNDLED = fileURLToPath(new URL('./runner.mjs', import.meta.url));
const MAKER = fileURLToPath(new URL('../../../../scripts/bundle-runner.mjs', import.meta.url));

/** What this machine starts: the bundled runner, the source in a checkout. */
export function runnerFile(): string {
  return existsSync(BUNDLED) ? BUNDLED : fileURLToPath(import.meta.resolve('@trainyard/runner/main.ts'));
}

/** What other machines are given: always the bundle, which a checkout makes when it is first asked for. */
export class RunnerBundle {
  #made: Promise<Uint8Array> | undefined;

  /** Rejects when there is none and none can be made; the next call tries again. */
  bytes(): Promise<Uint8Array> {
    this.#made ??= (existsSync(BUNDLED) ? readFile(BUNDLED) : make()).catch((error: unknown) => {
      this.#made = undefined;
      throw error;
    });
    return this.#made;
  }
}

/** In a process of its own: what makes it is a tool of the checkout, no part of the server. */
async function make(): Promise<Uint8Array> {
  const dir = await mkdtemp(join(tmpdir(), 'trainyard-bundle-'));
  try {
    const file = join(dir, 'runner.mjs');
    const { code, words } = await ended([MAKER, file]);
    if (code !== 0) throw new Error(`the runner could not be bundled (${problemIn(words)}); in a clone, npm run bundle installs what that needs`);
    return await readFile(file);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

function ended(argv: readonly string[]): Promise<{ readonly code: number | null; readonly words: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'pipe'] });
    let words = '';
    child.stderr.on('data', (bytes: Buffer) => (words += bytes.toString('utf8')));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, words }));
  });
}

/** The tool and Node print the error above their stack. */
function problemIn(words: string): string {
  const lines = words.split('\n').map((line) => line.trim()).filter((line) => line !== '');
  return lines.find((line) => /^(✘|\w*Error\b)/.test(line)) ?? lines.at(-1) ?? 'it said nothing';
}
