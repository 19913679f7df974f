import { TrainyardError } from '@trainyard/core/errors.ts';
import { idOf, type OdahuRoute } from './route.ts';

/**
 * What ODAHU has beside training. It behaves as ODAHU does with that API switched off: nothing is there, and nothing can be
 * put there. So clients that look around go on, and those that want to pack or deploy read why they cannot.
 */
const OUTSIDE = [
  { path: '/api/v1/packaging/integration', tag: 'Packager', kind: 'PackagingIntegration' },
  { path: '/api/v1/model/packaging', tag: 'Packaging', kind: 'ModelPackaging' },
  { path: '/api/v1/model/deployment', tag: 'Deployment', kind: 'ModelDeployment' },
  { path: '/api/v1/model/route', tag: 'Route', kind: 'ModelRoute' },
  { path: '/api/v1/batch/service', tag: 'Batch', kind: 'InferenceService' },
  { path: '/api/v1/batch/job', tag: 'Batch', kind: 'InferenceJob' },
] as const;

export function outsideRoutes(): OdahuRoute[] {
  return OUTSIDE.flatMap(({ path, tag, kind }): OdahuRoute[] => {
    const refused = async (): Promise<never> => {
      throw new TrainyardError('INVALID_FIELDS', { problem: `This API is disabled: Trainyard trains models, ${kind} is for another service` });
    };
    const missing: OdahuRoute['handle'] = async ({ request, reply }) => reply.code(404).send({ message: `entity "${idOf(request)}" is not found` });
    return [
      { method: 'GET', path, tag, summary: 'Empty: not a part of Trainyard', access: 'read', status: 200, gives: `${kind}[]`, handle: async () => [] },
      { method: 'GET', path: `${path}/:id`, tag, summary: 'Not found: not a part of Trainyard', access: 'read', status: 200, gives: kind, handle: missing },
      { method: 'POST', path, tag, summary: 'Refused: not a part of Trainyard', access: 'read', status: 201, gives: kind, handle: refused },
      { method: 'PUT', path, tag, summary: 'Refused: not a part of Trainyard', access: 'read', status: 200, gives: kind, handle: refused },
      { method: 'DELETE', path: `${path}/:id`, tag, summary: 'Refused: not a part of Trainyard', access: 'read', status: 200, gives: 'Message', handle: refused },
    ];
  });
}
