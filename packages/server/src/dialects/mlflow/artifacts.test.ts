import { request } from 'node:http';
import { Readable } from 'node:stream';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ArtifactStore } from '../../artifacts/artifact-store.ts';
import { HOSTILE_PATHS } from '../../artifacts/artifact-store.contract.ts';
import { type MlflowServer, openMlflowServer } from './mlflow-server.contract.ts';

const MAX_BYTES = 2_000_000;
const PROXY = '/api/2.0/mlflow-artifacts/artifacts';

let server: MlflowServer;
let url: string;
let run: string;
let base: string;

beforeAll(async () => {
  server = await openMlflowServer({ maxArtifactBytes: MAX_BYTES });
  url = await server.app.listen({ host: '127.0.0.1', port: 0 });
  const { run: made } = (await (await fetch(`${url}/api/2.0/mlflow/runs/create`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })).json()) as { run: { info: { run_id: string } } };
  run = made.info.run_id;
  base = `${PROXY}/0/${run}/artifacts`;
});
afterAll(() => server.close());

const put = (path: string, body: string, type = 'text/plain') => fetch(`${url}${base}/${path}`, { method: 'PUT', body, headers: { 'content-type': type } });
const get = (path: string, headers: Record<string, string> = {}) => fetch(`${url}${path.startsWith('/') ? path : `${base}/${path}`}`, { headers });
const json = async (response: Response) => (await response.json()) as Record<string, unknown>;

/** A request with its path as it stands: fetch would resolve `..` by itself. */
function raw(call: { readonly method: string; readonly url: string; readonly body?: string }): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const sent = request({ hostname, port, method: call.method, path: call.url }, (response) => {
      response.toArray().then((chunks: Buffer[]) => resolve({ status: response.statusCode, body: Buffer.concat(chunks).toString() }), reject);
    });
    sent.once('error', reject);
    sent.end(call.body);
  });
}

