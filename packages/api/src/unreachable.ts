import { messageOf, TrainyardError } from '@trainyard/core/errors.ts';

/** Codes of Node and OpenSSL. */
const WORDS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name could not be looked up',
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'the connection broke off',
  EPIPE: 'the connection broke off',
  UND_ERR_SOCKET: 'the connection broke off',
  ETIMEDOUT: 'it did not answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'it did not answer in time',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  EPROTO: 'it does not speak https',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak https',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak https',
};

/** SERVER_UNREACHABLE for what `fetch` threw, whose own words are always the same. */
export function unreachable(url: string, error: unknown): TrainyardError {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const code = (cause as { readonly code?: unknown } | null)?.code;
  const problem = typeof code === 'string' ? (WORDS[code] ?? code) : messageOf(cause);
  return new TrainyardError('SERVER_UNREACHABLE', { url, problem }, { cause: error });
}
