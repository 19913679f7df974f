import type { Training } from '@trainyard/api/schemas/training.ts';
import { agoText } from '../output/amounts.ts';
import { type Fact, factLines } from '../output/facts.ts';
import type { Screen } from '../output/screen.ts';
import type { Column } from '../output/table.ts';
import { statePaint } from './state-paint.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A training in detail. */
export function trainingLines({ id, spec, status, createdAt, updatedAt }: Training, screen: Screen): string[] {
  const now = Date.now();
  const latest = status.runNumber === undefined ? 'not run yet' : `run ${status.runNumber} ${status.state}`;
  const parameters = Object.entries(fields(spec['hyperParameters'])).map(([name, value]) => `${name}=${String(value)}`);
  const facts: Fact[] = [
    ['latest run', latest, status.message],
    ['runs', String(status.runs)],
    ['model', modelName(spec), status.model === undefined ? undefined : `registered: ${status.model.name} version ${status.model.version}`],
    ['toolchain', String(spec['toolchain'] ?? ''), spec['entrypoint'] === undefined ? undefined : `entry point ${String(spec['entrypoint'])}`],
    ['engine', String(spec['engine'] ?? '')],
    ['source', sourceText(fields(spec['algorithmSource']))],
    ['data', bindingsText(spec['data'])],
    ['output', spec['outputConnection'] === undefined ? undefined : `connection ${String(spec['outputConnection'])}`],
    ['parameters', parameters.join('  ')],
    ['project', String(spec['project'] ?? '')],
    ['created', agoText(createdAt, now), createdAt],
    ['changed', agoText(updatedAt, now), updatedAt],
  ];
  const paint = statePaint(status.state, screen.style);
  return [`${screen.style.title(id)}  ${paint(status.state)}`, ...factLines(facts, screen), '', screen.style.quiet(screen.typed(`  its runs: trainyard runs --training ${id}`))];
}

export const trainingColumns: readonly Column<Training>[] = [
  { title: 'id', text: ({ id }) => id, shrinks: true, paint: (_, style) => style.title },
  { title: 'state', text: ({ status }) => status.state, paint: ({ status }, style) => statePaint(status.state, style) },
  { title: 'run', text: ({ status }) => status.runNumber, align: 'right' },
  { title: 'runs', text: ({ status }) => status.runs, align: 'right' },
  { title: 'model', text: ({ spec }) => modelName(spec), shrinks: true },
  { title: 'registered', text: ({ status }) => (status.model === undefined ? undefined : `${status.model.name} v${status.model.version}`), shrinks: true },
  { title: 'toolchain', text: ({ spec }) => String(spec['toolchain'] ?? '') },
  { title: 'changed', text: ({ updatedAt }) => agoText(updatedAt, Date.now()) },
];

/** `data/ from wine, models/ from other` */
function bindingsText(data: unknown): string | undefined {
  const bindings = Array.isArray(data) ? data.map(fields) : [];
  return bindings.map((binding) => `${String(binding['localPath'])} from ${String(binding['connection'])}`).join(', ');
}

function modelName(spec: Fields): string {
  const { name, version } = fields(spec['model']);
  return `${String(name ?? '')} ${String(version ?? '')}`.trim();
}

function sourceText(source: Fields): string {
  const git = fields(source['git']);
  if (git['url'] !== undefined) return `git ${String(git['url'])}${git['reference'] === undefined ? '' : ` at ${String(git['reference'])}`}`;
  const [vcs, storage] = [fields(source['vcs']), fields(source['objectStorage'])];
  if (vcs['connection'] !== undefined) return `connection ${String(vcs['connection'])}${vcs['reference'] === undefined ? '' : ` at ${String(vcs['reference'])}`}`;
  if (storage['connection'] !== undefined) return `connection ${String(storage['connection'])}${storage['path'] === undefined ? '' : `, ${String(storage['path'])}`}`;
  const notebook = fields(source['notebook']);
  if (notebook['path'] !== undefined) return `notebook ${String(notebook['path'])} of ${String(fields(notebook['git'])['url'] ?? 'the workspace')}`;
  const { digest } = fields(source['snapshot']);
  return digest === undefined ? '' : `uploaded source ${String(digest).slice(0, 12)}`;
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}