describe('the artifact proxy', () => {
  it('takes bytes of any type and gives them back as a download', async () => {
    for (const type of ['text/plain', 'application/json', 'multipart/form-data; boundary=x', 'text/html']) expect((await put('d/page.html', '<script>1</script>', type)).status).toBe(200);
    const response = await get('d/page.html', { accept: 'text/html' });
    expect(await response.text()).toBe('<script>1</script>');
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/html', 'content-disposition': 'attachment; filename=page.html', 'x-content-type-options': 'nosniff', 'content-security-policy': "sandbox; default-src 'none'", 'accept-ranges': 'bytes', 'content-length': '18',
    });
  });

  it.each([
    ['a.txt', 'text/plain'], ['MLmodel', 'text/plain'], ['mlproject', 'text/plain'], ['model.pkl', 'application/octet-stream'], ['a.yaml', 'text/plain'], ['pic.PNG', 'image/png'], ['noext', 'application/octet-stream'], ['a.constructor', 'application/octet-stream'],
  ])('gives %s the type %s', async (name, type) => {
    await put(name, 'x');
    const response = await get(name);
    await response.arrayBuffer();
    expect(response.headers.get('content-type')).toBe(type);
  });

  it('keeps names with signs that URLs use', async () => {
    for (const name of ['dog+step+20+timestamp+100.png', 'dog%step%20%timestamp%1%x.png', 'größe ä.txt', 'a"b;c.txt', 'a#b?c']) {
      await put(encodeURIComponent(name), name);
      expect(await (await get(encodeURIComponent(name))).text()).toBe(name);
    }
    expect((await get(`/get-artifact?run_uuid=${run}&path=${encodeURIComponent('dog+step+20+timestamp+100.png')}`)).headers.get('content-disposition')).toBe('attachment; filename=dog+step+20+timestamp+100.png');
    expect((await get(encodeURIComponent('größe ä.txt'))).headers.get('content-disposition')).toContain("filename*=UTF-8''gr%C3%B6%C3%9Fe%20%C3%A4.txt");
  });

  it('gives parts of a file', async () => {
    await put('range', '0123456789');
    const part = async (range: string) => {
      const response = await get('range', { range });
      return [response.status, response.headers.get('content-range'), await response.text()];
    };
    expect(await part('bytes=2-4')).toEqual([206, 'bytes 2-4/10', '234']);
    expect(await part('bytes=8-99')).toEqual([206, 'bytes 8-9/10', '89']);
    expect(await part('bytes=-3')).toEqual([206, 'bytes 7-9/10', '789']);
    expect(await part('bytes=10-')).toEqual([416, 'bytes */10', '']);
    expect(await part('bytes=0-1,3-4')).toEqual([200, null, '0123456789']);
    const head = await fetch(`${url}${base}/range`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '10', '']);
  });

  it('gives a range of the same bytes only', async () => {
    await put('same', '0123456789');
    const tag = (await get('same')).headers.get('etag') ?? '';
    const part = async (ifRange: string) => {
      const response = await get('same', { range: 'bytes=2-4', 'if-range': ifRange });
      return [response.status, await response.text()];
    };
    expect(tag).toMatch(/^"\w+"$/);
    expect([await part(tag), await part('"other"'), await part(new Date().toUTCString())]).toEqual([[206, '234'], [200, '0123456789'], [200, '0123456789']]);
    await put('same', 'abcdefghij');
    expect(await part(tag)).toEqual([200, 'abcdefghij']);
  });

  it('lists directories with names of their own, and of the run with its paths', async () => {
    await put('list/a/x', '12');
    await put('list/b', '1');
    expect(await json(await get(`${PROXY}?path=0/${run}/artifacts/list`))).toEqual({ files: [{ path: 'a', is_dir: true }, { path: 'b', is_dir: false, file_size: 1 }] });
    expect(await json(await get(`/api/2.0/mlflow/artifacts/list?run_id=${run}&path=list`))).toEqual({ root_uri: `mlflow-artifacts:/0/${run}/artifacts`, files: [{ path: 'list/a', is_dir: true }, { path: 'list/b', is_dir: false, file_size: 1 }] });
    expect(await json(await get(`${PROXY}?path=0/${run}/artifacts/none`))).toEqual({});
  });

  it('deletes, and again', async () => {
    await put('gone/x', '1');
    for (let again = 0; again < 2; again++) expect((await fetch(`${url}${base}/gone`, { method: 'DELETE' })).status).toBe(200);
    expect((await get('gone/x')).status).toBe(404);
    expect(await json(await get('gone/x'))).toEqual({ error_code: 'RESOURCE_DOES_NOT_EXIST', message: `No such artifact: '0/${run}/artifacts/gone/x'` });
  });

  it('streams large bodies both ways and refuses what is over the limit without keeping it', async () => {
    const chunk = new Uint8Array(100_000).fill(7);
    const body = (chunks: number) => new ReadableStream({ start: (controller) => { for (let sent = 0; sent < chunks; sent++) controller.enqueue(chunk); controller.close(); } });
    const send = (chunks: number) => fetch(`${url}${base}/big.bin`, { method: 'PUT', body: body(chunks), duplex: 'half' } as RequestInit);
    expect((await send(20)).status).toBe(200);
    expect((await (await get('big.bin')).arrayBuffer()).byteLength).toBe(2_000_000);
    const refused = await send(21);
    expect([refused.status, (await json(refused))['message']]).toEqual([413, expect.stringContaining('is larger than 2000000 bytes')]);
    expect((await (await get('big.bin')).arrayBuffer()).byteLength).toBe(2_000_000);
  });

  it('knows no place but those of runs and models that are there', async () => {
    const other = 'a'.repeat(32);
    for (const path of [`${PROXY}/0/${other}/artifacts/x`, `${PROXY}/0/models/m-${other}/artifacts/x`, `${PROXY}/7/${run}/artifacts/x`]) expect((await fetch(`${url}${path}`, { method: 'PUT', body: 'x' })).status).toBe(404);
    for (const path of [`${PROXY}/x`, `${PROXY}/0/${run}/x`, `${PROXY}/0/${run}`]) expect((await fetch(`${url}${path}`, { method: 'PUT', body: 'x' })).status).toBe(400);
    expect((await get(PROXY)).status).toBe(400);
  });

  it('tells clients that ask for parts in one piece to go on with one', async () => {
    const create = await fetch(`${url}/api/2.0/mlflow-artifacts/mpu/create/0/${run}/artifacts/d`, { method: 'POST', body: '{"path":"/home/ann/x","num_parts":2}', headers: { 'content-type': 'application/json' } });
    expect([create.status, await json(create)]).toEqual([501, { error_code: 'NOT_IMPLEMENTED', message: 'Multipart upload is not supported for the current artifact repository' }]);
    const presigned = await get(`/api/2.0/mlflow-artifacts/presigned/0/${run}/artifacts/x`);
    expect([presigned.status, await json(presigned)]).toEqual([501, { error_code: 'NOT_IMPLEMENTED', message: 'Multipart download is not supported for the current artifact repository' }]);
    expect(await json(await get('/api/3.0/mlflow/server-info'))).toMatchObject({ multipart_uploads_enabled: false, multipart_downloads_enabled: false });
  });
});

