import { readFile, stat } from 'node:fs/promises';
import { messageOf } from '@trainyard/core/errors.ts';
import type { Document } from 'yaml';
import { StepFailure } from '../step-failure.ts';

/** Files like these are written by people; a larger one is something else. */
const LIMIT_BYTES = 1024 * 1024;

/**
 * A YAML file of a project as a document in which every scalar is text as it was written: `python: 3.10` is not 3.1, and no
 * tag makes an object of anything. `name` is what messages call the file.
 *
 * Throws StepFailure 'bad_spec' with file, line and problem.
 */
export async function readYaml(path: string, name: string): Promise<Document.Parsed> {
  // loaded when there is YAML to read: it is a third of what the runner loads, and many attempts have none
  const { LineCounter, parseDocument } = await import('yaml');
  const lineCounter = new LineCounter();
  // its own words for an error draw a picture of several lines, which nobody sees on one
  const document = parseDocument(await readProjectFile(path, name), { schema: 'failsafe', version: '1.1', lineCounter, prettyErrors: false });
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) {
    const { line, col } = lineCounter.linePos(problem.pos[0]);
    throw new StepFailure('bad_spec', `${name} is not valid YAML: line ${line}, column ${col}: ${problem.message}`);
  }
  return document;
}

/** The text of a small file of the project. Throws StepFailure 'bad_spec' when it cannot be read. */
export async function readProjectFile(path: string, name: string): Promise<string> {
  try {
    const found = await stat(path);
    if (!found.isFile()) throw new StepFailure('bad_spec', `${name} is no file`);
    if (found.size > LIMIT_BYTES) throw new StepFailure('bad_spec', `${name} has ${found.size} bytes; at most ${LIMIT_BYTES} are read`);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof StepFailure) throw error;
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new StepFailure('bad_spec', missing ? `there is no file ${name}` : `${name} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}
