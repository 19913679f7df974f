import { ApiProblem, badValue } from './api-problem.ts';

export type ClusterState = 'PENDING' | 'RUNNING' | 'RESTARTING' | 'RESIZING' | 'TERMINATING' | 'TERMINATED' | 'ERROR' | 'UNKNOWN';

export interface FakeCluster {
  state: string;
  message: string;
  /** Between `start` and RUNNING. */
  startMs: number;
  /** What a start leads to. */
  startsTo: ClusterState;
  starts: number;
  /** It becomes this at that moment. */
  next: { readonly at: number; readonly state: string } | undefined;
}

/** All-purpose clusters by id. */
export class FakeClusters {
  readonly #clusters = new Map<string, FakeCluster>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  put(id: string, cluster: Partial<FakeCluster> = {}): FakeCluster {
    const made = { state: 'RUNNING', message: '', startMs: 60_000, startsTo: 'RUNNING' as const, starts: 0, next: undefined, ...cluster };
    this.#clusters.set(id, made);
    return made;
  }

  get(id: string): FakeCluster {
    const cluster = this.#clusters.get(id);
    if (cluster === undefined) throw badValue(`Cluster ${id} does not exist`);
    if (cluster.next !== undefined && this.#now() >= cluster.next.at) {
      cluster.state = cluster.next.state;
      cluster.next = undefined;
    }
    return cluster;
  }

  show(id: string): Record<string, unknown> {
    const { state, message } = this.get(id);
    const reason = message === '' || !['TERMINATED', 'ERROR'].includes(state) ? {} : { termination_reason: { code: 'CLOUD_PROVIDER_LAUNCH_FAILURE', type: 'CLOUD_FAILURE', parameters: { azure_error_message: message } } };
    return { cluster_id: id, cluster_name: id, spark_version: '15.4.x-scala2.12', state, state_message: message, spark_context_id: 8_856_245_678_901_234_567n, ...reason };
  }

  start(id: string): void {
    const cluster = this.get(id);
    if (cluster.state === 'RUNNING' || cluster.state === 'RESIZING') return;
    if (cluster.state !== 'TERMINATED') throw new ApiProblem(400, 'INVALID_STATE', `Cluster ${id} is in unexpected state ${cluster.state}.`);
    cluster.starts++;
    cluster.state = 'PENDING';
    cluster.next = { at: this.#now() + cluster.startMs, state: cluster.startsTo };
  }
}
