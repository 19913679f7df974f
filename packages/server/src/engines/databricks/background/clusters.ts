import type { Reason } from '@trainyard/core/training/reason.ts';
import type { Clock } from '../clock.ts';
import type { ClusterView, Workspace } from '../workspace/workspace.ts';
import { WorkspaceRefusal } from '../workspace/workspace-error.ts';

/** Whether a cluster takes runs now. `waiting`: ask again. */
export type Readiness =
  | { readonly kind: 'ready' }
  | { readonly kind: 'waiting'; readonly text: string }
  | { readonly kind: 'failed'; readonly reason: Reason; readonly message: string };

/** One look at a cluster serves all runs that wait for it. */
const LOOK_EVERY_MS = 5_000;
/** Between `start` and a state that shows it. */
const START_SHOWS_AFTER_MS = 30_000;
/** As long as Databricks' own clients wait for a start. */
const PATIENCE_MS = 20 * 60_000;
/** A cluster nobody asked for meanwhile begins anew: what was seen of it says nothing any more. */
const FORGET_AFTER_MS = 60_000;

interface Watch {
  lookedAt: number;
  /** Since when it has not been ready; undefined while it is. */
  waitingSince: number | undefined;
  startedAt: number | undefined;
  readiness: Promise<Readiness>;
}

/**
 * Wakes clusters up before runs are handed to them. Databricks would start a terminated one by itself; done here, a cluster
 * that cannot start is an error of its own, and no run is created on it.
 */
export class Clusters {
  readonly #workspace: Pick<Workspace, 'cluster' | 'startCluster'>;
  readonly #clock: Clock;
  readonly #watches = new Map<string, Watch>();

  constructor(workspace: Pick<Workspace, 'cluster' | 'startCluster'>, clock: Clock) {
    this.#workspace = workspace;
    this.#clock = clock;
  }

  /** For one who waits since `since`: the patience is each one's own. Throws WorkspaceTrouble. */
  async readiness(clusterId: string, since: number): Promise<Readiness> {
    const watch = this.#watch(clusterId);
    try {
      const readiness = await watch.readiness;
      if (readiness.kind === 'failed') this.#watches.delete(clusterId);
      const isLate = readiness.kind === 'waiting' && this.#clock.now() - Math.max(watch.waitingSince ?? since, since) >= PATIENCE_MS;
      return isLate ? { kind: 'failed', reason: 'could_not_start', message: `cluster ${clusterId} was not running after ${PATIENCE_MS / 60_000} minutes` } : readiness;
    } catch (error) {
      this.#watches.delete(clusterId);
      throw error;
    }
  }

  #watch(clusterId: string): Watch {
    const now = this.#clock.now();
    const known = this.#watches.get(clusterId);
    if (known !== undefined && now - known.lookedAt < LOOK_EVERY_MS) return known;
    const goesOn = known !== undefined && now - known.lookedAt < FORGET_AFTER_MS;
    const watch: Watch = { lookedAt: now, waitingSince: goesOn ? known.waitingSince : undefined, startedAt: goesOn ? known.startedAt : undefined, readiness: Promise.resolve({ kind: 'ready' }) };
    watch.readiness = this.#look(clusterId, watch);
    this.#watches.set(clusterId, watch);
    return watch;
  }

  async #look(clusterId: string, watch: Watch): Promise<Readiness> {
    try {
      const readiness = await this.#judge(clusterId, watch, await this.#workspace.cluster(clusterId));
      if (readiness.kind === 'ready') watch.waitingSince = watch.startedAt = undefined;
      else watch.waitingSince ??= this.#clock.now();
      return readiness;
    } catch (error) {
      if (!(error instanceof WorkspaceRefusal)) throw error;
      return { kind: 'failed', reason: error.reason, message: `cluster ${clusterId}: ${error.message}` };
    }
  }

  async #judge(clusterId: string, watch: Watch, { state, message }: ClusterView): Promise<Readiness> {
    const why = message === '' ? '' : `: ${message}`;
    switch (state) {
      case 'RUNNING':
      case 'RESIZING':
        return { kind: 'ready' };
      case 'ERROR':
        return { kind: 'failed', reason: 'could_not_start', message: `cluster ${clusterId} is in error${why}` };
      case 'TERMINATED':
        return this.#start(clusterId, watch, why);
      default:
        // PENDING, RESTARTING, TERMINATING, UNKNOWN, and what may be added: it will become one of the others
        return { kind: 'waiting', text: `waits for cluster ${clusterId}, which is ${state}` };
    }
  }

  async #start(clusterId: string, watch: Watch, why: string): Promise<Readiness> {
    const now = this.#clock.now();
    if (watch.startedAt !== undefined && now - watch.startedAt > START_SHOWS_AFTER_MS) {
      return { kind: 'failed', reason: 'could_not_start', message: `cluster ${clusterId} was started and terminated again${why}` };
    }
    if (watch.startedAt === undefined) {
      await this.#order(clusterId);
      watch.startedAt = this.#clock.now();
    }
    return { kind: 'waiting', text: `waits for cluster ${clusterId}, which was terminated and is started` };
  }

  async #order(clusterId: string): Promise<void> {
    try {
      await this.#workspace.startCluster(clusterId);
    } catch (error) {
      // somebody else has started it in between
      if (!(error instanceof WorkspaceRefusal && error.code === 'INVALID_STATE')) throw error;
    }
  }
}
