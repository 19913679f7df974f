import { basename } from 'node:path/posix';
import type { Tracking } from '../../usecases/tracking/tracking.ts';
import { PROXY_PREFIXES, proxyPath } from './artifact-proxy.ts';
import { done, type Endpoint, endpoint } from './endpoint.ts';
import { contentDisposition, contentType } from './wire/content.ts';
import { list, message, orElse, required, results, text } from './wire/fields.ts';

/** What object stores take. */
const MAX_PARTS = 10_000;
const TOO_MANY = 'It must be at most 10000: set MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE to larger parts';

const part = message({ part_number: required(results(MAX_PARTS, 1)), etag: orElse(text, ''), url: text });

/** Uploads in parts and downloads that go to the object store itself. Where there is none, clients are told in the words upon which they go on with one piece. */
export function directTransferEndpoints({ artifacts }: Tracking): Endpoint[] {
  const prefixes = PROXY_PREFIXES;
  const uploadOf = (url: string, step: string, path: string) => ({ proxyDirectory: proxyPath(url, `/mpu/${step}/`), fileName: nameOf(path) });
  return [
    endpoint({
      methods: ['POST'],
      needs: 'write',
      prefixes,
      path: 'mpu/create/*',
      fields: { path: required(text), num_parts: results(MAX_PARTS, 1, TOO_MANY) },
      answer: async ({ path, num_parts: count }, caller, url) => {
        const { uploadId, parts } = await artifacts.startUpload(caller, uploadOf(url, 'create', path), count);
        return { upload_id: uploadId, credentials: parts.map((one) => ({ url: one.url, part_number: one.number, headers: one.headers })) };
      },
    }),
    endpoint({
      methods: ['POST'],
      needs: 'write',
      prefixes,
      path: 'mpu/complete/*',
      fields: { path: required(text), upload_id: required(text), parts: required(list(part)) },
      answer: ({ path, upload_id: uploadId, parts }, caller, url) =>
        done(artifacts.completeUpload(caller, uploadOf(url, 'complete', path), { uploadId, parts: parts.map((one) => ({ number: one.part_number, tag: one.etag })) })),
    }),
    endpoint({
      methods: ['POST'],
      needs: 'write',
      prefixes,
      path: 'mpu/abort/*',
      fields: { path: required(text), upload_id: required(text) },
      answer: ({ path, upload_id: uploadId }, caller, url) => done(artifacts.abortUpload(caller, uploadOf(url, 'abort', path), uploadId)),
    }),
    endpoint({
      methods: ['GET'],
      needs: 'read',
      prefixes,
      path: 'presigned/*',
      fields: {},
      answer: async (_, caller, url) => {
        const path = proxyPath(url, '/presigned/');
        const name = basename(path);
        const signed = await artifacts.signDownload(caller, path, { contentType: contentType(name), contentDisposition: contentDisposition(name) });
        return { url: signed.url, headers: signed.headers, file_size: signed.sizeBytes };
      },
    }),
  ];
}

/** Clients send the path the file has with them, on whatever system. */
function nameOf(localPath: string): string {
  return localPath.split(/[/\\]/).at(-1) ?? '';
}
