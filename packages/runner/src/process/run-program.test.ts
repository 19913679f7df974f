import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { waitFor } from '@trainyard/testkit/wait-for.ts';
import type { StepFailure } from '../step-failure.ts';
import { markedProcesses, processStart } from './process-tree.ts';
import { type ProgramOptions, runProgram } from './run-program.ts';

const NODE = process.execPath;
/** Time a program never takes. */
const LONG_MS = 60_000;

class Output {
  bytes = Buffer.alloc(0);
  warnings: string[] = [];
  write(bytes: Uint8Array): void {
    this.bytes = Buffer.concat([this.bytes, bytes]);
  }
  say(): void {
    // programs do not speak as the runner
  }
  warn(line: string): void {
    this.warnings.push(line);
  }
  get text(): string {
    return this.bytes.toString();
  }
}

let marks = 0;
function options(changes: Partial<ProgramOptions> = {}): ProgramOptions & { readonly log: Output; readonly mark: string } {
  const mark = `test-${process.pid}-${++marks}`;
  const env = { PATH: process.env['PATH'] ?? '', TRAINYARD_ATTEMPT: mark };
  return { cwd: tmpdir(), env, signal: new AbortController().signal, graceMs: LONG_MS, ...changes, log: new Output(), mark };
}

/** A shell line; its first word is replaced, so that the shell is the leader of the group. */
const sh = (line: string): string[] => ['sh', '-c', line];

describe('running a program', () => {
  it('gives it exactly its arguments, environment and directory', async () => {
    const with_ = options();
    const end = await runProgram([NODE, '-p', 'JSON.stringify([process.argv.slice(1), process.env.A, process.env.HOME, process.cwd()])', '--', '$(id)', 'a b'], { ...with_, env: { ...with_.env, A: '1' } });
    expect(end).toMatchObject({ exitCode: 0, signal: null });
    expect(JSON.parse(with_.log.text)).toEqual([['$(id)', 'a b'], '1', null, tmpdir()]);
    expect(end.tail).toBe(with_.log.text);
  });

  it.each([
    ['exit 7', { exitCode: 7, signal: null }],
    ['kill -9 $$', { exitCode: null, signal: 'SIGKILL' }],
    ['kill -11 $$', { exitCode: null, signal: 'SIGSEGV' }],
  ])("tells the truth about '%s'", async (line, end) => {
    expect(await runProgram(sh(line), options())).toMatchObject(end);
  });

  it('passes every byte on, with memory for the last 16 KiB of them', async () => {
    const with_ = options();
    const end = await runProgram([NODE, '-e', 'for (let i = 0; i < 300; i++) process.stdout.write(Buffer.alloc(10007, i))'], with_);
    expect(with_.log.bytes.equals(Buffer.concat(Array.from({ length: 300 }, (_, i) => Buffer.alloc(10_007, i))))).toBe(true);
    expect(end.tail.length).toBeLessThanOrEqual(16 * 1024);
  });

  const failures: [string, string[], Partial<StepFailure>, string][] = [
    ['is not there', ['no-such-program'], { reason: 'bad_spec' }, "the program 'no-such-program' is not there in PATH"],
    ['is a file that is not there', ['./no-such-file'], { reason: 'bad_spec' }, "the program './no-such-file' is not there"],
    ['is a directory', ['/usr'], { reason: 'bad_spec' }, "the program '/usr' may not be executed"],
    ['has a NUL byte', ['true', 'a\0b'], { reason: 'bad_spec' }, 'holds a NUL byte'],
    ['has too many arguments', ['true', 'x'.repeat(4_000_000)], { reason: 'bad_spec' }, 'larger than this machine allows'],
  ];
  it.each(failures)('that %s is an error of the training', async (_, argv, expected, words) => {
    const error = await runProgram(argv, options()).catch((failure: unknown) => failure);
    expect(error).toMatchObject({ name: 'StepFailure', ...expected });
    expect((error as Error).message).toContain(words);
  });
});

describe('stopping a program', () => {
  it('is polite first', async () => {
    const stop = new AbortController();
    const with_ = options({ signal: stop.signal });
    const running = runProgram(sh("trap 'echo saved; exit 5' TERM; echo ready; while :; do sleep 0.05; done"), with_);
    await waitFor('the program', () => with_.log.text.includes('ready'));
    stop.abort();
    expect(await running).toMatchObject({ exitCode: 5, signal: null });
    expect(with_.log.text).toContain('saved');
  });

  it('is not polite for ever', async () => {
    const stop = new AbortController();
    const with_ = options({ signal: stop.signal, graceMs: 200 });
    const running = runProgram(sh("trap '' TERM; echo ready; while :; do sleep 0.05; done"), with_);
    await waitFor('the program', () => with_.log.text.includes('ready'));
    stop.abort();
    expect(await running).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
  });

  it('leaves the grace period to a child of a shell that dies at once', async () => {
    const stop = new AbortController();
    const with_ = options({ signal: stop.signal });
    const child = "process.on('SIGTERM', () => setTimeout(() => { console.log('checkpoint written'); process.exit() }, 300)); console.log('ready'); setInterval(() => 0, 1000)";
    const running = runProgram(sh(`"${NODE}" -e "${child}"; true`), with_);
    await waitFor('the child', () => with_.log.text.includes('ready'));
    stop.abort();
    await running;
    expect(with_.log.text).toContain('checkpoint written');
    expect(markedProcesses(with_.mark)).toEqual([]);
  });

  it('does not begin when it was stopped before', async () => {
    await expect(runProgram(['true'], options({ signal: AbortSignal.abort(new Error('stopped')) }))).rejects.toThrow('stopped');
  });

  it.skipIf(processStart(process.pid) === '')('ends daemons that left the group, also those that ignore it', async () => {
    const with_ = options({ graceMs: 300 });
    const end = await runProgram(sh("setsid sh -c 'trap \"\" TERM; while :; do sleep 0.05; done' & setsid sleep 1000 & echo started"), with_);
    expect(end.exitCode).toBe(0);
    expect(markedProcesses(with_.mark)).toEqual([]);
  });

  it('does not wait for somebody who holds the output open and belongs to nobody', async () => {
    const with_ = options();
    // without the mark and in another group, as a service manager would start it: not ours to end
    const end = await runProgram(sh("env -u TRAINYARD_ATTEMPT setsid sh -c 'sleep 12 & echo $!' ; echo done"), with_);
    expect(end.exitCode).toBe(0);
    expect(with_.log.text).toContain('done');
    process.kill(Number(with_.log.text.split('\n')[0]), 'SIGKILL');
  });
});

describe('the start of a process', () => {
  it('is read behind whatever its name holds', async () => {
    const stat = await readFile('/proc/self/stat', 'utf8').catch(() => undefined);
    expect(processStart(process.pid)).toBe(stat === undefined ? '' : stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
    expect(processStart(2 ** 22 + 1)).toBe('');
  });
});
