import { Readable, Writable } from 'node:stream';
import type { Pace } from './connection/pace.ts';
import type { Env, InStream, Io, OutStream } from './io.ts';
import { runCli } from './main.ts';
import { TEST_TOKEN, type TestServer } from './test-server.ts';

export interface CliSetting {
  readonly server?: TestServer;
  readonly cwd?: string;
  readonly home?: string;
  readonly env?: Env;
  readonly stdin?: string;
  /** stdin is a terminal on which somebody types it. */
  readonly terminal?: boolean;
  /** Columns of a terminal; without it the output is a pipe. */
  readonly columns?: number;
  readonly pace?: Partial<Pace>;
  readonly interrupted?: AbortSignal;
  readonly readerGone?: AbortSignal;
  /** The file of the program, for commands that start a server. */
  readonly program?: string;
}

export interface CliResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Quick enough for a test, patient enough for a busy machine. */
const PACE: Pace = { callMs: 20_000, firstPauseMs: 5, longestPauseMs: 50, patienceMs: 30_000, pollMs: 10, idlePollMs: 50, drainMs: 5_000 };

/** Runs one command line in this process, as the program would. */
export async function cli(argv: readonly string[], setting: CliSetting = {}): Promise<CliResult> {
  const { io, written } = testIo(setting);
  const code = await runCli(argv, io, { ...PACE, ...setting.pace });
  return { code, ...written() };
}

/** Streams of a command that can be read while it runs. */
export function testIo(setting: CliSetting): { io: Io; written: () => { out: string; err: string } } {
  const [stdout, out] = outStream(setting.columns);
  const [stderr, err] = outStream(setting.columns);
  const server: Env = setting.server === undefined ? {} : { TRAINYARD_URL: setting.server.url, TRAINYARD_TOKEN: TEST_TOKEN };
  const nowhere = '/nonexistent';
  const io: Io = {
    stdin: Object.assign(Readable.from(setting.stdin === undefined ? [] : [Buffer.from(setting.stdin)]), setting.terminal === true ? { isTTY: true } : {}) as InStream,
    stdout,
    stderr,
    env: { TERM: 'xterm', ...server, ...setting.env },
    cwd: setting.cwd ?? nowhere,
    home: setting.home ?? nowhere,
    interrupted: setting.interrupted ?? new AbortController().signal,
    readerGone: setting.readerGone ?? new AbortController().signal,
    program: setting.program,
  };
  return { io, written: () => ({ out: out(), err: err() }) };
}

/** A paced connection's worth of settings for tests below the command line. */
export function testPace(fields: Partial<Pace> = {}): Pace {
  return { ...PACE, ...fields };
}

function outStream(columns: number | undefined): [OutStream, () => string] {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  Object.assign(stream, columns === undefined ? {} : { isTTY: true, columns });
  return [stream, () => Buffer.concat(chunks).toString()];
}
