import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { type Config, readConfig } from '../config/read-config.ts';
import { lockDataDir } from '../platform/data-dir-lock.ts';
import { KeyFile } from '../platform/key-file.ts';
import { Seal } from '../platform/seal.ts';
import { SqlConnectionStore } from '../stores/sql/connections/connections.ts';
import { SqlSecretStore } from '../stores/sql/secrets.ts';
import { SqlWebhookStore } from '../stores/sql/webhooks/webhooks.ts';
import { resealConnections } from '../usecases/connection-secrets.ts';
import { Secrets } from '../usecases/secrets.ts';
import { resealWebhookSecrets } from '../usecases/webhooks/webhook-secret.ts';
import { withDataDirHere } from './data-dir-here.ts';
import { openExisting } from './existing-database.ts';

/**
 * `trainyard secrets rotate-key`: a new key, every secret sealed again with it, the old key forgotten, in this order, so that
 * a crash in between leaves secrets that can still be opened. The server must not be running.
 */
export async function rotateKeyCommand(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const [verb, ...flags] = argv;
  if (verb !== 'rotate-key') throw new Error(`'secrets ${verb ?? ''}' is not known here; use: trainyard secrets rotate-key`);
  const config = readConfig(flags, withDataDirHere(env, { cwd: process.cwd(), uid: process.getuid?.() }));
  const file = join(config.dataDir, 'keys.json');
  if (!existsSync(file)) throw new TrainyardError('USAGE', { problem: `there is no key file in ${config.dataDir}`, advice: 'name the data directory of the server with --data-dir' });
  const unlock = lockDataDir(config.dataDir);
  try {
    return await rotate(new KeyFile(file), config);
  } finally {
    unlock();
  }
}

async function rotate(keys: KeyFile, { databaseUrl, dataDir }: Pick<Config, 'databaseUrl' | 'dataDir'>): Promise<number> {
  const database = await openExisting(databaseUrl);
  try {
    keys.rotate();
    const seal = new Seal(keys);
    const secrets = await new Secrets(new SqlSecretStore(database), seal, Date.now).reseal();
    const count = secrets + (await resealWebhookSecrets(new SqlWebhookStore(database), seal)) + (await resealConnections(new SqlConnectionStore(database, Date.now), seal));
    keys.forgetOld();
    process.stdout.write(`${count} secret(s) sealed again with the new key ${keys.current.id}, in ${dataDir}\n`);
    return 0;
  } finally {
    await database.close();
  }
}
