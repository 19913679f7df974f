import type { TransferRecord } from '@trainyard/core/tracking/records/record.ts';
import type { Tally } from '@trainyard/core/tracking/records/tally.ts';
import type { Outcome } from '../../stores/transfer.ts';

/** For a check: refuses runs and logged models that have others points here than their record counted. */
export function compareCounts(records: readonly TransferRecord[], outcomes: readonly Outcome[]): Outcome[] {
  return outcomes.map((outcome, index) => {
    const record = records[index];
    if (record === undefined || outcome.result === 'refused' || outcome.result === 'new') return outcome;
    const problems = differences(record, outcome.here);
    return problems.length === 0 ? outcome : { result: 'refused', problem: problems.join('; ') };
  });
}

function differences(record: TransferRecord, here: Tally): string[] {
  if (record.kind === 'logged_model') return difference('points', record.points, here.modelPoints);
  if (record.kind !== 'run') return [];
  // what is under way may have more by now
  const mayGrow = record.status === 'RUNNING' || record.status === 'SCHEDULED';
  return [...difference('metrics', record.metrics, here.metrics, mayGrow), ...difference('points', record.points, here.points, mayGrow)];
}

function difference(what: string, counted: number | null, found = 0, mayGrow = false): string[] {
  if (counted === null || found === counted || (mayGrow && found > counted)) return [];
  return [`has ${found} ${what} here, the record counts ${counted}`];
}
