import { messageOf, TrainyardError } from '@trainyard/core/errors.ts';
import type { Cli } from '../../cli.ts';
import type { Connection } from '../../connection/connection.ts';
import { exitCode } from '../../exit-codes.ts';
import { carryOut } from '../../manifest/apply/carry-out.ts';
import { makePlan } from '../../manifest/apply/make-plan.ts';
import { readResources } from '../../manifest/apply/read-resources.ts';
import { nameOf, type Planned, type Resource } from '../../manifest/apply/resource.ts';
import { type Kind, KINDS } from '../../manifest/manifest.ts';
import type { OutputFormat } from '../../output/format.ts';
import { safeLine } from '../../output/safe-text.ts';
import { tableLines } from '../../output/table.ts';
import type { Finding } from '../findings.ts';
import { findingLines } from '../report-lines.ts';
import { readServer } from './read-server.ts';
import type { OdahuResources } from './resources.ts';

export interface OdahuImport {
  /** URL of a server, or a directory of manifests. */
  readonly from: string;
  readonly dryRun: boolean;
  readonly output: OutputFormat;
}

interface Count {
  readonly what: string;
  readonly source: number;
  readonly here: number;
}

const NAMES: Readonly<Record<Kind, string>> = { Connection: 'connections', ToolchainIntegration: 'toolchains', ModelTraining: 'trainings' };

/**
 * Brings connections, toolchains and trainings of an ODAHU over. Nothing that is here is written over and nothing is run: the
 * same again changes nothing. Ends by counting both sides.
 */
export async function importOdahu(cli: Cli, { from, dryRun, output }: OdahuImport): Promise<void> {
  const source = await open(cli, from);
  await cli.err.lines([`${cli.err.style.title('from')}  ${safeLine(source.title)}`, ...source.skipped.map((text) => cli.err.style.careful(`! ${safeLine(text)}`))]);
  if (dryRun) {
    const items = source.resources.map(({ manifest: { kind, id } }) => ({ kind, id }));
    return cli.print({ source: source.title, items, refused: source.refused, notBrought: source.skipped }, output, (screen) => [...items.map(nameOf), ...findingLines('refused:', source.refused, screen)]);
  }
  const server = await cli.connect();
  const refused = [...source.refused];
  const notes: Finding[] = [];
  for (const resource of source.resources) await bring(cli, server, { resource, refused, notes });
  const counts = await countBoth(server, source, refused);
  const complete = refused.length === 0 && counts.every(({ source: there, here }) => there === here);
  await cli.print({ source: source.title, complete, counts, refused, notes, notBrought: source.skipped }, output, (screen) => [
    ...tableLines(counts, [{ title: 'what', text: ({ what }) => what }, { title: 'source', text: (row) => String(row.source), align: 'right' }, { title: 'here', text: ({ here }) => String(here), align: 'right' }], { style: screen.style, width: screen.columns }),
    ...findingLines('refused:', refused, screen),
    ...findingLines('kept as it is here:', notes, screen),
    '',
    complete ? screen.style.good('everything is here; nothing was run: trainyard train rerun ID') : screen.style.bad('not everything is here: see what was refused, and run the same command again'),
  ]);
  if (!complete) cli.exitCode = exitCode('failed');
}

async function open(cli: Cli, from: string): Promise<OdahuResources> {
  if (/^https?:\/\//i.test(from)) {
    if (!URL.canParse(from)) throw new TrainyardError('USAGE', { problem: `'${from}' is no URL`, advice: 'write it as for odahuflowctl login: https://odahu.example.org' });
    return readServer(from, cli.io);
  }
  const { resources, skipped } = await readResources(cli.io, [from], { odahu: true, values: true });
  // a manifest of ODAHU always names its source: the directory it lies in is none
  return { title: `manifests in ${from}`, resources: resources.map((resource) => ({ ...resource, dir: undefined })), refused: [], skipped };
}

interface Bringing {
  readonly resource: Resource;
  readonly refused: Finding[];
  readonly notes: Finding[];
}

/** One that is refused does not keep the others back. */
async function bring(cli: Cli, server: Connection, { resource, refused, notes }: Bringing): Promise<void> {
  const record = nameOf(resource.manifest);
  try {
    const [planned] = await makePlan(cli, server, { resources: [resource], rerun: false });
    if (planned?.action === 'change') notes.push({ record, text: planned.changes.join('; ') });
    if (planned?.action === 'create') await create(cli, server, planned);
  } catch (error) {
    if (cli.io.interrupted.aborted) throw error;
    refused.push({ record, text: messageOf(error) });
  }
}

async function create(cli: Cli, server: Connection, planned: Planned): Promise<void> {
  const line = await carryOut(planned, { cli, server, run: false, force: false });
  await cli.err.lines([safeLine(line)]);
}

/** What could not be read counts for the source. */
async function countBoth(server: Connection, { resources, refused }: OdahuResources, allRefused: readonly Finding[]): Promise<Count[]> {
  const here = await idsHere(server);
  return KINDS.map((kind) => {
    const ids = resources.flatMap(({ manifest }) => (manifest.kind === kind ? [manifest.id] : []));
    const unread = refused.filter(({ record }) => record.startsWith(`${kind} `)).length;
    const there = ids.filter((id) => here[kind].has(id) && !allRefused.some(({ record }) => record === nameOf({ kind, id })));
    return { what: NAMES[kind], source: ids.length + unread, here: there.length };
  });
}

async function idsHere(server: Connection): Promise<Record<Kind, ReadonlySet<string>>> {
  const all = async (list: (cursor: string | undefined) => Promise<{ readonly items: readonly { readonly id: string }[]; readonly nextCursor?: string | undefined }>): Promise<Set<string>> => {
    const ids = new Set<string>();
    for (let cursor: string | undefined; ; ) {
      const page = await list(cursor);
      for (const { id } of page.items) ids.add(id);
      if (page.nextCursor === undefined) return ids;
      cursor = page.nextCursor;
    }
  };
  return {
    Connection: await all((cursor) => server.call('listConnections', { query: { limit: 500, cursor } })),
    ToolchainIntegration: await all((cursor) => server.call('listToolchains', { query: { limit: 500, cursor } })),
    ModelTraining: await all((cursor) => server.call('listTrainings', { query: { limit: 500, cursor } })),
  };
}
