import { artifactSegments } from '@trainyard/core/tracking/artifact-path.ts';
import { invalid } from '@trainyard/core/tracking/names.ts';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Tracking } from '../../usecases/tracking/tracking.ts';
import { bytesOf } from './artifact-proxy.ts';
import { callerOf } from './endpoint.ts';
import { sendArtifact } from './send-artifact.ts';

const AJAX = '/ajax-api/2.0/mlflow';

/** Single files of a run, a logged model or a version, named in the query; and the upload of one. */
export function addArtifactFiles(app: FastifyInstance, { artifacts, modelVersions }: Tracking): void {
  const download = { method: ['GET', 'HEAD'] as ('GET' | 'HEAD')[], exposeHeadRoute: false, config: { access: 'read_or_run' } as const };
  app.route({
    ...download,
    url: '/get-artifact',
    handler: async (request, reply) => {
      const path = required(request, 'path');
      const runId = queryText(request, 'run_id') ?? required(request, 'run_uuid');
      return sendArtifact(request, reply, { path, artifact: await artifacts.openOfRun(callerOf(request), runId, path) });
    },
  });
  app.route({
    ...download,
    url: '/model-versions/get-artifact',
    handler: async (request, reply) => {
      const path = required(request, 'path');
      // the path is judged first, also for a model that is not there
      artifactSegments(path);
      const { storageLocation } = await modelVersions.get(callerOf(request), { name: required(request, 'name'), version: required(request, 'version') });
      return sendArtifact(request, reply, { path, artifact: await artifacts.openOfUri(callerOf(request), storageLocation, path) });
    },
  });
  app.route({
    ...download,
    url: `${AJAX}/logged-models/:model_id/artifacts/files`,
    handler: async (request, reply) => {
      const path = required(request, 'artifact_file_path');
      const { model_id: modelId } = request.params as { model_id: string };
      return sendArtifact(request, reply, { path, artifact: await artifacts.openOfModel(callerOf(request), modelId, path) });
    },
  });
  app.route({
    method: 'POST',
    url: `${AJAX}/upload-artifact`,
    config: { access: 'write_or_run', takesBytes: true },
    handler: async (request, reply) => {
      const runId = required(request, 'run_uuid');
      const path = required(request, 'path');
      if (!hasBody(request)) throw missing('data');
      await artifacts.putOfRun(callerOf(request), { runId, path }, bytesOf(request));
      return reply.type('application/json').send('{}');
    },
  });
}

function hasBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

function queryText(request: FastifyRequest, name: string): string | undefined {
  const value = (request.query as Record<string, unknown>)[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function required(request: FastifyRequest, name: string): string {
  const value = queryText(request, name);
  if (value === undefined) throw missing(name);
  return value;
}

function missing(name: string): Error {
  return invalid(`Request must specify ${name}.`);
}
