import type { Training } from '@trainyard/api/schemas/training.ts';
import type { Manifest } from '../manifest/manifest.ts';
import type { ProjectFacts } from '../manifest/project-facts.ts';
import { countText, sizeText } from '../output/amounts.ts';
import { type Fact, factLines } from '../output/facts.ts';
import type { Screen } from '../output/screen.ts';
import type { SourceListing } from '../source/list-files.ts';

/** Everything a plan is told from. */
export interface Plan {
  readonly manifest: Manifest;
  /** Where the manifest was read; undefined when it was made of flags. */
  readonly where: string | undefined;
  /** The training of the same id, when there is one. */
  readonly existing: Training | undefined;
  /** Absent when the source is not packed here. */
  readonly packed?: { readonly shownDir: string; readonly listing: SourceListing; readonly project: ProjectFacts; readonly data: DataFile | undefined } | undefined;
}

/** A file of the source that a parameter of type `path` names. */
export interface DataFile {
  readonly name: string;
  readonly parameter: string;
  readonly sizeBytes: number;
}

type Fields = Readonly<Record<string, unknown>>;

/** The plan of `train run`: what will happen, before anything does. */
export function planLines(plan: Plan, screen: Screen): string[] {
  const { spec } = plan.manifest;
  const facts: Fact[] = [
    ['training', plan.manifest.id, existingText(plan)],
    ['manifest', plan.where ?? 'none', plan.where === undefined ? 'made from the command line' : undefined],
    ['source', ...sourceFact(plan, fields(spec['algorithmSource']))],
    ['data', ...dataFact(plan)],
    ['environment', ...environmentFact(plan, fields(spec['environment']))],
    ['toolchain', text(spec['toolchain']), runsText(spec)],
    ['engine', text(spec['engine']) ?? 'local', resourcesText(spec)],
    ['parameters', ...parametersFact(plan, fields(spec['hyperParameters']))],
    ['model', ...modelFact(spec)],
  ];
  const notes = plan.packed?.listing.notes ?? [];
  return [screen.style.title('Plan'), ...factLines(facts, screen), ...notes.map((note) => `  ${screen.style.careful(`! ${note}`)}`), ''];
}

function existingText({ existing }: Plan): string {
  if (existing === undefined) return 'new';
  const { state, runNumber } = existing.status;
  return `exists: edited, with a new run${runNumber === undefined ? '' : ` (the last, ${runNumber}, ${state === 'stopped' ? 'was stopped' : state})`}`;
}

function sourceFact({ packed, manifest }: Plan, source: Fields): [string, string?] {
  const git = fields(source['git']);
  if (text(git['url']) !== undefined) return [`git ${text(git['url'])}`, `at ${text(git['reference']) ?? 'its default branch'}`];
  const stored = storedSource(manifest.spec, source);
  if (stored !== undefined) return stored;
  if (packed === undefined) return [`uploaded source ${(text(fields(source['snapshot'])['digest']) ?? '').slice(0, 12)}`];
  const files = packed.listing.entries.filter(({ kind }) => kind === 'file');
  const left = packed.listing.ignored.length;
  const size = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return [packed.shownDir, [countText(files.length, 'file'), sizeText(size), ...(left === 0 ? [] : [`${left} left out by .gitignore`])].join(', ')];
}

/** A source behind a connection. */
function storedSource(spec: Fields, source: Fields): [string, string?] | undefined {
  const [vcs, storage] = [fields(source['vcs']), fields(source['objectStorage'])];
  const repository = text(vcs['connection']) ?? text(spec['vcsName']);
  if (repository !== undefined) return [`connection ${repository}`, `at ${text(vcs['reference']) ?? text(spec['reference']) ?? 'the reference of the connection'}`];
  const bucket = text(storage['connection']);
  return bucket === undefined ? undefined : [`connection ${bucket}`, text(storage['path']) ?? ''];
}

function dataFact({ packed, manifest }: Plan): [string, string?] {
  const bindings = Array.isArray(manifest.spec['data']) ? manifest.spec['data'].map(fields) : [];
  if (bindings.length > 0) return [bindings.map((one) => `${text(one['localPath']) ?? '?'} from ${text(one['connection']) ?? text(one['connName']) ?? '?'}`).join(', ')];
  if (packed?.data !== undefined) return [packed.data.name, `${sizeText(packed.data.sizeBytes)}, parameter ${packed.data.parameter}`];
  return ['comes with the source'];
}

function environmentFact({ packed, manifest }: Plan, choice: Fields): [string, string?] {
  const manager = text(choice['manager']);
  if (manager === 'none') return ['the Python that is there', 'nothing installed'];
  const by = manager === undefined || manager === 'auto' ? 'built once, shared by all runs' : `by ${manager}`;
  if (packed === undefined) return ['as the source says', by];
  if (packed.project.environmentFile !== undefined) return [packed.project.environmentFile, by];
  return [manifest.spec['toolchain'] === 'command' ? 'none' : 'no file for it in the source'];
}

function runsText(spec: Fields): string {
  const argv = Array.isArray(spec['args']) ? spec['args'].map(String).join(' ') : '';
  if (argv !== '' && spec['toolchain'] === 'command') return argv;
  return `entry point ${text(spec['entrypoint']) ?? 'main'}`;
}

function resourcesText(spec: Fields): string {
  const limits = Object.entries(fields(fields(spec['resources'])['limits'])).map(([name, amount]) => `${name} ${String(amount)}`);
  const priority = spec['priority'] === undefined || spec['priority'] === 0 ? [] : [`priority ${String(spec['priority'])}`];
  return [...limits, ...priority].join(', ');
}

function parametersFact({ packed }: Plan, given: Fields): [string, string | undefined] {
  const own = Object.entries(given).map(([name, value]) => `${name}=${String(value)}`);
  const standard = (packed?.project.parameters ?? []).filter((one) => one.default !== undefined && !(one.name in given)).map((one) => `${one.name}=${one.default}`);
  if (own.length === 0 && standard.length > 0) return [standard.join('  '), 'defaults'];
  return [own.join('  '), standard.length === 0 ? undefined : `defaults: ${standard.join('  ')}`];
}

function modelFact(spec: Fields): [string, string?] {
  const model = fields(spec['model']);
  const name = `${text(model['name']) ?? '?'} ${text(model['version']) ?? '?'}`;
  const register = spec['register'];
  const mode = typeof register === 'boolean' ? (register ? 'required' : 'never') : (text(fields(register)['mode']) ?? (spec['toolchain'] === 'mlflow' ? 'required' : 'when_present'));
  const as = text(fields(register)['name']) ?? text(model['name']) ?? '?';
  if (mode === 'never') return [name, 'not registered'];
  return [name, mode === 'required' ? `registered as '${as}'` : `registered as '${as}' if there is one`];
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}
