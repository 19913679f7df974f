import { didYouMean } from '../nearest.ts';
import { artifactNameProblem } from './artifact-name.ts';
import { dataProblems, insideProblems, type KnownConnections, outputProblems, storedSourceProblems } from './check-connections.ts';
import { notebookProblems } from './notebook.ts';
import { amountOf, isQuantity, QUANTITY } from './quantity.ts';
import type { ResourceAmounts, TrainingSpec } from './spec.ts';

const ID = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;
const LABEL = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
const REFERENCE = /^(?!-)[^\s~^:?*[\\\u0000-\u001f\u007f]{1,255}$/;
const GIT_SCHEMES = ['https:', 'file:'];
/** Variables that the runner sets itself; a training that sets them would cut its own line home. */
const RESERVED = /^(TRAINYARD_|MLFLOW_(TRACKING_URI|TRACKING_TOKEN|RUN_ID|EXPERIMENT_ID|EXPERIMENT_NAME)$)/;

/** What is wrong with an id of any resource; ODAHU's rule and words. */
export function idProblems(id: string): string[] {
  if (id === '') return ['ID is not valid', 'empty "ID"'];
  return ID.test(id) ? [] : [`ID is not valid: '${id}' must have 1 to 63 lowercase letters, digits or '-', begin with a letter and end with a letter or digit`];
}

/** What there is, as far as a training names it. */
export interface Known extends KnownConnections {
  readonly engines: readonly string[];
  readonly toolchains: readonly string[];
  /** Labels of the machines a training may choose; a node selector must be one of them. */
  readonly nodePools: readonly Readonly<Record<string, string>>[];
}

const RESOURCES = ['cpu', 'memory', 'gpu'] as const satisfies readonly (keyof ResourceAmounts)[];

/**
 * Everything that is wrong with a training whose shape is right, in ODAHU's order and words where it has some.
 * All problems at once: who corrects one should not be sent back for the next.
 */
export function specProblems(spec: TrainingSpec, known: Known): string[] {
  return [
    ...labelProblems('model.name', 'training name', spec.model.name),
    ...labelProblems('model.version', 'training version', spec.model.version),
    ...resourceProblems(spec),
    ...sourceProblems(spec, known),
    ...dataProblems(spec.data, known),
    ...catalogProblems('toolchain', spec.toolchain, known.toolchains),
    ...outputProblems(spec.outputConnection, known),
    ...nodeSelectorProblems(spec.nodeSelector ?? {}, known.nodePools),
    ...amountProblems(spec),
    ...catalogProblems('engine', spec.engine, known.engines),
    ...commandProblems(spec),
    ...notebookProblems(spec),
    ...insideProblems('workDir', spec.workDir),
    ...variableProblems(spec),
    ...prefixed('model.artifactNameTemplate', artifactNameProblem(spec.model.artifactNameTemplate)),
  ];
}

function labelProblems(field: string, what: string, value: string): string[] {
  if (value === '') return [`empty ${field}`];
  return LABEL.test(value) ? [] : [`invalid ${what}: ${value} must be valid Kubernetes label, i.e. match this pattern: ${LABEL.source}`];
}

function resourceProblems(spec: TrainingSpec): string[] {
  const problems: string[] = [];
  for (const [side, amounts] of [['limit', spec.resources.limits], ['request', spec.resources.requests]] as const) {
    for (const kind of RESOURCES) {
      const amount = amounts?.[kind];
      if (amount !== undefined && !isQuantity(amount)) {
        problems.push(`validation of ${kind} ${side} is failed: quantities must match the regular expression '${QUANTITY.source}', found '${amount}'`);
      }
    }
  }
  return problems;
}

/** Amounts that are none were named already. */
function amountProblems({ resources: { limits, requests } }: TrainingSpec): string[] {
  const negative = ([['limits', limits], ['requests', requests]] as const).flatMap(([side, amounts]) =>
    RESOURCES.flatMap((kind) => ((amountOf(amounts?.[kind] ?? '') ?? 0) < 0 ? [`spec.resources.${side}[${kind}]: Invalid value: "${amounts?.[kind]}": must be greater than or equal to 0`] : [])),
  );
  const above = RESOURCES.flatMap((kind) => {
    const [request, limit] = [amountOf(requests?.[kind] ?? ''), amountOf(limits?.[kind] ?? '')];
    return request !== undefined && limit !== undefined && request > limit ? [`spec.resources.requests: Invalid value: "${requests?.[kind]}": must be less than or equal to ${kind} limit`] : [];
  });
  return [...negative, ...above];
}

/** As Go prints a map: sorted by key. */
function nodeSelectorProblems(selector: Readonly<Record<string, string>>, pools: Known['nodePools']): string[] {
  const labels = Object.entries(selector).map(([key, value]) => `${key}:${value}`).toSorted();
  if (labels.length === 0) return [];
  const known = pools.some((pool) => Object.keys(pool).length === labels.length && Object.entries(pool).every(([key, value]) => selector[key] === value));
  return known ? [] : [`node selector map[${labels.join(' ')}] is not presented in ODAHU config`];
}

function sourceProblems({ algorithmSource }: TrainingSpec, known: KnownConnections): string[] {
  const { git, snapshot, vcs, objectStorage } = algorithmSource;
  const given = Object.entries(algorithmSource).flatMap(([name, source]) => (source === undefined ? [] : [`algorithmSource.${name}`]));
  if (given.length === 0) return ['both VCS and ObjectStorage names are empty'];
  if (vcs !== undefined && objectStorage !== undefined) return ['both VCS and ObjectStorage names are specified, must be only one'];
  if (given.length > 1) return [`both ${given.join(' and ')} are specified, must be only one`];
  if (snapshot !== undefined) return /^[0-9a-f]{64}$/.test(snapshot.digest) ? [] : ['algorithmSource.snapshot.digest must be 64 hex digits'];
  if (git !== undefined) return gitProblems(git.url, git.reference);
  return [...storedSourceProblems(algorithmSource, known), ...referenceProblems('algorithmSource.vcs.reference', vcs?.reference)];
}

function gitProblems(url: string, reference: string | undefined): string[] {
  const problems: string[] = [];
  const scheme = /^([a-z][a-z0-9+.-]*:)\/\//i.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined || !GIT_SCHEMES.includes(scheme)) problems.push(`algorithmSource.git.url must begin with https:// or file://, found '${url}'`);
  if (/^[a-z]+:\/\/[^/@]*:[^/@]*@/i.test(url)) problems.push('algorithmSource.git.url must not hold a password');
  return [...problems, ...referenceProblems('algorithmSource.git.reference', reference)];
}

function referenceProblems(field: string, reference: string | undefined): string[] {
  if (reference === undefined || (REFERENCE.test(reference) && !reference.includes('..'))) return [];
  return [`${field} '${reference}' is not a branch, tag or commit`];
}

function catalogProblems(what: string, name: string, known: readonly string[]): string[] {
  if (name === '') return [`empty ${what} parameter`];
  return known.includes(name) ? [] : [`there is no ${what} '${name}' (known: ${known.join(', ')})${didYouMean(name, known)}`];
}

function commandProblems(spec: TrainingSpec): string[] {
  return spec.toolchain === 'command' && spec.args.length === 0 ? ["the toolchain 'command' needs args: the program and its arguments"] : [];
}

function variableProblems(spec: TrainingSpec): string[] {
  const seen = new Set<string>();
  return [...spec.envs, ...spec.secretEnvs].flatMap(({ name }) => {
    const twice = seen.has(name);
    seen.add(name);
    if (!VARIABLE.test(name)) return [`'${name}' is not a name of an environment variable`];
    if (RESERVED.test(name)) return [`the environment variable '${name}' is set by Trainyard itself`];
    return twice ? [`the environment variable '${name}' is given twice`] : [];
  });
}

function prefixed(field: string, problem: string | undefined): string[] {
  return problem === undefined ? [] : [`${field}: ${problem}`];
}
