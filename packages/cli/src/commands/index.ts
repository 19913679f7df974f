import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { apply } from './resources/apply.ts';
import { artifacts } from './artifacts.ts';
import { audit } from './access/audit.ts';
import { completion } from './program/completion.ts';
import { connection } from './resources/connection/index.ts';
import { db } from './db.ts';
import { deleteCommand } from './resources/delete.ts';
import { doctor } from './doctor.ts';
import { download } from './download.ts';
import { exportCommand } from './export.ts';
import { importCommand } from './import.ts';
import { local } from './local.ts';
import { logs } from './logs.ts';
import { retry } from './retry.ts';
import { run } from './run.ts';
import { runs } from './runs.ts';
import { secret } from './secret.ts';
import { status } from './status.ts';
import { stop } from './stop.ts';
import { template } from './resources/template.ts';
import { token } from './access/token.ts';
import { toolchain } from './resources/toolchain/index.ts';
import { train } from './train/index.ts';
import { up } from './up.ts';
import { version } from './program/version.ts';

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
  apply,
  deleteCommand,
  connection,
  toolchain,
  template,
  up,
  local,
  db,
  secret,
  token,
  audit,
  importCommand,
  exportCommand,
  status,
  doctor,
  completion,
  version,
];