describe('paths from outside', () => {
  it.each(HOSTILE_PATHS)('are refused by every door: %j', async (path) => {
    const query = encodeURIComponent(path);
    const doors = [
      { method: 'GET', url: `${base}/${query}` }, { method: 'PUT', url: `${base}/${query}`, body: 'x' }, { method: 'DELETE', url: `${base}/${query}` },
      { method: 'GET', url: `/api/2.0/mlflow/artifacts/list?run_id=${run}&path=${query}` }, { method: 'GET', url: `/get-artifact?run_id=${run}&path=${query}` },
      { method: 'GET', url: `/model-versions/get-artifact?name=none&version=1&path=${query}` }, { method: 'POST', url: `/ajax-api/2.0/mlflow/upload-artifact?run_uuid=${run}&path=${query}`, body: 'x' },
    ];
    for (const door of doors) expect([door.url, await raw(door)]).toEqual([door.url, { status: 400, body: '{"error_code":"INVALID_PARAMETER_VALUE","message":"Invalid path"}' }]);
  });

  it('are refused before anything else is looked at, but missing ones are named', async () => {
    expect((await json(await get('/get-artifact?run_id=nope&path=../x')))['message']).toBe('Invalid path');
    expect((await json(await get(`/get-artifact?run_id=${run}`)))['message']).toBe('Request must specify path.');
    const upload = async (query: string, body?: string) => (await json(await fetch(`${url}/ajax-api/2.0/mlflow/upload-artifact?${query}`, { method: 'POST', ...(body === undefined ? {} : { body }) })))['message'];
    expect([await upload(''), await upload(`run_uuid=${run}`), await upload(`run_uuid=${run}&path=u.txt`), await upload('run_uuid=nope&path=u.txt', 'x')]).toEqual(['Request must specify run_uuid.', 'Request must specify path.', 'Request must specify data.', 'Run with id=nope not found']);
  });

  it('below a place elsewhere are not opened', async () => {
    const post = async (path: string, body: object) => json(await fetch(`${url}/api/2.0/mlflow/${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }));
    const { experiment_id: experiment } = await post('experiments/create', { name: 'elsewhere', artifact_location: '/etc' });
    const { run: made } = (await post('runs/create', { experiment_id: experiment })) as { run: { info: { run_id: string; artifact_uri: string } } };
    expect(made.info.artifact_uri).toBe(`/etc/${made.info.run_id}/artifacts`);
    expect((await json(await get(`/get-artifact?run_id=${made.info.run_id}&path=passwd`)))['message']).toContain('which this server does not open');
  });
});

describe('a store that goes away', () => {
  const unreadable: ArtifactStore = {
    location: 's3://bucket',
    direct: undefined,
    put: () => Promise.reject(away()),
    open: async () => ({ sizeBytes: 9, modifiedAt: 0, version: 'v', read: () => new Readable({ read() { this.destroy(away()); } }), close: async () => undefined }),
    list: () => Promise.reject(away()),
    delete: () => Promise.reject(away()),
  };
  const away = () => new TrainyardError('ARTIFACT_STORE_UNUSABLE', { store: 's3://bucket', problem: 'it does not answer', advice: 'try again' });

  it('is said in the words of MLflow by every call, also by a download that had begun', async () => {
    const lonely = await openMlflowServer({ artifacts: unreadable });
    const { run: made } = (await lonely.app.inject({ method: 'POST', url: '/api/2.0/mlflow/runs/create', payload: {} })).json<{ run: { info: { run_id: string } } }>();
    const at = `${PROXY}/0/${made.info.run_id}/artifacts/a`;
    const calls = [{ method: 'GET', url: at }, { method: 'PUT', url: at, payload: 'x', headers: { 'content-type': 'text/plain' } }, { method: 'DELETE', url: at }, { method: 'GET', url: `/api/2.0/mlflow/artifacts/list?run_id=${made.info.run_id}` }] as const;
    for (const call of calls) {
      const answer = await lonely.app.inject(call);
      expect([call.method, answer.statusCode, answer.json()]).toEqual([call.method, 503, { error_code: 'TEMPORARILY_UNAVAILABLE', message: 'the artifact store s3://bucket cannot be used: it does not answer' }]);
      expect(answer.headers['content-disposition']).toBeUndefined();
    }
    await lonely.close();
  });
});
