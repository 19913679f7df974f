import type { SubmitRequest } from './submit-request.ts';

/** How a run ends, in the words of the API. */
export interface RunEnd {
  readonly code: string;
  readonly type: string;
  readonly message: string;
  readonly result?: string;
  readonly lifeCycle?: string;
}

export const WELL: RunEnd = { code: 'SUCCESS', type: 'SUCCESS', message: '', result: 'SUCCESS' };
export const RAISED: RunEnd = { code: 'RUN_EXECUTION_ERROR', type: 'CLIENT_ERROR', message: 'Workload failed, see run output for details', result: 'FAILED', lifeCycle: 'INTERNAL_ERROR' };
const CANCELLED: RunEnd = { code: 'USER_CANCELED', type: 'CLIENT_ERROR', message: 'Run cancelled.', result: 'CANCELED' };
export const TIMED_OUT: RunEnd = { code: 'CANCELED', type: 'CLIENT_ERROR', message: 'Run timed out.', result: 'TIMEDOUT' };
export const CLUSTER_FAILED: RunEnd = { code: 'CLUSTER_ERROR', type: 'CLOUD_FAILURE', message: 'The cluster could not be used.', lifeCycle: 'INTERNAL_ERROR' };

export interface TaskOutput {
  /** What a program printed. */
  readonly logs?: string;
  readonly logsTruncated?: boolean;
  readonly result?: string;
  readonly truncated?: boolean;
  readonly error?: string;
  readonly errorTrace?: string;
}

/** What happens to a run, in milliseconds of each state. */
export interface RunPlan {
  readonly queuedMs?: number;
  readonly pendingMs?: number;
  readonly runningMs?: number;
  readonly terminatingMs?: number;
  readonly end?: RunEnd;
  readonly output?: TaskOutput;
  /** Carries it out instead of waiting `runningMs`. */
  readonly execute?: (run: FakeRun) => Execution;
}

/** A notebook or program that is really at work. */
export interface Execution {
  readonly ended: Promise<{ readonly end: RunEnd; readonly output: TaskOutput }>;
  cancel(): void;
}

export type RunPhase = 'QUEUED' | 'PENDING' | 'RUNNING' | 'TERMINATING' | 'TERMINATED';

/** One run and its one task, which lives through its phases as time passes. */
export class FakeRun {
  readonly id: bigint;
  readonly taskId: bigint;
  readonly request: SubmitRequest;
  readonly createdAt: number;
  readonly plan: RunPlan;
  phase: RunPhase = 'QUEUED';
  since: number;
  end: RunEnd | undefined;
  endedAt = 0;
  output: TaskOutput;
  cancelAsked = false;
  #execution: Execution | undefined;

  constructor(ids: { readonly id: bigint; readonly taskId: bigint }, request: SubmitRequest, { plan, now }: { plan: RunPlan; now: number }) {
    this.id = ids.id;
    this.taskId = ids.taskId;
    this.request = request;
    this.plan = plan;
    this.createdAt = this.since = now;
    this.output = plan.output ?? {};
  }

  get clusterId(): string | undefined {
    return this.request.tasks[0]?.existing_cluster_id;
  }

  get isOver(): boolean {
    return this.phase === 'TERMINATED';
  }

  /** `cluster`: whether the one it waits for is there. */
  advance(now: number, cluster: 'ready' | 'coming' | 'failed'): void {
    this.#checkTimeout(now);
    for (let moved = true; moved; ) moved = this.#step(now, cluster);
  }

  cancel(now: number, end: RunEnd = CANCELLED): void {
    if (this.phase === 'TERMINATED' || this.phase === 'TERMINATING') return;
    this.cancelAsked = true;
    if (this.#execution === undefined) this.#finish(end, {}, now);
    else {
      this.end = end;
      this.#execution.cancel();
    }
  }

  #checkTimeout(now: number): void {
    const limitMs = (this.request.timeout_seconds ?? 0) * 1000;
    const late = this.createdAt + limitMs;
    const mayStillEnd = this.plan.execute !== undefined || this.phase !== 'RUNNING' || this.since + (this.plan.runningMs ?? 0) > late;
    if (limitMs > 0 && now >= late && mayStillEnd && !this.cancelAsked) this.cancel(late, TIMED_OUT);
  }

  #step(now: number, cluster: 'ready' | 'coming' | 'failed'): boolean {
    const { queuedMs = 0, pendingMs = 0, terminatingMs = 0 } = this.plan;
    switch (this.phase) {
      case 'QUEUED':
        return this.#moveAfter(queuedMs, now, 'PENDING');
      case 'PENDING':
        if (cluster === 'failed') return this.#finish(CLUSTER_FAILED, {}, now);
        return cluster === 'ready' && this.#moveAfter(pendingMs, now, 'RUNNING');
      case 'RUNNING':
        return this.#work(now);
      case 'TERMINATING':
        return this.#moveAfter(terminatingMs, now, 'TERMINATED');
      case 'TERMINATED':
        return false;
      default:
        return this.phase satisfies never;
    }
  }

  #work(now: number): boolean {
    const { execute, runningMs = 0, end = WELL, output = {} } = this.plan;
    if (execute === undefined) return now >= this.since + runningMs && this.#finish(end, output, this.since + runningMs);
    if (this.#execution === undefined) {
      this.#execution = execute(this);
      // a notebook that cannot even be carried out is a mistake of the test, which its end will show
      void this.#execution.ended.then((ended) => this.#finish(this.end ?? ended.end, ended.output, this.since));
    }
    return false;
  }

  #finish(end: RunEnd, output: TaskOutput, at: number): boolean {
    this.end = end;
    this.output = output;
    this.phase = 'TERMINATING';
    this.since = at;
    return true;
  }

  #moveAfter(ms: number, now: number, phase: RunPhase): boolean {
    if (now < this.since + ms) return false;
    this.since += ms;
    this.phase = phase;
    if (phase === 'TERMINATED') this.endedAt = this.since;
    return true;
  }
}
