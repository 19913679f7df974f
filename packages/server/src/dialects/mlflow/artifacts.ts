import type { ArtifactEntry } from '../../usecases/tracking/records.ts';
import type { Tracking } from '../../usecases/tracking/tracking.ts';
import { PROXY_PREFIXES } from './artifact-proxy.ts';
import { type Answer, type Endpoint, endpoint } from './endpoint.ts';
import { type Field, orElse, required, text } from './wire/fields.ts';

/** Lists of artifacts. */
export function artifactEndpoints({ artifacts, runs, loggedModels }: Tracking): Endpoint[] {
  return [
    endpoint({
      methods: ['GET'],
      needs: 'read',
      path: 'artifacts/list',
      fields: { run_id: required(text), path: orElse(anyText, '') },
      answer: async ({ run_id: runId, path }, caller) => {
        const files = await artifacts.listOfRun(caller, runId, path);
        return { root_uri: (await runs.info(caller, runId)).artifactUri, files: filesAnswer(files, path) };
      },
    }),
    endpoint({
      methods: ['GET'],
      needs: 'read',
      path: 'logged-models/:model_id/artifacts/directories',
      fields: { model_id: required(text), artifact_directory_path: orElse(anyText, '') },
      answer: async ({ model_id: modelId, artifact_directory_path: path }, caller) => {
        const files = await artifacts.listOfModel(caller, modelId, path);
        return { root_uri: (await loggedModels.get(caller, modelId)).artifactUri, files: filesAnswer(files, path) };
      },
    }),
    endpoint({
      methods: ['GET'],
      needs: 'read',
      prefixes: PROXY_PREFIXES,
      path: 'artifacts',
      fields: { path: orElse(anyText, '') },
      answer: async ({ path }, caller) => ({ files: filesAnswer(await artifacts.list(caller, path), '') }),
    }),
  ];
}

/** What is wrong with a path is said by its own rule, also when it is a NUL. */
const anyText: Field<string | undefined> = { read: (value, place) => (typeof value === 'string' ? value : text.read(value, place)) };

/** Below the owner's directory; the proxy answers names relative to the directory that was asked for. */
function filesAnswer(entries: readonly ArtifactEntry[], directory: string): readonly Answer[] {
  const parent = directory === '' ? '' : `${directory}/`;
  return entries.map((entry) => ({ path: `${parent}${entry.name}`, is_dir: entry.sizeBytes === undefined, file_size: entry.sizeBytes }));
}
