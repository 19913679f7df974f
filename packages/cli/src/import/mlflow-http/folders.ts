import type { Folder, SourceFile } from '../record-source.ts';
import { type Json, listOf, type MlflowClient, textOf } from './client.ts';

const MAX_DEPTH = 64;

/** The artifacts of a run, as the server reads them wherever it keeps them. */
export function runFolder(client: MlflowClient, runId: string): Folder {
  return {
    list: () => below((path, token) => client.ask('GET', 'artifacts/list', { run_id: runId, path: path === '' ? undefined : path, page_token: token }), '', 0),
    open: async (path) => bodyOf(await client.open(`/get-artifact?${new URLSearchParams({ run_id: runId, run_uuid: runId, path }).toString()}`)),
  };
}

/** The artifacts of a logged model. */
export function modelFolder(client: MlflowClient, modelId: string): Folder {
  const id = encodeURIComponent(modelId);
  return {
    list: () => below((path, token) => client.ask('GET', `logged-models/${id}/artifacts/directories`, { artifact_directory_path: path === '' ? undefined : path, page_token: token }), '', 0),
    open: async (path) => bodyOf(await client.open(`/ajax-api/2.0/mlflow/logged-models/${id}/artifacts/files?${new URLSearchParams({ artifact_file_path: path }).toString()}`)),
  };
}

type List = (path: string, token: string | undefined) => Promise<Json | undefined>;

async function* below(list: List, directory: string, depth: number): AsyncGenerator<SourceFile> {
  if (depth > MAX_DEPTH) return;
  let token: string | undefined;
  do {
    const page = await list(directory, token);
    for (const file of listOf(page, 'files')) {
      const path = textOf(file, 'path');
      // a server that answers what is not below would send us in circles
      if (path === directory || !path.startsWith(directory === '' ? '' : `${directory}/`)) continue;
      if (file['is_dir'] === true) yield* below(list, path, depth + 1);
      else yield { path, sizeBytes: Number(file['file_size'] ?? 0) };
    }
    token = page === undefined ? undefined : textOf(page, 'next_page_token') || undefined;
  } while (token !== undefined);
}

function bodyOf(response: Response): AsyncIterable<Uint8Array> {
  return response.body ?? (async function* () {})();
}
