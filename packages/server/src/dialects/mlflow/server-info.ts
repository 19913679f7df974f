import type { Tracking } from '../../usecases/tracking/tracking.ts';
import { type Endpoint, endpoint } from './endpoint.ts';

/** The release of MLflow whose API this is; clients show it and compare it with their own. */
export const VERSION = '3.17.2';

export function serverInfoEndpoints({ artifacts }: Tracking): Endpoint[] {
  return [
    endpoint({
      methods: ['GET'],
      needs: 'read',
      prefixes: ['/api/3.0/mlflow', '/ajax-api/3.0/mlflow'],
      path: 'server-info',
      fields: {},
      // clients look for no workspaces, and send and fetch in one piece what they cannot at an object store
      answer: async () => ({ store_type: 'SqlStore', workspaces_enabled: false, trace_archival_enabled: false, multipart_uploads_enabled: artifacts.areTransferredDirectly, multipart_downloads_enabled: artifacts.areTransferredDirectly }),
    }),
  ];
}
