import type { Observation } from '@trainyard/core/training/decide.ts';
import type { Report } from '@trainyard/core/training/outcome.ts';
import type { RunnerOrder } from '@trainyard/core/training/runner-order.ts';
import type { Resources } from '@trainyard/core/training/spec.ts';

/** What an engine can do, shown in the API and checked before a run is accepted. */
export interface Capabilities {
  /** Takes launches of programs: it starts a runner. */
  readonly commands: boolean;
  /** Takes notebooks by their name (`algorithmSource.notebook`) and runs them itself, without a runner. */
  readonly notebooks: boolean;
  /** Its runners are started on other machines, which have to reach this server. */
  readonly remoteRunners: boolean;
  readonly gpu: boolean;
  readonly containers: boolean;
  /** Enforces `resources.limits`. */
  readonly resourceLimits: boolean;
  /** The execution goes on when the server is gone. */
  readonly survivesServer: boolean;
}

/** One attempt as an engine is handed it. */
export interface Assignment {
  readonly order: RunnerOrder;
  readonly resources: Resources;
  readonly image: string | undefined;
}

/**
 * Runs one attempt somewhere. `key` is `<run id>-<attempt>`. Laws, tested on every engine by engine.contract.ts:
 *  1. `submit` with the same key twice starts one execution, also when the server died in between.
 *  2. `observe` of something unknown says `missing`; it does not throw. An engine that cannot be asked says `unreachable`.
 *  3. `stop`, `kill` and `reap` of something gone succeed.
 *  4. `logs` can be read from any byte, `reports` as a whole, also after the end, until `reap`.
 *  5. No call waits for the training itself.
 *  6. After `kill` and after `reap` nothing the attempt started is left, however it tried to hide.
 */
export interface Engine {
  readonly name: string;
  readonly can: Capabilities;
  /** Throws EngineUnreachable when nobody answered; anything else it throws means that this attempt cannot start. */
  submit(key: string, assignment: Assignment): Promise<void>;
  observe(key: string): Promise<Observation>;
  /** The log as the runner left it; empty when the engine keeps none. */
  logs(key: string, fromByte: number): AsyncIterable<Uint8Array>;
  /** Reports as the runner left them, those included that it has sent; empty when the engine keeps none. */
  reports(key: string): Promise<readonly Report[]>;
  /** Politely; the runner sees to the grace period. */
  stop(key: string, graceMs: number): Promise<void>;
  kill(key: string): Promise<void>;
  /** Gives back everything the attempt holds. Called once it has ended. */
  reap(key: string): Promise<void>;
  /** Keys of all attempts it holds anything of; at its start the server reaps those that nobody needs. */
  keys(): Promise<readonly string[]>;
  /** Lets go of what it holds for itself; attempts go on. */
  close(): Promise<void>;
}

/** The engine did not answer: nothing is known, try again later. */
export class EngineUnreachable extends Error {
  override readonly name = 'EngineUnreachable';
}
