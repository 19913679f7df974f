import type { Connection } from './connection/connection.ts';
import { type Pace, PACE } from './connection/pace.ts';
import { exitCode } from './exit-codes.ts';
import type { Io, OutStream } from './io.ts';
import { formatValue, type OutputFormat } from './output/format.ts';
import { Screen } from './output/screen.ts';
import { wantsColour } from './output/style.ts';

/** Flags that every command knows. */
export interface GlobalFlags {
  readonly url?: string;
  readonly color: boolean;
}

/** What every command is given: the streams, a way to the server, and where to leave its exit code. */
export class Cli {
  readonly io: Io;
  readonly pace: Pace;
  /** The words behind `--`: commander does not tell where it stood. */
  readonly behindDashes: readonly string[];
  exitCode: number = exitCode('ok');
  #out: Screen;
  #err: Screen;
  #url: string | undefined;

  constructor(io: Io, { argv, pace }: { readonly argv: readonly string[]; readonly pace?: Pace | undefined }) {
    this.io = io;
    this.pace = pace ?? PACE;
    const dashes = argv.indexOf('--');
    this.behindDashes = dashes < 0 ? [] : argv.slice(dashes + 1);
    [this.#out, this.#err] = this.#screens(true);
  }

  get out(): Screen {
    return this.#out;
  }

  get err(): Screen {
    return this.#err;
  }

  /** Called once, when the command line is understood and before the command runs. */
  useFlags({ url, color }: GlobalFlags): void {
    this.#url = url;
    [this.#out, this.#err] = this.#screens(color);
  }

  /** The server this command talks to. The client is loaded here, so that a command without a server starts at once. */
  async connect(pace: Partial<Pace> = {}): Promise<Connection> {
    const [{ findAddress }, { Connection }] = await Promise.all([import('./connection/address.ts'), import('./connection/connection.ts')]);
    return new Connection(await findAddress(this.io, this.#url), { pace: { ...this.pace, ...pace }, interrupted: this.io.interrupted });
  }

  /** --url as it was given. */
  get url(): string | undefined {
    return this.#url;
  }

  /** Prints a value for machines, or the lines for people. */
  async print(value: unknown, format: OutputFormat, lines: (screen: Screen) => readonly string[]): Promise<void> {
    if (format.kind === 'table') await this.#out.lines(lines(this.#out));
    else await this.#out.write(await formatValue(value, format));
  }

  #screens(flag: boolean): [Screen, Screen] {
    const { stdout, stderr, env, local } = this.io;
    // npm leaves this for every program it starts, npx included
    const viaNpx = env['npm_execpath'] !== undefined;
    const program = `${viaNpx ? 'npx trainyard' : 'trainyard'}${local === true ? ' local' : ''}`;
    const screen = (stream: OutStream): Screen => new Screen(stream, { coloured: wantsColour(stream, { flag, env }), program });
    return [screen(stdout), screen(stderr)];
  }
}
