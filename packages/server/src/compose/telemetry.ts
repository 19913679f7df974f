import type { Config } from '../config/read-config.ts';
import type { TelemetrySettings } from '../config/read-telemetry.ts';
import type { Logger } from '../platform/logger.ts';
import { AllowList, plainName } from '../platform/outbound/allow-list.ts';
import { OutboundHttp } from '../platform/outbound/outbound-http.ts';
import type { EndingChange } from '../scheduler/scheduler.ts';
import type { RunRecord, RunStore } from '../stores/runs.ts';
import { openTelemetry } from '../telemetry/catalog.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { VERSION } from '../version.ts';

export interface TelemetrySources {
  readonly config: Config;
  readonly runs: RunStore;
  readonly log: Logger;
}

/** Joins the telemetry to what it tells of; nothing is loaded when nobody is to be told. */
export function composeTelemetry(settings: TelemetrySettings | undefined, { config, runs, log }: TelemetrySources): Promise<Telemetry> {
  const named = settings === undefined ? [] : [plainName(new URL(settings.ingestionUrl).hostname)];
  return openTelemetry(settings, {
    version: VERSION,
    queueLength: async () => (await runs.countActive()).queued ?? 0,
    // named by an administrator: it may lie in a private network
    outbound: new OutboundHttp({ allow: new AllowList([...config.outboundAllow, ...named]) }),
    log,
  });
}

/** Tells of an attempt that the scheduler ended, and of its run when that is over with it. */
export function reportEnd(telemetry: Telemetry, run: RunRecord, { change, now }: { readonly change: EndingChange; readonly now: number }): void {
  const { engine, spec } = run;
  telemetry.attemptEnded({ run: run.number, attempt: run.attempt, engine, toolchain: spec.toolchain, startedAt: run.attemptStartedAt ?? run.queuedAt, endedAt: now, reason: change.failure?.reason });
  if (change.kind === 'end') telemetry.runEnded({ state: change.state, engine, toolchain: spec.toolchain, durationMs: now - run.queuedAt });
}

/** Tells of a run that ended before it was anybody's turn: it was stopped in the queue. */
export function reportStopped(telemetry: Telemetry, { engine, spec, queuedAt, endedAt }: RunRecord): void {
  telemetry.runEnded({ state: 'stopped', engine, toolchain: spec.toolchain, durationMs: (endedAt ?? queuedAt) - queuedAt });
}
