import { TrainyardError } from '@trainyard/core/errors.ts';
import { checkParam, checkTag, type Pair } from '@trainyard/core/tracking/batch.ts';
import { readFilter, readOrder } from '@trainyard/core/tracking/filter/check.ts';
import { LOGGED_MODEL_SEARCH } from '@trainyard/core/tracking/filter/searches.ts';
import { checkLoggedModelName, type LoggedModelStatus } from '@trainyard/core/tracking/logged-model.ts';
import { invalid, randomName } from '@trainyard/core/tracking/names.ts';
import type { DatasetChoice, LoggedModelRecord, LoggedModelStore, Page } from '../../stores/tracking.ts';
import type { Caller, Rights } from './authorize.ts';

export interface LoggedModelRequest {
  readonly experimentId: string;
  readonly name?: string | undefined;
  readonly modelType?: string | undefined;
  readonly sourceRunId?: string | undefined;
  readonly params: readonly Pair[];
  readonly tags: readonly Pair[];
}

export interface LoggedModelQuery {
  readonly experimentIds: readonly string[];
  readonly filter: string;
  readonly datasets: readonly DatasetChoice[];
  readonly orderBy: readonly { readonly field: string; readonly ascending: boolean; readonly dataset?: DatasetChoice | undefined }[];
  readonly limit: number;
  readonly after?: string | undefined;
}

interface Needs {
  readonly loggedModels: LoggedModelStore;
  readonly rights: Rights;
  readonly now: () => number;
  readonly newId: () => string;
}

/** What clients do with logged models. */
export class LoggedModels {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** A model logged with a run's token comes from that run when the code names none. */
  async create(caller: Caller, request: LoggedModelRequest): Promise<LoggedModelRecord> {
    const hex = this.#needs.newId();
    if (request.name !== undefined) checkLoggedModelName(request.name);
    const tags = request.tags.map((tag) => checkTag(tag));
    const sourceRunId = request.sourceRunId || (caller.kind === 'run' ? caller.runId : null);
    await this.#needs.rights.requireExperiment(caller, request.experimentId);
    if (sourceRunId !== null) await this.#needs.rights.requireRun(caller, sourceRunId);
    return this.#needs.loggedModels.create(
      {
        id: `m-${hex}`,
        experimentId: request.experimentId,
        name: request.name || randomName(hex),
        modelType: request.modelType || null,
        sourceRunId,
        params: request.params.map((param) => checkParam(param)),
        tags,
      },
      this.#needs.now(),
    );
  }

  async get(caller: Caller, id: string): Promise<LoggedModelRecord> {
    await this.#needs.rights.seeModel(caller, id);
    const found = await this.#needs.loggedModels.find(id);
    if (found === undefined) throw new TrainyardError('LOGGED_MODEL_NOT_FOUND', { id });
    return found;
  }

  async search(caller: Caller, query: LoggedModelQuery): Promise<Page<LoggedModelRecord>> {
    const order = query.orderBy.map(({ field, ascending, dataset }) => {
      const [key] = readOrder([quoted(field)], LOGGED_MODEL_SEARCH);
      if (key === undefined) throw invalid(`Invalid order by field name: ${field}`);
      return { ...key, ascending, dataset };
    });
    return this.#needs.loggedModels.search({ experimentIds: await this.#needs.rights.experimentsSeenBy(caller, query.experimentIds), conditions: readFilter(query.filter, LOGGED_MODEL_SEARCH), datasets: query.datasets, order, limit: query.limit, after: query.after });
  }

  async finalize(caller: Caller, id: string, status: LoggedModelStatus): Promise<LoggedModelRecord> {
    await this.#needs.rights.requireModel(caller, id);
    return this.#needs.loggedModels.finalize(id, status, this.#needs.now());
  }

  async logParams(caller: Caller, id: string, params: readonly Pair[]): Promise<void> {
    const checked = params.map((param) => checkParam(param));
    await this.#needs.rights.requireModel(caller, id);
    await this.#needs.loggedModels.logParams(id, checked);
  }

  async setTags(caller: Caller, id: string, tags: readonly Pair[]): Promise<void> {
    const checked = tags.map((tag) => checkTag(tag));
    await this.#needs.rights.requireModel(caller, id);
    await this.#needs.loggedModels.setTags(id, checked);
  }

  async deleteTag(caller: Caller, id: string, key: string): Promise<void> {
    await this.#needs.rights.requireModel(caller, id);
    await this.#needs.loggedModels.deleteTag(id, key);
  }

  async delete(caller: Caller, id: string): Promise<void> {
    await this.#needs.rights.requireModel(caller, id);
    await this.#needs.loggedModels.delete(id, this.#needs.now());
  }
}

/** The field of a sort key is a bare name, which may hold what the clause language would cut: `metrics.val loss`. */
function quoted(field: string): string {
  const dot = field.indexOf('.');
  if (dot < 0 || /^[`"']/.test(field.slice(dot + 1))) return field;
  return `${field.slice(0, dot)}.\`${field.slice(dot + 1)}\``;
}
