import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Checked, type Connection, type ConnectionContext, ConnectionError, type Place } from '@trainyard/connections/connection.ts';
import { silentLogger } from '@trainyard/testkit/silent-logger.ts';
import { AllowList } from '../platform/outbound/allow-list.ts';
import { GuardedLookup } from '../platform/outbound/guarded-lookup.ts';
import { KeyFile } from '../platform/key-file.ts';
import { Seal } from '../platform/seal.ts';
import { type Database, openDatabase } from '../stores/sql/database.ts';
import { openStores } from '../stores/sql/open-stores.ts';
import type { Stores } from '../stores/stores.ts';
import { Connections } from './connections.ts';

/** Connections on a database of their own, for tests: two types whose places answer what a test says. */
export class TestConnections {
  readonly dir = mkdtempSync(join(tmpdir(), 'trainyard-connections-'));
  readonly logged: object[] = [];
  /** What was asked of the places. */
  readonly asked: Place[] = [];
  answer: (place: Place, context: ConnectionContext) => Promise<Checked> = () => Promise.resolve({ notes: [] });
  now = 1_000;
  readonly keys = new KeyFile(join(this.dir, 'keys.json'));
  readonly seal = new Seal(this.keys);
  readonly stores: Stores;
  readonly connections: Connections;
  readonly #database: Database;

  static async open(): Promise<TestConnections> {
    const dir = mkdtempSync(join(tmpdir(), 'trainyard-connections-db-'));
    return new TestConnections(dir, await openDatabase(`sqlite://${dir}/trainyard.db`));
  }

  private constructor(dir: string, database: Database) {
    this.#database = database;
    this.#databaseDir = dir;
    this.stores = openStores(database, () => this.now);
    const types: Readonly<Record<string, Connection>> = { git: this.#type('git', ['source']), s3: this.#type('s3', ['source', 'data', 'output']) };
    this.connections = new Connections({
      store: this.stores.connections,
      runs: this.stores.runs,
      types: { names: Object.keys(types), load: (name) => Promise.resolve(types[name] ?? this.#type(name, [])) },
      seal: this.seal,
      reach: new GuardedLookup({ allow: new AllowList(['10.9.0.0/16']), resolve: async (host) => [{ address: host === 'inside.example' ? '10.0.0.1' : '93.184.216.34', family: 4 }] }),
      context: { env: { PATH: '/usr/bin' } },
      timeoutMs: 200,
      log: { ...silentLogger, info: (facts: object) => void this.logged.push(facts) },
    });
  }

  readonly #databaseDir: string;

  async close(): Promise<void> {
    await this.#database.close();
    for (const dir of [this.dir, this.#databaseDir]) rmSync(dir, { recursive: true });
  }

  #type(type: string, uses: Connection['uses']): Connection {
    return {
      type,
      uses,
      problems: ({ uri, keySecret }) => [...(uri === '' ? ['empty uri'] : []), ...(type === 's3' && keySecret === undefined ? ['s3 type requires that keyID and keySecret parameters must be non-empty'] : [])],
      check: (place, context) => {
        this.asked.push(place);
        return this.answer(place, context);
      },
      fetch: () => Promise.reject(new ConnectionError('invalid', 'nothing is fetched here')),
    };
  }
}
