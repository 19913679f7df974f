import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { HttpGate } from '@trainyard/testkit/clouds/http-gate.ts';
import { startS3 } from '@trainyard/testkit/clouds/s3proxy.ts';
import { objectConnectionContract, type TestBucket } from '../transfer/object-connection.contract.ts';
import { connection } from './connection.ts';

objectConnectionContract(connection, async (): Promise<TestBucket> => {
  const cloud = await startS3();
  const gate = await HttpGate.to(Number(new URL(cloud.wire.url).port));
  const { AWS_ACCESS_KEY_ID: keyID = '', AWS_SECRET_ACCESS_KEY: keySecret = '' } = cloud.env;
  const client = new S3Client({ region: 'us-east-1', endpoint: cloud.wire.url, forcePathStyle: true, credentials: { accessKeyId: keyID, secretAccessKey: keySecret } });
  const spec = (path: string): ReturnType<TestBucket['spec']> => ({ type: 's3', uri: `s3://trainyard/${path}`, region: 'us-east-1', endpoint: gate.url, pathStyle: true, keyID, keySecret, vital: false });
  return {
    spec,
    missingBucket: { ...spec(''), uri: 's3://nowhere/good' },
    denied: [{ ...spec('good'), keySecret: cloud.wrongEnv['AWS_SECRET_ACCESS_KEY'] }, { ...spec('good'), keyID: 'somebody-else' }, { ...spec('good'), credentials: 'anonymous', keyID: undefined, keySecret: undefined }],
    at: (host, port) => ({ ...spec('good'), endpoint: `http://${host}:${port}` }),
    write: async (Key, bytes) => {
      // by a signed URL, which does not sign the bytes: the emulator takes seconds to hash them
      const { ok, status } = await fetch(await getSignedUrl(client, new PutObjectCommand({ Bucket: 'trainyard', Key })), { method: 'PUT', body: new Uint8Array(bytes) });
      if (!ok) throw new Error(`S3Proxy answered ${status}`);
    },
    read: async (Key) => {
      const found = await client.send(new GetObjectCommand({ Bucket: 'trainyard', Key })).catch(() => undefined);
      return found?.Body === undefined ? undefined : Buffer.from(await found.Body.transformToByteArray());
    },
    remove: async (Key) => void (await client.send(new DeleteObjectCommand({ Bucket: 'trainyard', Key }))),
    sentBytes: () => gate.sentBytes,
    calls: gate.calls,
    isRead: (call, key) => call.startsWith(`GET /trainyard/${key}`),
    setFault: (fault) => void (gate.fault = fault ?? (() => undefined)),
    breakAfter: (bytes) => cloud.wire.breakAfter(bytes),
    stop: async () => {
      client.destroy();
      await gate.close();
      await cloud.stop();
    },
  };
});
