import { startHdfs } from '@trainyard/testkit/clouds/hdfs.ts';
import { objectConnectionContract, type TestBucket } from '../transfer/object-connection.contract.ts';
import { HttpAgents } from '../transfer/http-agents.ts';
import { textOf } from '../transfer/http-call.ts';
import { connection } from './connection.ts';
import { WebHdfs } from './web-hdfs.ts';

objectConnectionContract(connection, async (): Promise<TestBucket> => {
  const hadoop = await startHdfs();
  const { host } = new URL(hadoop.url);
  const spec = (path: string): ReturnType<TestBucket['spec']> => ({ type: 'hdfs', uri: `hdfs://${host}/${path}`, token: hadoop.token, vital: false });
  const agents = new HttpAgents({ env: {} });
  const { signal } = new AbortController();
  const hdfs = new WebHdfs(new URL('/webhdfs/v1', hadoop.url), { ...spec(''), token: '', username: hadoop.user }, agents);
  return {
    spec,
    denied: [{ ...spec('good'), token: hadoop.expiredToken }, { ...spec('good'), token: 'of-somebody-else' }],
    at: (name, port) => ({ ...spec('good'), uri: `webhdfs://${name}:${port}/good` }),
    write: async (path, body) => void (await textOf(await hdfs.ask({ method: 'PUT', path, query: { op: 'CREATE', overwrite: 'true' }, body, signal }), signal)),
    read: async (path) => {
      const answer = await hdfs.ask({ method: 'GET', path, query: { op: 'OPEN' }, signal }).catch(() => undefined);
      return answer === undefined ? undefined : Buffer.concat((await answer.toArray()) as Buffer[]);
    },
    remove: async (path) => void (await hdfs.json({ method: 'DELETE', path, query: { op: 'DELETE' }, signal })),
    // it takes a tenth of a second to make one
    smallFiles: 40,
    sentBytes: () => hadoop.gate.sentBytes,
    calls: hadoop.gate.calls,
    isRead: (call, path) => call.startsWith(`GET OPEN /webhdfs/v1/${path}`),
    setFault: (fault) => void (hadoop.gate.fault = fault ?? (() => undefined)),
    breakAfter: (bytes) => hadoop.wire.breakAfter(bytes),
    stop: async () => {
      agents.close();
      await hadoop.stop();
    },
  };
});
