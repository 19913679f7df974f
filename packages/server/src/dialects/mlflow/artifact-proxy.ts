import { Readable } from 'node:stream';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Tracking } from '../../usecases/tracking/tracking.ts';
import { callerOf } from './endpoint.ts';
import { sendArtifact } from './send-artifact.ts';

export const PROXY_PREFIXES: readonly string[] = ['/api/2.0/mlflow-artifacts', '/ajax-api/2.0/mlflow-artifacts'];

/** Where clients put and get files by what `mlflow-artifacts:/` means: `<experiment>/<run>/artifacts/<path>`. Bytes pass through. */
export function addArtifactProxy(app: FastifyInstance, { artifacts }: Tracking): void {
  for (const prefix of PROXY_PREFIXES) {
    const url = `${prefix}/artifacts/*`;
    app.route({
      method: ['GET', 'HEAD'],
      url,
      exposeHeadRoute: false,
      config: { access: 'read_or_run' },
      handler: async (request, reply) => {
        const path = proxyPath(request.url);
        return sendArtifact(request, reply, { path, artifact: await artifacts.open(callerOf(request), path) });
      },
    });
    app.route({
      method: 'PUT',
      url,
      config: { access: 'write_or_run', takesBytes: true },
      handler: async (request, reply) => {
        await artifacts.put(callerOf(request), proxyPath(request.url), bytesOf(request));
        return reply.type('application/json').send('{}');
      },
    });
    app.route({
      method: 'DELETE',
      url,
      config: { access: 'write_or_run', audit: 'artifact.delete' },
      handler: async (request, reply) => {
        const path = proxyPath(request.url);
        request.audited.resource = path;
        await artifacts.delete(callerOf(request), path);
        return reply.type('application/json').send('{}');
      },
    });
  }
}

/** What stands behind `/artifacts/` or another marker in the path of a call, decoded once: not by the router, which leaves some characters as they are. */
export function proxyPath(url: string, marker = '/artifacts/'): string {
  const [pathname = ''] = url.split('?');
  const encoded = pathname.slice(pathname.indexOf(marker) + marker.length);
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw new TrainyardError('INVALID_PATH', { path: encoded });
  }
}

/** The body as it arrives; an empty one is no stream. */
export async function* bytesOf({ body }: FastifyRequest): AsyncGenerator<Uint8Array> {
  if (!(body instanceof Readable)) return;
  try {
    yield* body.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
  } finally {
    // an upload that is refused half-way is read to its end: a client that is still sending would never see the answer
    body.resume();
  }
}
