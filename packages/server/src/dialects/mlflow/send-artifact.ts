import { basename } from 'node:path/posix';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { OpenArtifact } from '../../usecases/tracking/records.ts';
import { contentDisposition, contentType, parseRange } from './wire/content.ts';

/** What says something about a file, and nothing about an error that is answered instead. */
export const FILE_HEADERS: readonly string[] = ['content-disposition', 'accept-ranges', 'content-range', 'etag', 'last-modified'];

/** Streams an artifact as a download: nothing in it may run in a browser under our address. */
export async function sendArtifact(request: FastifyRequest, reply: FastifyReply, file: { readonly path: string; readonly artifact: OpenArtifact }): Promise<FastifyReply> {
  const { path, artifact } = file;
  const name = basename(path);
  const etag = `"${artifact.version}"`;
  const { 'if-range': has, range: asked } = request.headers;
  // a range of other bytes would not fit what the client has: it gets the whole file; a date is no proof that they are the same
  const range = has === undefined || has === etag ? parseRange(asked, artifact.sizeBytes) : undefined;
  reply
    .header('content-type', contentType(name))
    .header('content-disposition', contentDisposition(name))
    .header('x-content-type-options', 'nosniff')
    .header('content-security-policy', "sandbox; default-src 'none'")
    .header('accept-ranges', 'bytes')
    .header('etag', etag)
    .header('last-modified', new Date(artifact.modifiedAt).toUTCString());
  if (range === 'unsatisfiable') {
    await artifact.close();
    return reply.code(416).header('content-range', `bytes */${artifact.sizeBytes}`).send('');
  }
  if (range !== undefined) reply.code(206).header('content-range', `bytes ${range.firstByte}-${range.lastByte}/${artifact.sizeBytes}`);
  reply.header('content-length', range === undefined ? artifact.sizeBytes : range.lastByte - range.firstByte + 1);
  if (request.method !== 'HEAD') return reply.send(artifact.read(range));
  await artifact.close();
  return reply.send();
}
