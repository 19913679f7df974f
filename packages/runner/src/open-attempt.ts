import { mkdir } from 'node:fs/promises';
import { secretsOf } from '@trainyard/core/connection/connection-spec.ts';
import type { RunnerOrder } from '@trainyard/core/training/runner-order.ts';
import type { Attempt } from './attempt.ts';
import { attemptMark, attemptPaths } from './attempt-dir.ts';
import { Delivery } from './delivery/delivery.ts';
import { ReportJournal } from './delivery/report-journal.ts';
import { DISK_FULL } from './disk-full.ts';
import { connectionSecrets } from './log/connection-secrets.ts';
import { LogFile } from './log/log-file.ts';
import { Needles } from './log/needles.ts';
import { secretForms, SHORTEST_SECRET_BYTES } from './log/secret-forms.ts';
import { maskText } from './log/secret-masker.ts';
import { signalMarked } from './process/process-tree.ts';
import { connectionEnv, programEnv } from './process/program-env.ts';
import { ServerLink } from './server/server-link.ts';
import type { Stop } from './stop.ts';
import { TrackingApi } from './tracking/tracking-api.ts';

export interface AttemptPlace {
  readonly dir: string;
  readonly cacheDir: string;
  /** The environment of this process. */
  readonly machineEnv: Readonly<Record<string, string | undefined>>;
  readonly stop: Stop;
}

/** An attempt in progress, with what only its beginning and end need. */
export interface OpenAttempt {
  readonly attempt: Attempt;
  readonly mark: string;
  readonly log: LogFile;
  readonly journal: ReportJournal;
  readonly delivery: Delivery;
  readonly link: ServerLink;
}

/** Opens log and journal and begins to send what comes into them. */
export async function openAttempt(order: RunnerOrder, { dir, cacheDir, machineEnv, stop }: AttemptPlace): Promise<OpenAttempt> {
  const paths = attemptPaths(dir);
  await Promise.all([mkdir(paths.scratch, { recursive: true }), mkdir(paths.output, { recursive: true })]);
  const mark = attemptMark(order);
  const needles = new Needles([order.token, ...Object.values(order.secrets), ...Object.values(order.connections).flatMap(connectionSecrets)].flatMap(secretForms));
  const onDiskFull = (): void => stop.request('disk_full', DISK_FULL);
  // log and journal tell the delivery when there is something to send, and it is made from them
  const awake: { delivery?: Delivery } = {};
  const journal = new ReportJournal({ path: paths.reports, mask: (text) => maskText(needles, text), onAdded: () => awake.delivery?.reportAdded(), onDiskFull });
  const log = new LogFile({
    path: paths.log,
    limitBytes: order.limits.logBytes,
    needles,
    onGrown: () => awake.delivery?.logGrown(),
    onWarning: (message) => journal.add({ kind: 'note', level: 'warning', message }),
    onDiskFull,
  });
  const link = new ServerLink({ url: order.server, token: order.token, onOver: (status) => stop.request('over', `the server says that this attempt is over (status ${status})`) });
  stop.over.addEventListener('abort', () => signalMarked(mark, 'SIGKILL', [process.pid]));
  const delivery = (awake.delivery = new Delivery({ dir, logPath: paths.log, attempt: order.attempt, link, journal, log, stop }));
  warnOfShortSecrets(order, log);
  const attempt: Attempt = {
    order,
    paths,
    cacheDir,
    env: programEnv(machineEnv, mark, paths.scratch),
    connectionEnv: connectionEnv(machineEnv, mark, paths.scratch),
    log,
    signal: stop.signal,
    over: stop.over,
    link,
    tracking: new TrackingApi({ link, run: order.run, experimentId: order.experimentId }),
    progress: (step, message) => journal.add({ kind: 'step', step, state: 'running', message }),
    know: (facts) => journal.add({ kind: 'facts', facts }),
    mask: (text) => maskText(needles, text),
  };
  return { attempt, mark, log, journal, delivery, link };
}

function warnOfShortSecrets({ secrets, connections }: RunnerOrder, log: LogFile): void {
  const ofConnections = Object.entries(connections).flatMap(([id, spec]) => secretsOf(spec).map((value) => [`the connection ${id}`, value] as const));
  const short = [...Object.entries(secrets), ...ofConnections].filter(([, value]) => value !== '' && Buffer.byteLength(value) < SHORTEST_SECRET_BYTES);
  for (const [name] of short) log.warn(`the secret in ${name} is too short to be masked (fewer than ${SHORTEST_SECRET_BYTES} bytes)`);
}
