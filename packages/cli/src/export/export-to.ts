import path from 'node:path';
import type { Tally } from '@trainyard/core/tracking/records/tally.ts';
import type { Cli } from '../cli.ts';
import type { Connection } from '../connection/connection.ts';
import { openDirectory } from '../import/directory/source.ts';
import { type Finding, Findings } from '../import/findings.ts';
import { Target } from '../import/target.ts';
import { type Comparison, verify } from '../import/verify.ts';
import { countText, sizeText } from '../output/amounts.ts';
import { LiveLine } from '../progress/live-line.ts';
import { exportAll } from './export-all.ts';
import { Origin } from './origin.ts';

export interface ExportResult {
  readonly complete: boolean;
  readonly counts: readonly Comparison[];
  readonly refused: readonly Finding[];
}

/** Exports, then reads the directory as an import would and counts both sides. */
export async function exportTo(cli: Cli, { connection, dir, experiments }: { readonly connection: Connection; readonly dir: string; readonly experiments: readonly string[] | undefined }): Promise<ExportResult> {
  const { io } = cli;
  const live = new LiveLine(cli.err);
  const watcher = { lost: () => void live.print([`${cli.err.style.careful('waiting')} for the server, which does not answer`]), back: () => void live.print(['the server is back']) };
  const reach = { signal: io.interrupted, watcher };
  let text = 'reading';
  live.show(() => ({ text }));
  try {
    const { version } = await connection.call('status', {});
    const manifest = await exportAll({ origin: new Origin(connection, reach), dir: path.resolve(io.cwd, dir), experiments, version, exportedAt: new Date().toISOString(), onTally: (tally) => void (text = tallyText(tally)) });
    text = 'reading it back';
    const source = await openDirectory([dir], undefined, io);
    const findings = new Findings();
    const { artifacts = 0, artifactBytes = 0 } = manifest.counts;
    const files = { artifacts, artifactBytes };
    const { comparisons, missing } = await verify({ source, target: new Target(connection, reach), findings, counted: manifest.counts, sent: manifest.counts, artifacts: { source: files, here: files } });
    const complete = missing === 0 && findings.refused.length === 0 && comparisons.every((one) => one.source === one.here);
    return { complete, counts: comparisons, refused: findings.refused };
  } finally {
    live.clear();
  }
}

function tallyText({ runs = 0, points = 0, artifacts = 0, artifactBytes = 0 }: Tally): string {
  return `${countText(runs, 'run')}, ${countText(points, 'point')}, ${countText(artifacts, 'file')} (${sizeText(artifactBytes)})`;
}
