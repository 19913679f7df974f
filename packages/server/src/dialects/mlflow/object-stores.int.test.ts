import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { startAzure } from '@trainyard/testkit/clouds/azurite.ts';
import type { Cloud } from '@trainyard/testkit/clouds/cloud.ts';
import { startGcs } from '@trainyard/testkit/clouds/fake-gcs.ts';
import { startS3 } from '@trainyard/testkit/clouds/s3proxy.ts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openArtifactStore } from '../../artifacts/catalog.ts';
import { ADMIN, type MlflowServer, openMlflowServer } from './mlflow-server.contract.ts';
import { pythonWithMlflow } from '@trainyard/testkit/python/mlflow.ts';
import { runProgram } from '@trainyard/testkit/run-program.ts';

const MiB = 2 ** 20;
const PROXY = '/api/2.0/mlflow-artifacts';

describe.each([
  ['S3', startS3],
  ['Google Cloud Storage', startGcs],
  ['Azure', startAzure],
] as const)("MLflow's artifacts on %s", (_name, start) => {
  let cloud: Cloud;
  let server: MlflowServer;
  let url: string;
  const calls: string[] = [];
  beforeAll(async () => void (cloud = await start()), 1_000_000);
  afterAll(() => cloud.stop());
  afterEach(async () => {
    cloud.wire.mend();
    await server.close();
  });

  async function serve(direct: boolean): Promise<void> {
    // Google's library looks for credentials there only
    Object.assign(process.env, cloud.env);
    const artifacts = await openArtifactStore({ location: `${cloud.location}/${randomBytes(4).toString('hex')}`, dataDir: '/nowhere', maxBytes: 100 * MiB, endpoint: cloud.endpoint, region: undefined, pathStyle: true, direct, env: cloud.env });
    server = await openMlflowServer({ artifacts });
    calls.length = 0;
    server.app.addHook('onResponse', async (request, reply) => void calls.push(`${request.method} ${request.url} ${reply.statusCode}`));
    url = await server.app.listen({ host: '127.0.0.1', port: 0 });
  }

  const post = (path: string, body: object) => fetch(`${url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const json = async (response: Response) => (await response.json()) as Record<string, unknown>;

  async function aRun(): Promise<string> {
    const { run } = (await json(await post('/api/2.0/mlflow/runs/create', {}))) as { run: { info: { run_id: string } } };
    return run.info.run_id;
  }

  async function tour(): Promise<string[]> {
    const quiet = { MLFLOW_DISABLE_TELEMETRY: 'true', DO_NOT_TRACK: 'true', MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR: 'false', NO_PROXY: '127.0.0.1', PYTHONDONTWRITEBYTECODE: '1' };
    const parts = { MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE: String(6 * MiB), MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE: String(5 * MiB), MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE: String(4 * MiB) };
    const printed = await runProgram(await pythonWithMlflow(), [join(import.meta.dirname, 'store-tour.py')], { env: { ...quiet, ...parts, MLFLOW_TRACKING_URI: url, MLFLOW_TRACKING_TOKEN: 'user' } });
    return printed.split('\n');
  }

  it('are sent in parts and fetched by the real client at the store itself', async () => {
    await serve(true);
    expect(await tour()).toEqual(expect.arrayContaining(['small', 'large', 'model', 'deletion']));
    const large = calls.filter((call) => call.includes('deep/er'));
    expect(large.map((call) => call.replace(/\/0?\d+\/[0-9a-f]{32}\/artifacts/, ''))).toEqual([`POST ${PROXY}/mpu/create/deep/er 200`, `POST ${PROXY}/mpu/complete/deep/er 200`, `GET ${PROXY}/presigned/deep/er/large%20%C3%A4.bin 200`]);
  });

  it('pass through the server when it is told so, with the same client', async () => {
    await serve(false);
    expect(await tour()).toEqual(expect.arrayContaining(['small', 'large', 'model', 'deletion']));
    expect(calls.filter((call) => /mpu|presigned/.test(call))).toEqual([]);
  });

  it('answer 503 in its words while the store is away, and leave nothing', async () => {
    await serve(true);
    const at = `${PROXY}/artifacts/0/${await aRun()}/artifacts/a`;
    expect((await fetch(`${url}${at}`, { method: 'PUT', body: 'old' })).status).toBe(200);
    cloud.wire.cutAfter(12 * MiB);
    const large = await fetch(`${url}${at}`, { method: 'PUT', body: new Uint8Array(40 * MiB) });
    expect([large.status, await json(large)]).toEqual([503, { error_code: 'TEMPORARILY_UNAVAILABLE', message: expect.stringMatching(/^the artifact store \S+ cannot be used/) as string }]);
    const away = await fetch(`${url}${at}`);
    expect([away.status, (await json(away))['error_code']]).toEqual([503, 'TEMPORARILY_UNAVAILABLE']);
    cloud.wire.mend();
    expect(await (await fetch(`${url}${at}`)).text()).toBe('old');
  });

  it('break off towards the client when the store goes away in the middle of a download', async () => {
    await serve(true);
    const at = `${PROXY}/artifacts/0/${await aRun()}/artifacts/a`;
    await (await fetch(`${url}${at}`, { method: 'PUT', body: new Uint8Array(30 * MiB) })).text();
    cloud.wire.cutAfter(6 * MiB);
    const broken = await fetch(`${url}${at}`);
    expect(broken.headers.get('content-length')).toBe(String(30 * MiB));
    await expect(broken.arrayBuffer()).rejects.toThrow('terminated');
  });

  it('are refused in parts as in one piece: foreign places, bad paths, too many parts, an upload that is over', async () => {
    await serve(true);
    const run = await aRun();
    const create = async (directory: string, body: object) => {
      const response = await post(`${PROXY}/mpu/create/${directory}`, body);
      return [response.status, (await json(response))['message']];
    };
    expect(await create(`0/${run}/artifacts/..%2f..`, { path: 'a', num_parts: 1 })).toEqual([400, 'Invalid path']);
    expect(await create(`0/${run}/artifacts/d`, { path: '/tmp/..', num_parts: 1 })).toEqual([400, 'Invalid path']);
    expect(await create(`0/${'a'.repeat(32)}/artifacts`, { path: 'a', num_parts: 1 })).toEqual([404, `Run with id=${'a'.repeat(32)} not found`]);
    expect(await create(`0/${run}/artifacts`, { path: 'a', num_parts: 10_001 })).toEqual([400, expect.stringContaining('MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE') as string]);
    expect(await create(`0/${run}/artifacts`, { num_parts: 1 })).toEqual([400, expect.stringContaining("Missing value for required parameter 'path'") as string]);
    const over = await post(`${PROXY}/mpu/complete/0/${run}/artifacts`, { path: 'a', upload_id: '1'.repeat(32), parts: [{ part_number: 1, etag: 'x' }] });
    expect([over.status, (await json(over))['error_code']]).toEqual([404, 'RESOURCE_DOES_NOT_EXIST']);
    const presigned = await fetch(`${url}${PROXY}/presigned/0/${run}/artifacts/none`);
    expect([presigned.status, (await json(presigned))['error_code']]).toEqual([404, 'RESOURCE_DOES_NOT_EXIST']);
  });

  it("take parts from a run's token for its own run only", async () => {
    await serve(true);
    const [own, other] = [await server.launch(), await aRun()];
    const create = (run: string, experiment: string) => fetch(`${url}${PROXY}/mpu/create/${experiment}/${run}/artifacts`, { method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer run:${own}` }, body: '{"path":"a","num_parts":1}' });
    const { experimentId } = await server.tracking.runs.get(ADMIN, own);
    expect([(await create(own, experimentId)).status, (await create(other, '0')).status]).toEqual([200, 403]);
  });
});
