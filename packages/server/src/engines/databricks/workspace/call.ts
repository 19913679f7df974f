import { isTrainyardError, messageOf } from '@trainyard/core/errors.ts';
import type { OutboundAnswer, OutboundCall, OutboundHttp } from '../../../platform/outbound/outbound-http.ts';
import { type ExactJson, parseExactly } from './exact-json.ts';
import { WorkspaceRefusal, WorkspaceTrouble } from './workspace-error.ts';

export type Outbound = Pick<OutboundHttp, 'request'>;

/** Statuses below 500 with which a later call may fare better. */
const TRANSIENT = new Set([408, 425, 429]);
/** Databricks' codes that say so, whatever the status. */
const TRANSIENT_CODES = new Set(['TEMPORARILY_UNAVAILABLE', 'RESOURCE_EXHAUSTED', 'REQUEST_LIMIT_EXCEEDED', 'DEADLINE_EXCEEDED', 'ABORTED']);
/** Words with which its own clients try again, whatever status and code: what carries the workspace is not there just now. */
const TRANSIENT_WORDS = /UnknownWorkerEnvironmentException|does not have any associated worker environments|There is no worker environment with id|Unknown worker environment|ClusterNotReadyException|worker env .* not found/;
/** What answers these may say nothing in a body and mean it. */
const WORDLESS = new Set<OutboundCall['method']>(['HEAD', 'DELETE']);

/**
 * One call, one answer: an object of JSON, or WorkspaceRefusal, or WorkspaceTrouble. An answer that is no JSON is trouble
 * whatever its status, because it does not come from the API but from something before it.
 */
export async function callJson(outbound: Outbound, call: OutboundCall, now: number): Promise<ExactJson> {
  const { answer, text } = await exchange(outbound, call);
  const isGood = answer.status >= 200 && answer.status < 300;
  // cancel and start answer nothing at all in some versions; a question has an answer
  const mayBeEmpty = isGood ? call.method !== 'GET' : WORDLESS.has(call.method);
  const json = text.trim() === '' && mayBeEmpty ? {} : parsed(text);
  if (isGood) {
    if (json !== undefined) return json;
    throw new WorkspaceTrouble(`the workspace answered ${answer.status} with something that is not JSON`, { answered: true });
  }
  const { code, message } = problemIn(json);
  const words = `the workspace answered ${answer.status}${message === '' ? '' : `: ${message}`}`;
  const isFinal = json !== undefined && !isTransient(answer.status) && !TRANSIENT_CODES.has(code) && !TRANSIENT_WORDS.test(message);
  if (isFinal) throw new WorkspaceRefusal(answer.status, code, message === '' ? words : message);
  throw new WorkspaceTrouble(words, { answered: true, retryAfterMs: retryAfter(answer, now) });
}

/** A redirect leads to a page for people, or to another address than the one that was named. A plain 500 is often passing. */
function isTransient(status: number): boolean {
  return status < 400 || TRANSIENT.has(status) || (status >= 500 && status !== 501);
}

async function exchange(outbound: Outbound, call: OutboundCall): Promise<{ answer: OutboundAnswer; text: string }> {
  try {
    const answer = await outbound.request(call);
    const pieces: Buffer[] = [];
    for await (const piece of answer.body) pieces.push(piece as Buffer);
    return { answer, text: Buffer.concat(pieces).toString('utf8') };
  } catch (error) {
    // not allowed out is a matter of the configuration; time does not mend it, but an administrator may
    throw new WorkspaceTrouble(isTrainyardError(error) ? error.message : `the call to the workspace failed: ${messageOf(error)}`, { cause: error });
  }
}

function parsed(text: string): ExactJson | undefined {
  try {
    const json = parseExactly(text);
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? json : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** `{error_code, message}` of the API, `{error, error_description}` of OAuth, `{scimType, detail}` of users. */
function problemIn(json: ExactJson | undefined): { code: string; message: string } {
  const body = (json ?? {}) as Readonly<Record<string, ExactJson>>;
  const code = body['error_code'] ?? body['error'] ?? body['scimType'] ?? '';
  const message = body['message'] ?? body['error_description'] ?? body['detail'] ?? '';
  return { code: String(code), message: String(message).slice(0, 4000) };
}

/** Seconds or a date, as HTTP has it. */
function retryAfter({ headers }: OutboundAnswer, now: number): number | undefined {
  const value = headers['retry-after'];
  if (value === undefined) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}
