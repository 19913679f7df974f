import { isTrainyardError, messageOf } from '@trainyard/core/errors.ts';
import type { OutboundAnswer, OutboundCall, OutboundHttp } from '../../../platform/outbound/outbound-http.ts';
import { type ExactJson, parseExactly } from './exact-json.ts';
import { WorkspaceRefusal, WorkspaceTrouble } from './workspace-error.ts';

export type Outbound = Pick<OutboundHttp, 'request'>;

/** Most statuses with which a later call may fare better; a plain 500 of Databricks is often one of them. */
const TRANSIENT = new Set([408, 425, 429, 500, 502, 503, 504]);
/** Databricks' codes that say so, whatever the status. */
const TRANSIENT_CODES = new Set(['TEMPORARILY_UNAVAILABLE', 'RESOURCE_EXHAUSTED', 'REQUEST_LIMIT_EXCEEDED', 'DEADLINE_EXCEEDED', 'ABORTED']);

/**
 * One call, one answer: an object of JSON, or WorkspaceRefusal, or WorkspaceTrouble. An answer that is no JSON is trouble
 * whatever its status, because it does not come from the API but from something before it.
 */
export async function callJson(outbound: Outbound, call: OutboundCall, now: number): Promise<ExactJson> {
  const { answer, text } = await exchange(outbound, call);
  const json = parsed(text);
  if (answer.status >= 200 && answer.status < 300) {
    if (json !== undefined) return json;
    throw new WorkspaceTrouble(`the workspace answered ${answer.status} with something that is not JSON`, { answered: true });
  }
  const { code, message } = problemIn(json);
  if (TRANSIENT.has(answer.status) || TRANSIENT_CODES.has(code) || json === undefined) {
    throw new WorkspaceTrouble(`the workspace answered ${answer.status}${message === '' ? '' : `: ${message}`}`, { answered: true, retryAfterMs: retryAfter(answer, now) });
  }
  throw new WorkspaceRefusal(answer.status, code, message === '' ? `the workspace answered ${answer.status}` : message);
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
  // cancel and start answer nothing at all in some versions
  if (text.trim() === '') return {};
  try {
    const json = parseExactly(text);
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? json : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** `{error_code, message}` of the API, `{error, error_description}` of OAuth. */
function problemIn(json: ExactJson | undefined): { code: string; message: string } {
  const body = (json ?? {}) as Readonly<Record<string, ExactJson>>;
  return { code: String(body['error_code'] ?? body['error'] ?? ''), message: String(body['message'] ?? body['error_description'] ?? '').slice(0, 4000) };
}

/** Seconds or a date, as HTTP has it. */
function retryAfter({ headers }: OutboundAnswer, now: number): number | undefined {
  const value = headers['retry-after'];
  if (value === undefined) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}
