import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ToolchainIntegrationSpec } from '@trainyard/core/training/toolchain-integration.ts';
import { aSpec } from '@trainyard/testkit/builders.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runProgram } from '../process/run-program.ts';
import type { LaunchPlan, PlanContext, Toolchain } from './toolchain.ts';

type Files = Readonly<Record<string, string>>;

export interface ContractSource {
  readonly files: Files;
  readonly spec: Readonly<Record<string, unknown>>;
  /** For a toolchain that users add. */
  readonly integration?: ToolchainIntegrationSpec;
}

export interface ToolchainSuite {
  /** Runs a program that writes its parameter `text` to stdout as JSON, with nothing around it. */
  readonly echo: (text: string) => ContractSource;
  /** Starting anything of this source makes a file `started` in its root. */
  readonly startsSomething: ContractSource;
  /** Sources that ask for something that is not there: the words the message must have. */
  readonly missing: readonly (ContractSource & { readonly what: string; readonly words: readonly string[] })[];
}

/** Everything a value may hold that a shell, a template or a format could take for its own. */
const NASTY = ["it's", '"quoted"', '$(touch started)', '`touch started`', '; touch started', 'a b  c', '{text}', '%s', '\\n\\', '*', '~', '-x', '--text=y', '#', 'ü€𝔘', '!!', '&& touch started', '\n', ''];

/** The laws of toolchain.ts, for every toolchain. */
export function toolchainContract(toolchain: Toolchain, suite: ToolchainSuite): void {
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'trainyard-toolchain-'));
    await mkdir(join(root, 'scratch'));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  async function plan({ files, spec, integration }: ContractSource): Promise<LaunchPlan> {
    const sourceDir = join(root, 'source');
    for (const [name, text] of Object.entries({ '.keep': '', ...files })) {
      await mkdir(dirname(join(sourceDir, name)), { recursive: true });
      await writeFile(join(sourceDir, name), text, { mode: 0o755 });
    }
    const places = { sourceDir, workDir: sourceDir, scratchDir: join(root, 'scratch'), path: process.env['PATH'] ?? '' };
    const context: PlanContext = { training: 'wine', spec: aSpec({ toolchain: toolchain.name, ...spec }), ...places, commit: 'c'.repeat(40), integration, connections: {} };
    return toolchain.plan(context);
  }

  async function output({ argv, cwd, env }: LaunchPlan): Promise<string> {
    let text = '';
    const log = { write: (bytes: Uint8Array) => (text += Buffer.from(bytes).toString()), say: () => undefined, warn: () => undefined };
    const end = await runProgram(argv, { cwd, env: { PATH: process.env['PATH'] ?? '', ...env }, log, signal: new AbortController().signal, graceMs: 1000 });
    expect({ ...end, tail: text }).toEqual({ exitCode: 0, signal: null, tail: text });
    return text;
  }

  describe(`the toolchain ${toolchain.name}`, () => {
    it('1. reads a source and starts nothing of it', async () => {
      const { files } = suite.startsSomething;
      await plan(suite.startsSomething);
      expect((await readdir(join(root, 'source'))).toSorted()).toEqual([...new Set(['.keep', ...Object.keys(files).map((name) => name.replace(/\/.*/, ''))])].toSorted());
      for (const [name, text] of Object.entries(files)) expect(await readFile(join(root, 'source', name), 'utf8')).toBe(text);
    });

    it.each(suite.missing)('2. names what is not there: $what', async ({ words, ...source }) => {
      const error = await plan(source).catch((failure: unknown) => failure);
      expect(error).toMatchObject({ name: 'StepFailure', reason: 'bad_spec' });
      for (const word of words) expect((error as Error).message).toContain(word);
    });

    it.each(NASTY)('3. brings a value to the program as it is: %j', async (text) => {
      expect(JSON.parse(await output(await plan(suite.echo(text))))).toBe(text);
      expect(await readdir(join(root, 'source'))).not.toContain('started');
    });

    it('notes the parameters as they were given, and the commit', async () => {
      const { params, tags } = await plan(suite.echo("it's"));
      expect(params).toMatchObject({ text: "it's" });
      expect(tags).toMatchObject({ 'mlflow.source.type': 'PROJECT', 'mlflow.source.git.commit': 'c'.repeat(40), 'mlflow.source.name': 'https://example.com/wine.git' });
    });
  });
}
