import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataFact } from '@trainyard/core/training/outcome.ts';
import type { DataBinding } from '@trainyard/core/training/spec.ts';
import { type Attempt, Skipped } from '../attempt.ts';
import { mustFit, placeData } from '../sources/place-data.ts';
import { reach } from '../sources/reach.ts';
import { size, transfer } from '../sources/transfer.ts';
import type { Source } from './source.ts';

/** Puts bound data into the workspace, one binding after the other: a later one may replace files of an earlier one. */
export async function fetchData(attempt: Attempt, source: Source): Promise<Skipped | undefined> {
  const { data } = attempt.order.spec;
  if (data.length === 0) return new Skipped('the training binds no data');
  const facts: DataFact[] = [];
  for (const binding of data) {
    facts.push(await fetchOne(attempt, { source, binding, facts }));
    attempt.know({ data: facts });
  }
  return undefined;
}

interface Fetching {
  readonly source: Source;
  readonly binding: DataBinding;
  /** Of the bindings before. */
  readonly facts: readonly DataFact[];
}

async function fetchOne(attempt: Attempt, { source, binding, facts }: Fetching): Promise<DataFact> {
  const { connection, localPath } = binding;
  const { limits } = attempt.order;
  // ODAHU's resources have an empty text where there is no path
  const path = binding.remotePath === '' ? undefined : binding.remotePath;
  const into = join(attempt.paths.scratch, `data-${facts.length}`);
  const from = await reach(attempt, connection);
  const remotePath = path ?? from.spec.uri;
  const left = { bytes: limits.dataBytes - sum(facts, 'sizeBytes'), entries: limits.dataEntries - sum(facts, 'files') };
  const fetched = await transfer(attempt, { from, name: `${connection} → ${localPath}`, step: 'data', unreachable: 'data_unavailable', path, into, limits: left, onKind: (kind) => mustFit(localPath, { kind, remotePath }) });
  await placeData(source.dir, localPath, { dir: into, kind: fetched.kind, remotePath });
  await rm(into, { recursive: true, force: true });
  const { files, sizeBytes, version } = fetched;
  attempt.log.say(`data: ${connection} → ${localPath}: ${files} ${files === 1 ? 'file' : 'files'}, ${size(sizeBytes)}, version ${version.slice(0, 12)}`);
  return { connection, localPath, files, sizeBytes, version };
}

function sum(facts: readonly DataFact[], field: 'sizeBytes' | 'files'): number {
  return facts.reduce((total, fact) => total + fact[field], 0);
}
