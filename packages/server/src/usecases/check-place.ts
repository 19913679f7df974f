import { type Checked, type Connection, type ConnectionContext, ConnectionError, type ConnectionProblem } from '@trainyard/connections/connection.ts';
import { type ConnectionSpec, MASK, secretsOf } from '@trainyard/core/connection/connection-spec.ts';
import { isTrainyardError, type TrainyardError } from '@trainyard/core/errors.ts';
import type { GuardedLookup } from '../platform/outbound/guarded-lookup.ts';

/** Whether the place of a connection is there and lets us in. */
export type ConnectionCheck =
  | { readonly ok: true; readonly notes: readonly string[]; readonly publicKey?: string | undefined }
  | { readonly ok: false; readonly notes: readonly string[]; readonly problem: ConnectionProblem; readonly message: string };

export interface CheckNeeds {
  readonly reach: Pick<GuardedLookup, 'check' | 'lookup'>;
  readonly context: Omit<ConnectionContext, 'signal' | 'lookup'>;
  readonly timeoutMs: number;
}

/** Asks the place, for at most `timeoutMs`. Says nothing that is secret; throws only for what is no fault of the connection. */
export async function checkPlace(type: Connection, spec: ConnectionSpec, { reach, context, timeoutMs }: CheckNeeds): Promise<ConnectionCheck> {
  const signal = AbortSignal.timeout(timeoutMs);
  const asked = async (): Promise<Checked> => {
    for (const host of hostsOf(spec)) await reach.check(host);
    return type.check({ spec }, { ...context, signal, lookup: reach.lookup });
  };
  try {
    const { notes, publicKey } = await Promise.race([asked(), lateness(signal, `${type.type} '${spec.uri}' gave no answer within ${timeoutMs / 1000} s: check the address and the network`)]);
    return { ok: true, notes: notes.map((note) => masked(note, spec)), ...(publicKey === undefined ? {} : { publicKey }) };
  } catch (error) {
    const unreached = outboundError(error);
    if (unreached !== undefined) return failed(unreached.code === 'OUTBOUND_REFUSED' ? 'refused' : 'unreachable', `${unreached.message}; ${unreached.hint}`, spec);
    if (error instanceof ConnectionError) return failed(error.problem, error.message, spec);
    throw error;
  }
}

function lateness(signal: AbortSignal, message: string): Promise<never> {
  return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new ConnectionError('unreachable', message))));
}

function failed(problem: ConnectionProblem, message: string, spec: ConnectionSpec): ConnectionCheck {
  return { ok: false, notes: [], problem, message: masked(message, spec) };
}

/** Hosts a connection names. An address in place of a name is never looked up, so it must be looked at here. */
function hostsOf({ uri, endpoint }: ConnectionSpec): string[] {
  return [uri, endpoint ?? ''].flatMap((text) => {
    const scp = /^[^\s/@]+@([^\s/:]+)[:/]/.exec(text)?.[1];
    if (scp !== undefined) return [scp];
    // the host of s3://bucket/path is none
    return /^(https?|ssh|git|hdfs|webhdfs|swebhdfs):\/\//i.test(text) && URL.canParse(text) ? [new URL(text).hostname] : [];
  });
}

/** What the look-up said, which libraries wrap into errors of their own. */
function outboundError(error: unknown): TrainyardError | undefined {
  for (let one = error, depth = 0; one instanceof Error && depth < 8; one = one.cause, depth++) {
    if (isTrainyardError(one) && (one.code === 'OUTBOUND_REFUSED' || one.code === 'OUTBOUND_UNREACHABLE')) return one;
  }
  return undefined;
}

/** Types say nothing secret; a server that repeats what it was sent must not undo that. */
function masked(text: string, spec: ConnectionSpec): string {
  const forms = secretsOf(spec).flatMap((secret) => [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')]);
  return forms.filter((form) => form.length > 3).reduce((said, form) => said.replaceAll(form, MASK), text);
}
