import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CERTIFICATE, KEY } from './test-certificate.ts';

const server = createServer({ key: KEY, cert: CERTIFICATE }, (_, response) => response.end('direct and secure'));
let dir: string;
let port: number;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'trainyard-outbound-'));
  writeFileSync(join(dir, 'ca.pem'), CERTIFICATE);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.close();
  rmSync(dir, { recursive: true });
});

const PROGRAM = `
  import { text } from 'node:stream/consumers';
  const { OutboundHttp } = await import(process.argv[1] + '/outbound-http.ts');
  const { AllowList } = await import(process.argv[1] + '/allow-list.ts');
  const outbound = new OutboundHttp({ allow: new AllowList(['127.0.0.0/8', '::1']) });
  try {
    const { status, body } = await outbound.request({ url: process.argv[2], method: 'GET', timeoutMs: 30000, maxBytes: 1000 });
    console.log(status, await text(body));
  } catch (error) {
    console.log(error.code, error.message);
  }
`;

/** What a process with this environment prints about a call of its own. */
async function callIn(env: Record<string, string>, host: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', PROGRAM, import.meta.dirname, `https://${host}:${port}/`], { env: { PATH: process.env['PATH'] ?? '', ...env } });
  return stdout.trim();
}

/** A proxy that nobody is: a call that takes it fails. */
const PROXY = { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: 'http://127.0.0.1:1', HTTPS_PROXY: 'http://127.0.0.1:1', https_proxy: 'http://127.0.0.1:1', ALL_PROXY: 'http://127.0.0.1:1' };

describe('the environment of the process', () => {
  it('may add certificates to trust, and cannot put a proxy in between', async () => {
    expect(await callIn({ ...PROXY, NODE_EXTRA_CA_CERTS: join(dir, 'ca.pem') }, 'localhost')).toBe('200 direct and secure');
  });

  it('cannot turn the check of certificates off', async () => {
    expect(await callIn({ NODE_TLS_REJECT_UNAUTHORIZED: '0' }, 'localhost')).toMatch(/^OUTBOUND_UNREACHABLE .*its TLS certificate is not accepted/);
  });

  it('does not make a certificate good for another name', async () => {
    expect(await callIn({ NODE_EXTRA_CA_CERTS: join(dir, 'ca.pem') }, '127.0.0.1')).toMatch(/^OUTBOUND_UNREACHABLE .*\(ERR_TLS_CERT_ALTNAME_INVALID\)/);
  });
});
