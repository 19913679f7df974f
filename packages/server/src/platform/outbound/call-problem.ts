/** Words for what goes wrong on the way to another host. A system error's own message may hold an address; its code does not. */

const WORDS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name could not be looked up',
  ECONNREFUSED: 'it refused the connection',
  ECONNRESET: 'the connection broke off',
  EPIPE: 'the connection broke off',
  ERR_STREAM_PREMATURE_CLOSE: 'the connection broke off',
  ETIMEDOUT: 'it did not answer in time',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  EPROTO: 'it does not speak TLS there',
};

export function problemOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code !== 'string') return 'the connection broke off';
  if (code.startsWith('HPE_')) return 'its answer is no HTTP';
  if (/CERT|SIGNATURE|ISSUER|CRL|TLS|SSL/.test(code)) return `its TLS certificate is not accepted (${code})`;
  return WORDS[code] ?? code;
}
