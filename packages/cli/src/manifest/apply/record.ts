import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { type Kind, KINDS } from '../manifest.ts';

/** What `apply --prune` of a directory has put on a server: names, nothing secret. It may go into version control. */
export type Names = readonly { readonly kind: Kind; readonly id: string }[];

export const RECORD_NAME = '.trainyard-applied.json';

/** Undefined when nothing was applied from here to this server with --prune. */
export async function readRecord(dir: string, server: string): Promise<Names | undefined> {
  const all = await readAll(dir);
  return all[server]?.flatMap((name) => {
    const [kind = '', id = ''] = name.split('/');
    const known = KINDS.find((one) => one === kind);
    return known === undefined ? [] : [{ kind: known, id }];
  });
}

export async function writeRecord(dir: string, server: string, names: Names): Promise<void> {
  const all = { ...(await readAll(dir)), [server]: names.map(({ kind, id }) => `${kind}/${id}`).toSorted() };
  const file = path.join(dir, RECORD_NAME);
  await writeFile(`${file}.new`, `${JSON.stringify(all, null, 2)}\n`);
  await rename(`${file}.new`, file);
}

async function readAll(dir: string): Promise<Record<string, string[]>> {
  const file = path.join(dir, RECORD_NAME);
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'));
    const fits = typeof value === 'object' && value !== null && Object.values(value).every((names) => Array.isArray(names) && names.every((name) => typeof name === 'string'));
    // the cast: just looked at
    if (fits) return value as Record<string, string[]>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new TrainyardError('INVALID_MANIFEST', { file, problem: 'it is not the record that apply --prune writes: restore it, or remove it and nothing is pruned this time' });
}
