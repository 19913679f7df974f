import type { Connection, ConnectionUse } from '@trainyard/connections/connection.ts';
import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { idProblems } from '@trainyard/core/training/check-spec.ts';
import { connectionsOf } from '@trainyard/core/training/connections-of.ts';
import type { Logger } from '../platform/logger.ts';
import type { Seal } from '../platform/seal.ts';
import type { ConnectionFilter, ConnectionRecord, ConnectionStore } from '../stores/connections.ts';
import type { RunRecord, RunStore } from '../stores/runs.ts';
import { type CheckNeeds, checkPlace, type ConnectionCheck } from './check-place.ts';
import { keepStored, openConnection, sealConnection, strayMasks } from './connection-secrets.ts';

export type { ConnectionCheck };

/** The types of connections this server knows. */
export interface ConnectionTypes {
  readonly names: readonly string[];
  /** Of one of the names. */
  load(type: string): Promise<Connection>;
}

interface Needs extends CheckNeeds {
  readonly store: ConnectionStore;
  readonly runs: Pick<RunStore, 'list'>;
  readonly types: ConnectionTypes;
  readonly seal: Seal;
  readonly log: Logger;
}

const PAGE = 500;
const NAMED_USERS = 5;

/** Places with credentials. Secrets go in as plain text and come out masked, except by `decrypted` and into the attempts that need them. */
export class Connections {
  readonly #needs: Needs;
  #uses: Promise<ReadonlyMap<string, readonly ConnectionUse[]>> | undefined;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** By id. */
  list(filter: ConnectionFilter): Promise<ConnectionRecord[]> {
    return this.#needs.store.list(filter);
  }

  /** Throws CONNECTION_NOT_FOUND. */
  async get(id: string): Promise<ConnectionRecord> {
    const found = await this.find(id);
    if (found === undefined) throw new TrainyardError('CONNECTION_NOT_FOUND', { id });
    return found;
  }

