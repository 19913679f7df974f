import { Readable } from 'node:stream';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Tracking } from '../../usecases/tracking/tracking.ts';
import { callerOf } from './endpoint.ts';
import { sendArtifact } from './send-artifact.ts';

export const PROXY_PREFIXES: readonly string[] = ['/api/2.0/mlflow-artifacts', '/ajax-api/2.0/mlflow-artifacts'];

const access = 'user_or_run';

/** Where clients put and get files by what `mlflow-artifacts:/` means: `<experiment>/<run>/artifacts/<path>`. Bytes pass through. */
export function addArtifactProxy(app: FastifyInstance, { artifacts }: Tracking): void {
  for (const prefix of PROXY_PREFIXES) {
    const url = `${prefix}/artifacts/*`;
    app.route({
      method: ['GET', 'HEAD'],
      url,
      exposeHeadRoute: false,
      config: { access },
      handler: async (request, reply) => {
        const path = proxyPath(request);
        return sendArtifact(request, reply, { path, artifact: await artifacts.open(path) });
      },
    });
    app.route({
      method: 'PUT',
      url,
      config: { access, takesBytes: true },
      handler: async (request, reply) => {
        await artifacts.put(callerOf(request), proxyPath(request), bytesOf(request));
        return reply.type('application/json').send('{}');
      },
    });
    app.route({
      method: 'DELETE',
      url,
      config: { access },
      handler: async (request, reply) => {
        await artifacts.delete(callerOf(request), proxyPath(request));
        return reply.type('application/json').send('{}');
      },
    });
    // a client that tries them goes on with one piece when it is told so in these words
    app.post(`${prefix}/mpu/*`, { config: { access } }, () => refuseMultipart('upload'));
    app.get(`${prefix}/presigned/*`, { config: { access }, exposeHeadRoute: false }, () => refuseMultipart('download'));
  }
}

function refuseMultipart(what: string): never {
  throw new TrainyardError('MULTIPART_UNSUPPORTED', { what });
}

/** What stands behind `/artifacts/`, decoded once: not by the router, which leaves some characters as they are. */
function proxyPath(request: FastifyRequest): string {
  const [pathname = ''] = request.raw.url?.split('?') ?? [];
  const encoded = pathname.slice(pathname.indexOf('/artifacts/') + '/artifacts/'.length);
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw new TrainyardError('INVALID_PATH', { path: encoded });
  }
}

/** The body as it arrives; an empty one is no stream. */
export function bytesOf(request: FastifyRequest): AsyncIterable<Uint8Array> {
  // an upload that is refused half-way is read to its end: a client that is still sending would never see the answer
  return request.body instanceof Readable ? request.body.iterator({ destroyOnReturn: false }) : Readable.from([]);
}
