import { readFileSync } from 'node:fs';
import { startGcs } from '@trainyard/testkit/clouds/fake-gcs.ts';
import { HttpGate } from '@trainyard/testkit/clouds/http-gate.ts';
import { objectConnectionContract, type TestBucket } from '../transfer/object-connection.contract.ts';
import { bearerOf } from './bearer.ts';
import { connection } from './connection.ts';

objectConnectionContract(connection, async (): Promise<TestBucket> => {
  const cloud = await startGcs();
  const gate = await HttpGate.to(Number(new URL(cloud.wire.url).port));
  const keyIn = (env: Readonly<Record<string, string>>): string => readFileSync(env['GOOGLE_APPLICATION_CREDENTIALS'] ?? '', 'utf8');
  const spec = (path: string): ReturnType<TestBucket['spec']> => ({ type: 'gcs', uri: `gs://trainyard/${path}`, endpoint: gate.url, keySecret: keyIn(cloud.env), vital: false });
  const bearer = await bearerOf(spec(''), {});
  const ask = async (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${cloud.wire.url}${path}`, { ...init, headers: { authorization: `Bearer ${(await bearer(new AbortController().signal)) ?? ''}` } });
  return {
    spec,
    missingBucket: { ...spec(''), uri: 'gs://nowhere/good' },
    denied: [{ ...spec('good'), keySecret: keyIn(cloud.wrongEnv) }, { ...spec('good'), credentials: 'anonymous', keySecret: undefined }],
    at: (host, port) => ({ ...spec('good'), endpoint: `http://${host}:${port}` }),
    write: async (key, bytes) => {
      const { ok, status } = await ask(`/upload/storage/v1/b/trainyard/o?uploadType=media&name=${encodeURIComponent(key)}`, { method: 'POST', body: new Uint8Array(bytes) });
      if (!ok) throw new Error(`fake-gcs-server answered ${status}`);
    },
    read: async (key) => {
      const answer = await ask(`/storage/v1/b/trainyard/o/${encodeURIComponent(key)}?alt=media`);
      return answer.ok ? Buffer.from(await answer.arrayBuffer()) : undefined;
    },
    remove: async (key) => void (await ask(`/storage/v1/b/trainyard/o/${encodeURIComponent(key)}`, { method: 'DELETE' })),
    sentBytes: () => gate.sentBytes,
    calls: gate.calls,
    isRead: (call, key) => call.startsWith(`GET /storage/v1/b/trainyard/o/${encodeURIComponent(key)}?alt=media`),
    setFault: (fault) => void (gate.fault = fault ?? (() => undefined)),
    breakAfter: (bytes) => cloud.wire.breakAfter(bytes),
    stop: async () => {
      await gate.close();
      await cloud.stop();
    },
  };
});
