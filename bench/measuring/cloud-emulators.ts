import { randomBytes } from 'node:crypto';
import { createReadStream, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import { fakeGcsHome } from '@trainyard/testkit/clouds/fake-gcs.ts';
import { s3proxyHome } from '@trainyard/testkit/clouds/s3proxy.ts';
import { type Service, withService } from '@trainyard/testkit/clouds/service.ts';

const BUCKET = 'bench';

/** An object store of this machine over a directory, that both clients call directly. */
export interface Emulator extends AsyncDisposable {
  readonly name: string;
  readonly spec: ConnectionSpec;
  /** What rclone calls it in its configuration, and what it has to know. */
  readonly rclone: { readonly remote: string; readonly env: Readonly<Record<string, string>> };
  put(key: string, file: string | Buffer): Promise<void>;
}

/** S3Proxy; it checks signatures. */
export async function s3Emulator(): Promise<Emulator> {
  const home = await s3proxyHome();
  const keys = { id: 'AKIAOFTHEBENCH000000', secret: randomBytes(16).toString('hex') };
  return withService(
    {
      name: 's3proxy',
      command: ({ dir, port }) => {
        mkdirSync(join(dir, 'buckets', BUCKET), { recursive: true });
        const settings = { 's3proxy.endpoint': `http://127.0.0.1:${port}`, 's3proxy.authorization': 'aws-v2-or-v4', 's3proxy.identity': keys.id, 's3proxy.credential': keys.secret, 's3proxy.ignore-unknown-headers': 'true', 's3proxy.v4-max-non-chunked-request-size': '134217728', 'jclouds.provider': 'filesystem-nio2', 'jclouds.identity': 'unused', 'jclouds.credential': 'unused', 'jclouds.filesystem.basedir': join(dir, 'buckets') };
        writeFileSync(join(dir, 's3proxy.conf'), Object.entries(settings).map((line) => line.join('=')).join('\n'), { mode: 0o600 });
        return { program: 'java', argv: ['-Xmx1g', '-cp', join(home, 'jars', '*'), 'org.gaul.s3proxy.Main', '--properties', 's3proxy.conf'] };
      },
      isReady: async (url) => (await fetch(url)).status === 403,
    },
    async (service) => {
      const { PutObjectCommand, S3Client } = await import('@aws-sdk/client-s3');
      const { getSignedUrl } = await import('@aws-sdk/s3-request-presigner');
      const endpoint = `http://127.0.0.1:${service.port}`;
      const client = new S3Client({ region: 'us-east-1', endpoint, forcePathStyle: true, credentials: { accessKeyId: keys.id, secretAccessKey: keys.secret } });
      return {
        name: 'S3',
        spec: { type: 's3', uri: `s3://${BUCKET}/`, region: 'us-east-1', endpoint, pathStyle: true, keyID: keys.id, keySecret: keys.secret, vital: false },
        rclone: { remote: `bench:${BUCKET}`, env: { RCLONE_CONFIG_BENCH_TYPE: 's3', RCLONE_CONFIG_BENCH_PROVIDER: 'Other', RCLONE_CONFIG_BENCH_ENDPOINT: endpoint, RCLONE_CONFIG_BENCH_ACCESS_KEY_ID: keys.id, RCLONE_CONFIG_BENCH_SECRET_ACCESS_KEY: keys.secret, RCLONE_CONFIG_BENCH_FORCE_PATH_STYLE: 'true' } },
        // by a signed URL, which does not sign the bytes: the emulator would take minutes to hash them
        put: async (Key, file) => send(await getSignedUrl(client, new PutObjectCommand({ Bucket: BUCKET, Key })), 'PUT', file),
        [Symbol.asyncDispose]: () => service.stop(),
      };
    },
  );
}

/** fake-gcs-server; it checks no credentials. */
export async function gcsEmulator(): Promise<Emulator> {
  const home = await fakeGcsHome();
  return withService(
    {
      name: 'fake-gcs-server',
      command: ({ dir, port }) => {
        mkdirSync(join(dir, 'objects', BUCKET), { recursive: true });
        return { program: join(home, 'fake-gcs-server'), argv: ['-scheme', 'http', '-host', '127.0.0.1', '-port', String(port), '-backend', 'filesystem', '-filesystem-root', join(dir, 'objects'), '-public-host', `127.0.0.1:${port}`, '-external-url', `http://127.0.0.1:${port}`, '-log-level', 'warn'] };
      },
      isReady: async (url) => (await fetch(`${url}/storage/v1/b?project=bench`)).ok,
    },
    async (service: Service) => {
      const endpoint = `http://127.0.0.1:${service.port}`;
      return {
        name: 'GCS',
        spec: { type: 'gcs', uri: `gs://${BUCKET}/`, endpoint, credentials: 'anonymous', vital: false },
        rclone: { remote: `bench:${BUCKET}`, env: { RCLONE_CONFIG_BENCH_TYPE: 'google cloud storage', RCLONE_CONFIG_BENCH_ANONYMOUS: 'true', RCLONE_CONFIG_BENCH_ENDPOINT: `${endpoint}/storage/v1/` } },
        put: (key, file) => send(`${endpoint}/upload/storage/v1/b/${BUCKET}/o?uploadType=media&name=${encodeURIComponent(key)}`, 'POST', file),
        [Symbol.asyncDispose]: () => service.stop(),
      };
    },
  );
}

/** Not with fetch, which wants to know the size of a stream. */
async function send(url: string, method: string, file: string | Buffer): Promise<void> {
  const { request } = await import('node:http');
  const { statSync } = await import('node:fs');
  const { Readable } = await import('node:stream');
  const { pipeline } = await import('node:stream/promises');
  const sizeBytes = typeof file === 'string' ? statSync(file).size : file.length;
  const call = request(url, { method, headers: { 'content-length': String(sizeBytes) } });
  const answered = new Promise<number>((resolve, reject) => call.once('error', reject).once('response', (answer) => resolve((answer.resume(), answer.statusCode ?? 0))));
  await pipeline(typeof file === 'string' ? createReadStream(file) : Readable.from([file]), call);
  const status = await answered;
  if (status >= 300) throw new Error(`the emulator answered ${status}`);
}
