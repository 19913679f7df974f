import { type Endpoint, endpoint } from './endpoint.ts';

/** The release of MLflow whose API this is; clients show it and compare it with their own. */
export const VERSION = '3.17.0';

export function serverInfoEndpoints(): Endpoint[] {
  return [
    endpoint({
      methods: ['GET'],
      prefixes: ['/api/3.0/mlflow', '/ajax-api/3.0/mlflow'],
      path: 'server-info',
      fields: {},
      // clients upload in one piece and look for no workspaces
      answer: async () => ({ store_type: 'SqlStore', workspaces_enabled: false, trace_archival_enabled: false, multipart_uploads_enabled: false, multipart_downloads_enabled: false }),
    }),
  ];
}
