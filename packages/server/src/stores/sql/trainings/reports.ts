import { isDeepStrictEqual } from 'node:util';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Facts, Report } from '@trainyard/core/training/outcome.ts';
import { stateDuring } from '@trainyard/core/training/states.ts';
import type { Settled } from '../../../platform/group-commit.ts';
import type { ReportCall } from '../../runs.ts';
import type { Trx } from '../database.ts';
import { insertEvents, type NewEvent } from './run-rows.ts';
import type { RunTable } from '../schema.ts';
import { startManagedRun } from '../tracking/managed-runs.ts';

interface Answer {
  readonly lastSeq: number;
  readonly stop: boolean;
}

/** Reports of many attempts in one transaction. One that is refused (its attempt is over) does not touch the others. */
export async function takeReports(trx: Trx, calls: readonly ReportCall[], now: number): Promise<Settled<Answer>[]> {
  const answers: Settled<Answer>[] = [];
  for (const call of calls) answers.push(await takeCall(trx, call, now));
  return answers;
}

async function takeCall(trx: Trx, call: ReportCall, now: number): Promise<Settled<Answer>> {
  const run = await trx.selectFrom('runs').select(['number', 'attempt', 'state', 'cancel_requested_at', 'stop', 'facts', 'warnings']).where('id', '=', call.runId).executeTakeFirst();
  const current = run !== undefined && run.attempt === call.attempt && (run.state === 'preparing' || run.state === 'running');
  if (!current) return { error: new TrainyardError('STALE_ATTEMPT', { id: run?.number ?? call.runId, attempt: call.attempt }) };
  const attempt = await trx.selectFrom('attempts').select('last_seq').where('run_id', '=', call.runId).where('number', '=', call.attempt).executeTakeFirstOrThrow();
  const stop = run.cancel_requested_at !== null || run.stop !== null;
  if (call.besideRunner === true) {
    const news = newsFor(run, call.reports);
    if (news.length > 0) await write(trx, { ...call, reports: news }, new Changes(run), now);
    return { value: { lastSeq: attempt.last_seq, stop } };
  }
  const fresh = call.reports.filter((report) => report.seq > attempt.last_seq).toSorted((a, b) => a.seq - b.seq);
  const last = fresh.at(-1);
  if (last === undefined) return { value: { lastSeq: attempt.last_seq, stop } };
  await write(trx, { ...call, reports: fresh }, new Changes(run), now);
  await trx.updateTable('attempts').set({ last_seq: last.seq }).where('run_id', '=', call.runId).where('number', '=', call.attempt).execute();
  return { value: { lastSeq: last.seq, stop } };
}

function newsFor(run: { readonly facts: string; readonly warnings: string }, reports: readonly Report[]): Report[] {
  const facts = JSON.parse(run.facts) as Readonly<Record<string, unknown>>;
  const warnings = JSON.parse(run.warnings) as readonly string[];
  return reports.filter((report) => {
    if (report.kind === 'facts') return Object.entries(report.facts).some(([name, value]) => !isDeepStrictEqual(facts[name], value));
    return report.kind === 'note' && !warnings.includes(report.message);
  });
}

async function write(trx: Trx, call: ReportCall, changes: Changes, now: number): Promise<void> {
  for (const report of call.reports) {
    changes.take(report, now);
    if (report.kind === 'step') await writeStep(trx, call, report);
  }
  if (Object.keys(changes.columns).length > 0) await trx.updateTable('runs').set(changes.columns).where('id', '=', call.runId).execute();
  if (changes.columns.step !== undefined) await trx.updateTable('attempts').set({ step: changes.columns.step }).where('run_id', '=', call.runId).where('number', '=', call.attempt).execute();
  if (changes.columns.state === 'running') await startManagedRun(trx, call.runId, now);
  await insertEvents(trx, changes.events.map((event) => ({ ...event, runId: call.runId })), now);
}

/** Folds reports into the columns of the run and the events they are. */
class Changes {
  readonly columns: Partial<Omit<RunTable, 'number'>> = {};
  readonly events: Omit<NewEvent, 'runId'>[] = [];
  #facts: Facts;
  #warnings: string[];
  #state: string;

  constructor(run: { state: string; facts: string; warnings: string }) {
    this.#state = run.state;
    this.#facts = JSON.parse(run.facts) as Facts;
    this.#warnings = JSON.parse(run.warnings) as string[];
  }

  take(report: Report, now: number): void {
    switch (report.kind) {
      case 'step':
        this.#takeStep(report);
        return;
      case 'note':
        if (report.level === 'warning') this.columns.warnings = JSON.stringify((this.#warnings = [...this.#warnings, report.message].slice(-100)));
        this.events.push({ kind: 'note', data: { level: report.level, message: report.message } });
        return;
      case 'facts':
        this.columns.facts = JSON.stringify((this.#facts = { ...this.#facts, ...report.facts }));
        this.events.push({ kind: 'facts', data: { ...report.facts } });
        return;
      case 'outcome':
        // the scheduler concludes from it; its next look is now
        this.columns.outcome = JSON.stringify(report.outcome);
        this.columns.look_at = now;
        return;
      default:
        report satisfies never;
    }
  }

  #takeStep(report: Extract<Report, { kind: 'step' }>): void {
    // how far a step is that has begun already: neither an event nor another beginning
    if (report.state === 'running' && report.message !== undefined) return;
    this.events.push({ kind: 'step', data: { step: report.step, state: report.state, at: report.at, ...(report.message === undefined ? {} : { message: report.message }), ...(report.exitCode === undefined ? {} : { exitCode: report.exitCode }) } });
    if (report.state !== 'running') return;
    this.columns.step = report.step;
    this.columns.step_started_at = report.at;
    if (this.#state === 'preparing' && stateDuring(report.step) === 'running') {
      this.#state = this.columns.state = 'running';
      this.events.push({ kind: 'state', data: { state: 'running' } });
    }
  }
}

async function writeStep(trx: Trx, call: ReportCall, report: Extract<Report, { kind: 'step' }>): Promise<void> {
  const ended = report.state === 'running' ? null : report.at;
  const outcome = { state: report.state, ended_at: ended, message: report.message ?? null, exit_code: report.exitCode ?? null };
  await trx
    .insertInto('steps')
    .values({ run_id: call.runId, attempt: call.attempt, name: report.step, started_at: report.at, ...outcome })
    .onConflict((conflict) => conflict.columns(['run_id', 'attempt', 'name']).doUpdateSet(outcome))
    .execute();
}
