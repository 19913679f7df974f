import { messageOf } from '@trainyard/core/errors.ts';
import type { Logger } from '../../../platform/logger.ts';
import type { Seal } from '../../../platform/seal.ts';
import { NotPlaceable, type Program, type RunnerFiles } from '../remote-runner/runner-files.ts';
import { WorkspaceRefusal } from '../workspace/workspace-error.ts';

export interface PlacementsParts {
  readonly runnerFiles: Pick<RunnerFiles, 'check' | 'place' | 'remove'>;
  readonly seal: Pick<Seal, 'close' | 'open'>;
  readonly log: Logger;
}

/** Orders of attempts: sealed here until they are placed in the workspace, and removed from there, never both at the same time. */
export class Placements {
  readonly #parts: PlacementsParts;
  readonly #underWay = new Map<string, Promise<unknown>>();

  constructor(parts: PlacementsParts) {
    this.#parts = parts;
  }

  /** Answers the order sealed. Throws NotPlaceable when there is no runner to be had. */
  async prepare(key: string, order: string): Promise<string> {
    await this.#parts.runnerFiles.check();
    return this.#parts.seal.close(order, sealContext(key));
  }

  /** Throws NotPlaceable, WorkspaceRefusal, WorkspaceTrouble. */
  async place(key: string, sealed: string): Promise<Program> {
    const placed = this.#parts.runnerFiles.place(key, this.#open(key, sealed));
    this.#underWay.set(key, placed);
    try {
      return await placed;
    } finally {
      this.#underWay.delete(key);
    }
  }

  isUnderWay(key: string): boolean {
    return this.#underWay.has(key);
  }

  /** Once nothing more comes there. Throws WorkspaceTrouble. */
  async remove(key: string): Promise<undefined> {
    await Promise.allSettled([this.#underWay.get(key)]);
    try {
      await this.#parts.runnerFiles.remove(key);
    } catch (error) {
      if (!(error instanceof WorkspaceRefusal)) throw error;
      // it would be refused for ever; somebody with the rights for it has to look
      this.#parts.log.warn({ key, error: error.message }, 'Databricks refuses to remove the files of an attempt');
    }
  }

  #open(key: string, sealed: string): string {
    try {
      return this.#parts.seal.open(sealed, sealContext(key));
    } catch (error) {
      throw new NotPlaceable(`the order of the attempt cannot be opened: ${messageOf(error)}`, { cause: error });
    }
  }
}

const sealContext = (key: string): string => `order of attempt ${key} at databricks`;
