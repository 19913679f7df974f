import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { artifacts } from './artifacts.ts';
import { completion } from './completion.ts';
import { db } from './db.ts';
import { doctor } from './doctor.ts';
import { download } from './download.ts';
import { exportCommand } from './export.ts';
import { importCommand } from './import.ts';
import { logs } from './logs.ts';
import { retry } from './retry.ts';
import { run } from './run.ts';
import { runs } from './runs.ts';
import { secret } from './secret.ts';
import { status } from './status.ts';
import { stop } from './stop.ts';
import { token } from './token.ts';
import { train } from './train/index.ts';
import { up } from './up.ts';
import { version } from './version.ts';

/** Every command, in the order of the help. A new one is a file and a line. */
export const commands: readonly ((cli: Cli) => Command)[] = [
  train,
  runs,
  run,
  logs,
  stop,
  retry,
  artifacts,
  download,
  up,
  db,
  secret,
  token,
  importCommand,
  exportCommand,
  status,
  doctor,
  completion,
  version,
];
