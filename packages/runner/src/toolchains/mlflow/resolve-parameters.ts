import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StepFailure } from '../../step-failure.ts';
import { downloadParameter } from './download-parameter.ts';
import type { EntryPoint, Parameter } from './project-file.ts';

export interface ParameterPlace {
  /** Local paths are relative to it. */
  readonly workDir: string;
  /** Remote paths are downloaded into it. */
  readonly scratchDir: string;
}

export interface ResolvedParameters {
  /** Values for the placeholders of the command. */
  readonly declared: ReadonlyMap<string, string>;
  /** What was given and is not declared: appended as `--key value`. */
  readonly extra: ReadonlyMap<string, string>;
  /** What to log: every value as it was given, a path that was downloaded still as its address. */
  readonly logged: Readonly<Record<string, string>>;
}

/** What Python's float() takes. */
const FLOAT = /^\s*[-+]?((\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)(e[-+]?\d+(_\d+)*)?|inf(inity)?|nan)\s*$/i;
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;

/** Given values over defaults, each checked by its type. Throws StepFailure 'bad_spec' ('data_unavailable' for a download). */
export async function resolveParameters(entryPoint: EntryPoint, given: Readonly<Record<string, string>>, place: ParameterPlace): Promise<ResolvedParameters> {
  const values = new Map(Object.entries(given));
  const missing = entryPoint.parameters.filter(({ name, default: fallback }) => !values.has(name) && fallback === undefined);
  if (missing.length > 0) {
    const names = missing.map(({ name }) => `'${name}'`).join(', ');
    throw new StepFailure('bad_spec', `No value given for missing parameters: ${names} (entry point '${entryPoint.name}'); set them in hyperParameters`);
  }
  for (const [name, value] of values) if (`${name}${value}`.includes('\0')) throw new StepFailure('bad_spec', `the parameter '${name.replaceAll('\0', '\\0')}' holds a NUL byte, which no command can carry`);

  const declared = new Map<string, string>();
  const logged = new Map<string, string>();
  for (const [position, parameter] of entryPoint.parameters.entries()) {
    const value = values.get(parameter.name) ?? parameter.default ?? '';
    declared.set(parameter.name, await checked(parameter, value, { ...place, position }));
    logged.set(parameter.name, value);
    values.delete(parameter.name);
  }
  return { declared, extra: values, logged: Object.fromEntries([...logged, ...values]) };
}

interface Slot extends ParameterPlace {
  readonly position: number;
}

async function checked({ name, type }: Parameter, value: string, slot: Slot): Promise<string> {
  switch (type) {
    case 'float':
      if (!FLOAT.test(value)) throw new StepFailure('bad_spec', `the parameter '${name}' must be a number (type float), found '${value}'`);
      return value;
    case 'uri':
      if (!SCHEME.test(value)) throw new StepFailure('bad_spec', `Expected URI for parameter '${name}' but got '${value}'; a URI begins with its scheme, like s3: or file:`);
      return value;
    case 'path':
      return pathOf(name, value, slot);
    default:
      return value;
  }
}

async function pathOf(name: string, value: string, { workDir, scratchDir, position }: Slot): Promise<string> {
  for (const path of localPaths(value, workDir)) if (await exists(path)) return path;
  if (SCHEME.test(value) && !/^file:/i.test(value)) return downloadParameter(name, value, resolve(scratchDir, `param_${position}`));
  throw new StepFailure('bad_spec', `Got value '${value}' for parameter '${name}', but no such file or directory was found (relative paths begin in the working directory)`);
}

/** As written; and with its %xx decoded, because that is all MLflow looks for. */
function localPaths(value: string, workDir: string): string[] {
  try {
    if (/^file:/i.test(value)) return [fileURLToPath(value)];
    return [resolve(workDir, value), resolve(workDir, decodeURIComponent(value))];
  } catch {
    return /^file:/i.test(value) ? [] : [resolve(workDir, value)]; // a lone % is no code, and a file: address may be malformed
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return false;
    throw error;
  }
}
