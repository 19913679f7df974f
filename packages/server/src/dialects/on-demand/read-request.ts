import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import { messageOf, TrainyardError } from '@trainyard/core/errors.ts';
import { NO_MODEL_TYPE } from './errors.ts';
import { nameOfType, parseRequest, toWidgetTexts } from './parameters.ts';

export interface TrainRequest {
  readonly modelType: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** The text of a JSON body, without a byte order mark. Throws BAD_REQUEST, INVALID_JSON for bytes that would be garbled in every message about them. */
export function readText(headers: IncomingHttpHeaders, body: Buffer): string {
  if (!/^(identity)?$/i.test(headers['content-encoding'] ?? '')) throw new TrainyardError('BAD_REQUEST', { problem: 'the body has a Content-Encoding, and only plain JSON is taken: send it uncompressed' });
  if (!isUtf8(body) || body.includes(0)) throw new TrainyardError('INVALID_JSON', { problem: 'it is not text in UTF-8' });
  return body.toString('utf8').replace(/^\uFEFF/, '');
}

/** The body of a request for a training. No body, or one of another type than JSON, is one without a model type, as in the original. */
export function readRequest(body: string | undefined): TrainRequest {
  try {
    return requestOf(body);
  } catch (error) {
    // of lists within lists within lists, when they are read or written
    if (error instanceof RangeError) throw new TrainyardError('INVALID_JSON', { problem: 'it is nested too deeply' }, { cause: error });
    throw error;
  }
}

function requestOf(body: string | undefined): TrainRequest {
  const fields = body === undefined || body === '' ? {} : objectOf(body);
  const { modelType } = fields;
  if (modelType === undefined || modelType === null || modelType === '') throw new TrainyardError('INVALID_FIELDS', { problem: NO_MODEL_TYPE });
  if (typeof modelType !== 'string') throw new TrainyardError('INVALID_FIELDS', { problem: `modelType must be text, found ${nameOfType(modelType)}` });
  return { modelType, parameters: toWidgetTexts(fields['parameters']) };
}

function objectOf(body: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = parseRequest(body);
  } catch (error) {
    if (error instanceof RangeError) throw error;
    throw new TrainyardError('INVALID_JSON', { problem: messageOf(error) }, { cause: error });
  }
  const found = nameOfType(value);
  if (found !== 'an object') throw new TrainyardError('INVALID_FIELDS', { problem: `the request body must be an object, found ${found}` });
  // only what the body itself has: a body without modelType has none, whatever objects inherit
  return Object.assign(Object.create(null) as Record<string, unknown>, value);
}

/** Printable and short enough for every client's idea of a key. */
const KEY = /^[\x21-\x7e]{1,255}$/;

/** The `Idempotency-Key` header. */
export function readKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (typeof header === 'string' && KEY.test(header)) return header;
  throw new TrainyardError('INVALID_FIELDS', { problem: 'Idempotency-Key must be 1 to 255 printable characters without spaces' });
}
