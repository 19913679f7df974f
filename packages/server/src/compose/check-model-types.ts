import { TrainyardError } from '@trainyard/core/errors.ts';
import { specProblems } from '@trainyard/core/training/check-spec.ts';
import { insideProblems } from '@trainyard/core/training/check-connections.ts';
import { ZodError } from 'zod';
import type { OnDemandName, OriginalVariable } from '../config/on-demand-settings.ts';
import { type ModelTypeSettings, trainingSpecOf } from '../usecases/model-types/training-of.ts';

/** Of the fields of a model type's training, those that come from a variable. */
const FIELDS: readonly { readonly field: RegExp; readonly variable: OriginalVariable | OnDemandName }[] = [
  { field: /^databricks\.cluster/, variable: 'DATABRICKS_CLUSTER_ID' },
  { field: /^algorithmSource\.(notebook\.)?git\.url/, variable: 'ON_DEMAND_SOURCE' },
  { field: /^algorithmSource\.(notebook\.)?git\.reference/, variable: 'ON_DEMAND_SOURCE_REFERENCE' },
  { field: /^algorithmSource\.notebook\.git needs provider/, variable: 'ON_DEMAND_SOURCE_PROVIDER' },
];

/** Of a training that runs notebooks from nowhere but a workspace, a repository or a snapshot. */
const KNOWN = { engines: ['local', 'databricks'], toolchains: ['notebook'], nodePools: [], connections: new Map(), connectionUses: new Map() };

/** What can never train is refused at the start, and not blamed on whoever asks. Throws ON_DEMAND_VARIABLE with the name of the variable. */
export function checkModelTypes(settings: ModelTypeSettings): void {
  for (const [modelType, path] of settings.notebooks) {
    const [problem] = problemsOf(modelType, path, settings);
    if (problem === undefined) continue;
    const variable = FIELDS.find(({ field }) => field.test(problem))?.variable;
    throw new TrainyardError('ON_DEMAND_VARIABLE', {
      problem: variable === undefined ? `Environment variable DATABRICKS_TYPE_MAPPING with an invalid notebook for '${modelType}': ${problem}` : `Environment variable ${variable} cannot be used: ${problem}`,
    });
  }
}

function problemsOf(modelType: string, path: string, settings: ModelTypeSettings): readonly string[] {
  try {
    const spec = trainingSpecOf(modelType, path, settings);
    return [...specProblems(spec, KNOWN), ...insideProblems('entrypoint', spec.entrypoint ?? '')];
  } catch (error) {
    // an empty path, or one that is too long for the API as well
    if (!(error instanceof ZodError)) throw error;
    return error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  }
}
