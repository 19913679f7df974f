import { Readable } from 'node:stream';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { OutboundAnswer, OutboundCall } from '@trainyard/server/platform/outbound/outbound-http.ts';
import type { FakeWorkspace } from './fake-workspace.ts';

export interface WorkspaceOutboundOptions {
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** There and back, in the time of `sleep`. */
  readonly latencyMs?: number;
}

/** Calls to a fake workspace without a network in between, for tests that have a clock of their own. */
export class WorkspaceOutbound {
  readonly #workspace: FakeWorkspace;
  readonly #options: WorkspaceOutboundOptions;

  constructor(workspace: FakeWorkspace, options: WorkspaceOutboundOptions = {}) {
    this.#workspace = workspace;
    this.#options = options;
  }

  readonly request = async (call: OutboundCall): Promise<OutboundAnswer> => {
    const url = new URL(call.url);
    await this.#pass(call.signal);
    const answer = this.#workspace.handle({ method: call.method, path: url.pathname + url.search, headers: { ...call.headers }, body: typeof call.body === 'string' ? call.body : '', ...(call.body instanceof Uint8Array ? { bytes: call.body } : {}) });
    await this.#pass(call.signal);
    if (answer === undefined) throw new TrainyardError(this.#workspace.down ? 'OUTBOUND_UNREACHABLE' : 'OUTBOUND_BROKEN', { host: url.host, problem: 'the connection broke off' });
    if (answer.stalls === true) throw new TrainyardError('OUTBOUND_BROKEN', { host: url.host, problem: `it did not answer within ${call.timeoutMs / 1000} s` });
    const body = Buffer.from(call.method === 'HEAD' ? '' : answer.body);
    if (body.length > call.maxBytes) throw new TrainyardError('OUTBOUND_BROKEN', { host: url.host, problem: `its answer is larger than ${call.maxBytes} bytes` });
    return { status: answer.status, headers: { ...answer.headers }, body: Readable.from([body]) };
  };

  /** Half of the way. A caller that gives up hears of nothing, whatever the call did. */
  async #pass(signal: AbortSignal | undefined): Promise<void> {
    const { sleep, latencyMs = 0 } = this.#options;
    if (latencyMs > 0) await sleep?.(latencyMs / 2, signal);
    signal?.throwIfAborted();
  }
}
