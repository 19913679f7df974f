import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '@trainyard/testkit/loopback/free-port.ts';
import { cleanEnvironment } from '../../e2e/server-process.ts';
import { HttpClients } from '../measuring/http-load.ts';
import { type ServerCommand, StartedServer } from '../server/ready-time.ts';
import { type Databases, postgresDatabases, sqliteDatabases } from './databases.ts';
import { type MlflowVenv, mlflowVenv } from './venv.ts';

const BIN = join(import.meta.dirname, '../../packages/cli/bin/trainyard.mjs');

export type DatabaseKind = 'sqlite' | 'postgresql';

/** One of the two, to be called and looked at. */
export interface BenchServer {
  readonly clients: HttpClients;
  readonly pid: number;
}

/** Our server and `mlflow server` with its defaults, each on a database of the same kind; one runs at a time. */
export class TwoServers implements AsyncDisposable {
  readonly kind: DatabaseKind;
  readonly mlflow: MlflowVenv;
  readonly databases: Databases;
  readonly #dir: string;

  static async prepare(dir: string, kind: DatabaseKind): Promise<TwoServers> {
    const mlflow = await mlflowVenv();
    return new TwoServers({ dir, kind, mlflow, databases: kind === 'sqlite' ? sqliteDatabases(dir) : await postgresDatabases() });
  }

  private constructor({ dir, kind, mlflow, databases }: { readonly dir: string; readonly kind: DatabaseKind; readonly mlflow: MlflowVenv; readonly databases: Databases }) {
    this.#dir = dir;
    this.kind = kind;
    this.mlflow = mlflow;
    this.databases = databases;
  }

  ours<T>(work: (server: BenchServer) => Promise<T>): Promise<T> {
    const place = this.#place('ours');
    return this.#with(work, (port) => ({
      argv: [process.execPath, BIN, 'up', '--port', String(port), '--auth', 'off', '--data-dir', join(place, 'data'), '--database-url', this.databases.ours],
      port,
      cwd: place,
      env: { ...cleanEnvironment(), TRAINYARD_LOG_LEVEL: 'warn' },
    }));
  }

  peer<T>(work: (server: BenchServer) => Promise<T>): Promise<T> {
    const place = this.#place('peer');
    return this.#with(work, (port) => ({
      argv: [this.mlflow.mlflow, 'server', '--host', '127.0.0.1', '--port', String(port), '--backend-store-uri', this.databases.peer, '--artifacts-destination', join(place, 'artifacts')],
      port,
      cwd: place,
      env: { ...cleanEnvironment(), MLFLOW_DISABLE_TELEMETRY: 'true', DO_NOT_TRACK: 'true' },
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.databases.stop();
  }

  async #with<T>(work: (server: BenchServer) => Promise<T>, command: (port: number) => ServerCommand): Promise<T> {
    const port = await freePort();
    await using server = await StartedServer.start(command(port));
    using clients = new HttpClients(port);
    return await work({ clients, pid: server.pid });
  }

  #place(name: string): string {
    const place = join(this.#dir, name);
    mkdirSync(place, { recursive: true });
    return place;
  }
}

/** `npm run bench -- <name> postgresql` */
export function databaseKind(argv: readonly string[]): DatabaseKind {
  const [kind = 'sqlite'] = argv;
  if (kind !== 'sqlite' && kind !== 'postgresql') throw new Error(`'${kind}' is no database of this bench: sqlite or postgresql`);
  return kind;
}
