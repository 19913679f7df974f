import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { HttpAgents } from './http-agents.ts';
import { storeFailure } from './store-failure.ts';

export interface HttpCall {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string | undefined;
  readonly signal: AbortSignal;
}

const MAX_TEXT_BYTES = 64 * 1024 * 1024;

/** One call without redirects; the body of the answer has to be read or destroyed. Throws StoreFailure when there is no answer. */
export async function httpCall(agents: HttpAgents, { method, url, headers, body, signal }: HttpCall): Promise<IncomingMessage> {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  try {
    return await new Promise<IncomingMessage>((resolve, reject) => {
      const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
      send(url, { method, headers: { ...headers, ...length }, agent: agents.of(url), signal }, resolve).once('error', reject).end(body);
    });
  } catch (error) {
    signal.throwIfAborted();
    throw storeFailure({ status: undefined, code: String((error as { code?: unknown }).code ?? '') });
  }
}

/** The whole body of an answer that is not large. */
export async function textOf(answer: IncomingMessage, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_TEXT_BYTES) throw storeFailure({ status: 400, code: 'AnswerTooLarge' });
      chunks.push(chunk);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof Error && error.name === 'StoreFailure' ? error : storeFailure({ status: undefined, code: String((error as { code?: unknown }).code ?? '') });
  }
  return Buffer.concat(chunks).toString();
}
