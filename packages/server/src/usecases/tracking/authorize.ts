import { TrainyardError } from '@trainyard/core/errors.ts';
import { parseSource } from '@trainyard/core/registry/source.ts';
import type { ArtifactPlace } from '@trainyard/core/tracking/artifact-place.ts';
import type { TrackingStore } from '../../stores/tracking.ts';

/** Who asks. A run is its training code, or the runner that carries it out. */
export type Caller = { readonly kind: 'user'; readonly name: string } | { readonly kind: 'run'; readonly runId: string };

/**
 * What a run's token may write to: its own run, runs it created, logged models that came out of these, their artifacts, and
 * versions registered from them. It may read everything; users may write everything. Refusals are FORBIDDEN.
 */
export class WriteRights {
  readonly #store: TrackingStore;

  constructor(store: TrackingStore) {
    this.#store = store;
  }

  requireUser(caller: Caller, action: string): void {
    if (caller.kind !== 'user') throw new TrainyardError('FORBIDDEN', { action });
  }

  async requireRun(caller: Caller, runId: string): Promise<void> {
    if (!(await this.#isOwnRun(caller, runId))) throw new TrainyardError('FORBIDDEN', { action: `write to run '${runId}': it is not its own and it did not create it` });
  }

  async requireModel(caller: Caller, modelId: string): Promise<void> {
    if (!(await this.#isOwnModel(caller, modelId))) throw new TrainyardError('FORBIDDEN', { action: `write to logged model '${modelId}': it does not come from its run` });
  }

  requirePlace(caller: Caller, place: ArtifactPlace): Promise<void> {
    return place.kind === 'run' ? this.requireRun(caller, place.id) : this.requireModel(caller, place.id);
  }

  /** A version may be registered from what the run left, named by a run, a logged model or an artifact of one. */
  async requireSource(caller: Caller, source: string): Promise<void> {
    const parsed = parseSource(source);
    switch (parsed.kind) {
      case 'run':
        return this.requireRun(caller, parsed.runId);
      case 'logged_model':
        return this.requireModel(caller, parsed.modelId);
      case 'artifacts':
        return this.requirePlace(caller, parsed.address.place);
      case 'version':
      case 'alias':
      case 'elsewhere':
        return this.requireUser(caller, `register '${source}': it does not come from its run`);
      default:
        return parsed satisfies never;
    }
  }

  async #isOwnRun(caller: Caller, runId: string): Promise<boolean> {
    if (caller.kind === 'user' || caller.runId === runId) return true;
    // `creatorRun` is what the server saw, not a tag that a client may set
    return (await this.#store.runs.findInfo(runId))?.creatorRun === caller.runId;
  }

  async #isOwnModel(caller: Caller, modelId: string): Promise<boolean> {
    if (caller.kind === 'user') return true;
    const model = await this.#store.loggedModels.find(modelId);
    return typeof model?.sourceRunId === 'string' && this.#isOwnRun(caller, model.sourceRunId);
  }
}
