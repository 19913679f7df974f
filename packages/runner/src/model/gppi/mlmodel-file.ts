import { messageOf } from '@trainyard/core/errors.ts';
import { parseDocument } from 'yaml';
import { StepFailure } from '../../step-failure.ts';

/** What an MLmodel file says about the model as a Python function. */
export interface PythonFunction {
  /** Version of the Python it was logged with. */
  readonly python: string | undefined;
  readonly mlflow: string | undefined;
  /** Name of its conda file. */
  readonly condaFile: string | undefined;
}

/** Undefined when the model has no flavor `python_function`. Throws StepFailure 'output_invalid' when it is no MLmodel file. */
export function readMlmodel(text: string): PythonFunction | undefined {
  const fields = mapOf(parsed(text));
  const flavor = mapOf(mapOf(fields['flavors'])['python_function']);
  if (Object.keys(flavor).length === 0) return undefined;
  const { env } = flavor;
  return {
    python: textOf(flavor['python_version']),
    mlflow: textOf(fields['mlflow_version']),
    // a name in MLflow 1, names by manager since
    condaFile: textOf(env) ?? textOf(mapOf(env)['conda']),
  };
}

function parsed(text: string): unknown {
  try {
    // failsafe: everything is text, so that the version 3.10 does not become the number 3.1
    const document = parseDocument(text, { schema: 'failsafe', version: '1.1' });
    if (document.errors[0] !== undefined) throw document.errors[0];
    return document.toJS();
  } catch (error) {
    throw new StepFailure('output_invalid', `the MLmodel file of the model is not valid YAML: ${messageOf(error).trim()}`, { cause: error });
  }
}

function mapOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
