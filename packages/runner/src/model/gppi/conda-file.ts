import { parseDocument, stringify } from 'yaml';
import type { PythonFunction } from './mlmodel-file.ts';

/** What a model without a conda file has instead: text of the files of MLflow, as far as they are there. */
export interface PipFiles {
  readonly pythonEnv: string | undefined;
  readonly hasRequirements: boolean;
}

/**
 * A conda file that asks for the same. `-r requirements.txt` stays as it is: pip resolves it beside the conda file, where
 * MLflow has put it.
 */
export function condaFileOf({ python, mlflow }: PythonFunction, { pythonEnv, hasRequirements }: PipFiles): string {
  const fields = pythonEnv === undefined ? {} : fieldsOf(pythonEnv);
  const fromEnv = listOf(fields['dependencies']);
  const lines = fromEnv.length > 0 ? fromEnv : hasRequirements ? ['-r requirements.txt'] : [mlflow === undefined ? 'mlflow' : `mlflow==${mlflow}`];
  const version = typeof fields['python'] === 'string' && fields['python'] !== '' ? fields['python'] : python;
  return stringify({ channels: ['conda-forge'], dependencies: [version === undefined ? 'python' : `python=${version}`, 'pip', { pip: lines }], name: 'mlflow-env' }, { version: '1.1', lineWidth: 0 });
}

/** A file that is no map asks for nothing; MLflow itself could not read it either. */
function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  const fields: unknown = parseDocument(text, { schema: 'failsafe', version: '1.1' }).toJS();
  return typeof fields === 'object' && fields !== null && !Array.isArray(fields) ? (fields as Readonly<Record<string, unknown>>) : {};
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((line) => typeof line === 'string' && line !== '') : [];
}
