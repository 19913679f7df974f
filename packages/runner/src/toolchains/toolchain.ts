import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import type { TrainingSpec } from '@trainyard/core/training/spec.ts';
import type { ToolchainIntegrationSpec } from '@trainyard/core/training/toolchain-integration.ts';
import type { EnvironmentSpec } from '../environments/environment.ts';

export interface PlanContext {
  /** Id of the training. */
  readonly training: string;
  readonly spec: TrainingSpec;
  /** Root of the unpacked source. */
  readonly sourceDir: string;
  /** Where it runs: `sourceDir` and the spec's workDir, checked to lie inside. */
  readonly workDir: string;
  /** A directory of the attempt's own for files the launch needs (downloads, scripts). */
  readonly scratchDir: string;
  readonly commit: string | undefined;
  /** The toolchain as users have added it, when they have. */
  readonly integration?: ToolchainIntegrationSpec | undefined;
  /** Id → connection, of those the spec names. They hold secrets: not for files or arguments of programs. */
  readonly connections: Readonly<Record<string, ConnectionSpec>>;
  /** PATH as programs of the attempt see it. */
  readonly path: string;
}

/** What a toolchain makes of a source: what to install, what to start, what to note on the MLflow run. */
export interface LaunchPlan {
  readonly environment: EnvironmentSpec;
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Variables that the training cannot set otherwise. */
  readonly ownEnv?: Readonly<Record<string, string>>;
  /** Logged as params and tags of the run before it starts, as `mlflow run` does. */
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  /** The program logs its parameters itself, perhaps in other words (1 as 1.0): only those it did not log are, when it has ended. */
  readonly paramsAfter?: boolean;
  /** Asked once the program has ended, however it did. */
  readonly leftovers?: () => Promise<Leftovers>;
  /** The program makes the trained model binary itself, in place of a model that is packed. */
  readonly binary?: OwnBinary;
}

/** What a program leaves as the trained model binary: everything in a directory, as it is. */
export interface OwnBinary {
  /** Absolute path. */
  readonly dir: string;
  /** ODAHU's project file in it: the program must leave one, or one is added when it leaves none. */
  readonly projectFile: 'left' | 'added';
}

/** What a program left beside its exit code. */
export interface Leftovers {
  /** What it gave back. */
  readonly result?: string | undefined;
  /** Why it failed, better than its exit code says it. */
  readonly problem?: string | undefined;
  /** Text files to keep, which secrets are taken out of: `path` among the run's artifacts. */
  readonly artifacts: readonly { readonly path: string; readonly file: string }[];
}

/**
 * How a source becomes a launch. Laws, tested on every toolchain by toolchain.contract.ts:
 *  1. `plan` reads the source and starts nothing of it.
 *  2. Anything the source or spec asks for that is not there is a StepFailure 'bad_spec' that names it and the nearest name.
 *  3. Values of users reach a program as argv or environment; where the format wants a shell, they are quoted for POSIX.
 */
export interface Toolchain {
  readonly name: string;
  plan(context: PlanContext): Promise<LaunchPlan>;
}
