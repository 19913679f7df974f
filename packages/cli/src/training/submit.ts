import type { Training, TrainingInput } from '@trainyard/api/schemas/training.ts';
import type { Connection } from '../connection/connection.ts';
import type { Manifest } from '../manifest/manifest.ts';

export interface Submission {
  readonly manifest: Manifest;
  readonly exists: boolean;
  /** False: keep it, start nothing. */
  readonly run: boolean;
}

/** Creates a training, or edits the one that is there; its latest run is the one this started. */
export async function submit(connection: Connection, { manifest, exists, run }: Submission): Promise<Training> {
  // the shape is the server's to check: it names every wrong field and the nearest right one
  const body = manifest as unknown as TrainingInput;
  const query = { run: run ? 'true' : 'false' } as const;
  return exists ? await connection.call('editTraining', { params: { id: manifest.id }, body, query }) : await connection.call('createTraining', { body, query });
}
