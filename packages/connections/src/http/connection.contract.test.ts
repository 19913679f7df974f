import { createHash, randomBytes } from 'node:crypto';
import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import { connectionContract } from '../connection.contract.ts';
import { connection } from './connection.ts';
import { FileServer } from './test-file-server.ts';

const LARGE_BYTES = 64 * 1024 * 1024;

connectionContract(connection, async () => {
  const server = await FileServer.start();
  const authorization = `Basic ${Buffer.from('trainyard:hunter2hunter2').toString('base64')}`;
  server.files.set('/data/in file.csv', { bytes: Buffer.from('1\n'), etag: '"1"', authorization });
  const fill = (): void => void server.files.set('/large.bin', { bytes: randomBytes(LARGE_BYTES), etag: `"${randomBytes(4).toString('hex')}"`, authorization });
  fill();
  const spec = (path: string, more: Partial<ConnectionSpec> = {}): ConnectionSpec => ({ type: 'http', uri: `${server.url}${path}`, username: 'trainyard', password: 'hunter2hunter2', vital: false, ...more });
  return {
    context: { env: {}, signal: new AbortController().signal },
    file: { place: { spec: spec('/data/in%20file.csv') }, name: 'in file.csv' },
    missing: [{ place: { spec: spec('/data/out.csv') }, word: 'out.csv' }, { place: { spec: spec('/data/in%20file.csv'), path: 'gone/in.csv' }, word: 'gone/in.csv' }],
    denied: [{ spec: spec('/data/in%20file.csv', { password: 'hunter3hunter3' }) }, { spec: spec('/large.bin', { token: 'atokenofsomebody' }) }],
    at: (host, port) => ({ spec: spec('/in.csv', { uri: `http://${host}:${port}/in.csv` }) }),
    large: {
      place: { spec: spec('/large.bin') },
      sizeBytes: LARGE_BYTES,
      content: () => Promise.resolve(new Map([['large.bin', createHash('sha256').update(server.files.get('/large.bin')?.bytes ?? '').digest('hex')]])),
      sentBytes: () => server.sentBytes,
      change: () => Promise.resolve(fill()),
    },
    remove: () => server[Symbol.asyncDispose](),
  };
});
