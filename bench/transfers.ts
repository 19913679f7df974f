// Data of a training from object storage: 2,000 files of 50 kB, and one file of 2 GB, beside `rclone copy`; and the memory it takes.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createWriteStream, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { loadConnection } from '@trainyard/connections/catalog.ts';
import { aDirectory } from './measuring/cache-dir.ts';
import { median, print, say, spread } from './measuring/measure.ts';
import type { Emulator } from './measuring/cloud-emulators.ts';

/** Uploads at once. */
const AT_ONCE = 8;
const [FILES, FILE_BYTES, LARGE_MIB] = [2000, 50_000, 2048];

/** rclone takes no such file, and stumbles over its own one. */
const WITHOUT = { AWS_CA_BUNDLE: undefined, RCLONE_CONFIG: '' };

/** `transfers.ts fetch SPEC PATH INTO` is what a runner does with one data binding, as a process of its own. */
const [what, ...rest] = process.argv.slice(2);
await (what === 'fetch' ? fetchOnce(rest) : besideRclone());

async function besideRclone(): Promise<void> {
  const { gcsEmulator, s3Emulator } = await import('./measuring/cloud-emulators.ts');
  using dir = aDirectory();
  const large = join(dir.path, 'large.bin');
  await makeFile(large);
  for (const start of [s3Emulator, gcsEmulator]) {
    await using emulator = await start();
    for (let first = 0; first < FILES; first += AT_ONCE) await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => emulator.put(`many/${index}/file-${first}.csv`, randomBytes(FILE_BYTES))));
    await emulator.put('large/large.bin', large);
    const into = join(dir.path, 'into');
    await compare(emulator, into, { what: `${FILES} files of ${FILE_BYTES / 1000} kB`, path: 'many/', bytes: FILES * FILE_BYTES, rounds: 3 });
    await compare(emulator, into, { what: 'one file of 2 GB', path: 'large/', bytes: LARGE_MIB * 2 ** 20, rounds: 2 });
  }
}

async function fetchOnce([spec = '{}', path = '', into = '']: readonly string[]): Promise<void> {
  const began = performance.now();
  const parsed = JSON.parse(spec) as Emulator['spec'];
  const connection = await loadConnection(parsed.type);
  await connection.fetch({ spec: parsed, path, into, limits: { bytes: 1e12, entries: 1e6 } }, { env: {}, signal: new AbortController().signal });
  process.stdout.write(JSON.stringify({ seconds: (performance.now() - began) / 1000, mostBytes: process.resourceUsage().maxRSS * 1024 }));
}

interface Load {
  readonly what: string;
  readonly path: string;
  readonly bytes: number;
  readonly rounds: number;
}

/** In turn, so that both meet the same machine. Of ours the start of the process does not count: a runner is running already. */
async function compare(emulator: Emulator, into: string, { what, path, bytes, rounds }: Load): Promise<void> {
  const [ours, whole, peer, memory]: [number[], number[], number[], number[]] = [[], [], [], []];
  // in the first round the emulator's compiler warms up, and nobody is measured by it
  for (let round = 0; round <= rounds; round++) {
    const one = await timed(process.execPath, [join(import.meta.dirname, 'transfers.ts'), 'fetch', JSON.stringify(emulator.spec), path, into], {});
    mustHave(into, bytes);
    const other = await timed(process.env['RCLONE'] ?? 'rclone', ['copy', '--transfers', '16', `${emulator.rclone.remote}/${path}`, into], emulator.rclone.env);
    mustHave(into, bytes);
    if (round === 0) continue;
    const inside = JSON.parse(one.out) as { readonly seconds: number; readonly mostBytes: number };
    ours.push(inside.seconds);
    whole.push(one.seconds);
    peer.push(other.seconds);
    memory.push(inside.mostBytes / 1e6);
  }
  say(`${emulator.name}, ${what}: ${spread(ours, 's')}, with the start of the process ${spread(whole, 's')}; rclone: ${spread(peer, 's')}`);
  print({ name: `${what} from ${emulator.name}`, ours: median(ours), peer: median(peer), unit: 's', better: 'less' });
  print({ name: `the most memory of the process, ${what} from ${emulator.name}`, ours: Math.max(...memory), peer: null, unit: 'MB', better: 'less' });
}

async function timed(program: string, argv: readonly string[], env: Readonly<Record<string, string>>): Promise<{ readonly seconds: number; readonly out: string }> {
  const began = performance.now();
  const child = spawn(program, argv, { env: { ...process.env, ...WITHOUT, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code !== 0) throw new Error(`${program} ended with exit code ${code}: ${err.slice(-1000)}`);
  return { seconds: (performance.now() - began) / 1000, out };
}

function mustHave(into: string, bytes: number): void {
  const files = readdirSync(into, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const there = files.reduce((sum, file) => sum + statSync(join(file.parentPath, file.name)).size, 0);
  rmSync(into, { recursive: true, force: true });
  if (there !== bytes) throw new Error(`${there} bytes came, ${bytes} are there`);
}

async function makeFile(path: string): Promise<void> {
  await pipeline(Readable.from((function* () {
    for (let part = 0; part < LARGE_MIB; part++) yield randomBytes(2 ** 20);
  })()), createWriteStream(path));
}
