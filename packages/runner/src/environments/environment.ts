import type { EnvironmentChoice } from '@trainyard/core/training/spec.ts';
import type { AttemptLog } from '../attempt-log.ts';
import type { RunProgram } from '../process/run-program.ts';

/** What a project asks to be installed. */
export type EnvironmentSpec =
  /** Nothing: the programs that are there. */
  | { readonly kind: 'none' }
  | {
      readonly kind: 'python';
      /** Version or prefix (`3.11`, `3.11.7`), or comparisons (`>=3.10,<3.13`); absent = any. */
      readonly python: string | undefined;
      readonly buildDependencies: readonly string[];
      readonly dependencies: readonly string[];
      /** Directory that relative requirement files and paths refer to. */
      readonly baseDir: string;
      /** File it was read from, for messages. */
      readonly from: string;
    }
  | {
      readonly kind: 'conda';
      readonly text: string;
      readonly python: string | undefined;
      readonly channels: readonly string[];
      /** Conda packages except python and pip, as written. */
      readonly packages: readonly string[];
      readonly pip: readonly string[];
      readonly baseDir: string;
      readonly from: string;
    };

export interface ReadyEnvironment {
  /** Content hash; the same spec on the same platform and interpreter has the same. */
  readonly id: string;
  /** Version of its Python, when it has one. */
  readonly python: string | undefined;
  /** To be set for the programs that run in it (PATH already begins with its bin directory). */
  readonly variables: Readonly<Record<string, string>>;
  /** True when it was there already. */
  readonly cached: boolean;
  /** Gives it back: it may be removed from the cache when nobody holds it. */
  release(): Promise<void>;
}

export interface PrepareContext {
  readonly cacheDir: string;
  readonly choice: EnvironmentChoice;
  /** Environment variables of the runner that programs may see. */
  readonly env: Readonly<Record<string, string>>;
  readonly limitBytes: number;
  readonly log: AttemptLog;
  readonly signal: AbortSignal;
  readonly graceMs: number;
  readonly runProgram: RunProgram;
}

/** Implemented by environments/prepare-environment.ts. Throws StepFailure ('environment_failed', 'bad_spec', 'disk_full'). */
export type PrepareEnvironment = (spec: EnvironmentSpec, context: PrepareContext) => Promise<ReadyEnvironment>;