  async find(id: string): Promise<ConnectionRecord | undefined> {
    return (await this.#needs.store.find([id]))[0];
  }

  /** What is wrong with it, in ODAHU's order and words where it has some. Empty: nothing. */
  async problems(id: string, spec: ConnectionSpec): Promise<string[]> {
    return [...idProblems(id), ...strayMasks(spec), ...(await this.#typeProblems(spec))];
  }

  /** Throws INVALID_CONNECTION, CONNECTION_EXISTS. */
  async create(id: string, given: ConnectionSpec): Promise<ConnectionRecord> {
    const spec = keepStored(given, undefined);
    refuse(await this.problems(id, spec));
    return this.#needs.store.create({ id, ...sealConnection(this.#needs.seal, id, spec) });
  }

  /**
   * Replaces the spec. A secret that is `*****` stays as it is stored, and so do host keys that were learned, unless `publicKey`
   * is there (empty: forget them). Throws INVALID_CONNECTION, CONNECTION_NOT_FOUND.
   */
  async edit(id: string, given: ConnectionSpec): Promise<ConnectionRecord> {
    refuse(await this.problems(id, this.#merged(given, await this.find(id))));
    return this.#needs.store.edit(id, (now) => {
      const spec = this.#merged(given, now);
      // another edit may have removed the secret meanwhile
      refuse(strayMasks(spec));
      return sealConnection(this.#needs.seal, id, spec);
    });
  }

  /** Names of the fields, secrets included, that an edit with this spec would change. Throws CONNECTION_NOT_FOUND. */
  async compare(id: string, given: ConnectionSpec): Promise<string[]> {
    const record = await this.get(id);
    const [before, after] = [new Map(Object.entries(openConnection(this.#needs.seal, record))), new Map(Object.entries(this.#merged(given, record)))];
    return [...new Set([...before.keys(), ...after.keys()])].filter((field) => before.get(field) !== after.get(field)).toSorted();
  }

  /** Throws CONNECTION_NOT_FOUND, CONNECTION_VITAL; CONNECTION_IN_USE while runs that have not ended use it, unless `force`. */
  async delete(id: string, { force }: { readonly force: boolean }): Promise<void> {
    const { spec } = await this.get(id);
    if (spec.vital) throw new TrainyardError('CONNECTION_VITAL', { id });
    const users = force ? [] : await this.#usersOf(id);
    if (users.length > 0) {
      const named = users.slice(0, NAMED_USERS).map((run) => `run ${run.number} of ${run.trainingId}`);
      throw new TrainyardError('CONNECTION_IN_USE', { id, count: users.length, users: [...named, ...(users.length > named.length ? ['…'] : [])].join(', ') });
    }
    await this.#needs.store.delete(id);
  }

  /** With their secrets, by id: for an attempt that needs them, and nobody else. Throws CONNECTION_NOT_FOUND. */
  async open(ids: readonly string[]): Promise<Record<string, ConnectionSpec>> {
    const found = new Map((await this.#needs.store.find(ids)).map((record) => [record.id, record]));
    return Object.fromEntries(
      ids.map((id) => {
        const record = found.get(id);
        if (record === undefined) throw new TrainyardError('CONNECTION_NOT_FOUND', { id });
        return [id, openConnection(this.#needs.seal, record)];
      }),
    );
  }

  /** With its secrets, for somebody who may see them. It is logged who did. Throws CONNECTION_NOT_FOUND. */
  async decrypted(id: string, user: string): Promise<ConnectionRecord> {
    const record = await this.get(id);
    const spec = openConnection(this.#needs.seal, record);
    this.#needs.log.info({ connection: id, user }, 'the secrets of a connection were shown');
    return { ...record, spec };
  }

  /** Is the place there, and are we let in? Host keys that are seen for the first time are trusted from now on. Throws CONNECTION_NOT_FOUND. */
  async check(id: string): Promise<ConnectionCheck> {
    const spec = openConnection(this.#needs.seal, await this.get(id));
    refuse(await this.problems(id, spec));
    const checked = await this.#checked(spec);
    if (checked.ok && checked.publicKey !== undefined) await this.#needs.store.pin(id, { uri: spec.uri, publicKey: checked.publicKey });
    return checked;
  }

  /** The same for one that is not stored. Throws INVALID_CONNECTION. */
  async checkNew(id: string, given: ConnectionSpec): Promise<ConnectionCheck> {
    const spec = keepStored(given, undefined);
    refuse(await this.problems(id, spec));
    return this.#checked(spec);
  }

  /** What each type may be used for. */
  uses(): Promise<ReadonlyMap<string, readonly ConnectionUse[]>> {
    const { names, load } = this.#needs.types;
    this.#uses ??= Promise.all(names.map(async (name) => [name, (await load(name)).uses] as const)).then((uses) => new Map(uses));
    return this.#uses;
  }

  /** Id → type of those that are there. */
  async typesOf(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return new Map((await this.#needs.store.find(ids)).map(({ id, spec }) => [id, spec.type]));
  }

  async #checked(spec: ConnectionSpec): Promise<ConnectionCheck> {
    return checkPlace(await this.#needs.types.load(spec.type), spec, this.#needs);
  }

  #merged(given: ConnectionSpec, before: ConnectionRecord | undefined): ConnectionSpec {
    return keepStored(given, before === undefined ? undefined : openConnection(this.#needs.seal, before));
  }

  async #typeProblems(spec: ConnectionSpec): Promise<string[]> {
    const { names, load } = this.#needs.types;
    const known = names.includes(spec.type) ? (await load(spec.type)).problems(spec) : [`unknown type: ${spec.type}. Supported types: [${names.join(' ')}]`];
    return spec.uri === '' && !known.includes('empty uri') ? ['empty uri', ...known] : known;
  }

  async #usersOf(id: string): Promise<RunRecord[]> {
    const users: RunRecord[] = [];
    for (let before: number | undefined; ; ) {
      const page = await this.#needs.runs.list({ states: ['queued', 'preparing', 'running'], before, limit: PAGE });
      users.push(...page.filter((run) => connectionsOf(run.spec).includes(id)));
      if (page.length < PAGE) return users;
      before = page.at(-1)?.number;
    }
  }
}

function refuse(problems: readonly string[]): void {
  if (problems.length > 0) throw new TrainyardError('INVALID_CONNECTION', { problems: problems.join('; ') }, { problems });
}
