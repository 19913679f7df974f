import { TrainyardError } from '@trainyard/core/errors.ts';
import { idProblems } from '@trainyard/core/training/check-spec.ts';
import type { ToolchainIntegrationSpec } from '@trainyard/core/training/toolchain-integration.ts';
import type { Stretch } from '../stores/connections.ts';
import type { ToolchainIntegrationRecord, ToolchainIntegrationStore } from '../stores/toolchain-integrations.ts';

/** Ways to train that users add. Deleting one that trainings name is allowed, as in ODAHU: their next run says so. */
export class ToolchainIntegrations {
  readonly #store: ToolchainIntegrationStore;
  /** What is being looked for in this turn of the loop. */
  readonly #looks = new Map<string, Promise<ToolchainIntegrationRecord | undefined>>();

  constructor(store: ToolchainIntegrationStore) {
    this.#store = store;
  }

  /** By id. */
  list(stretch: Stretch): Promise<ToolchainIntegrationRecord[]> {
    return this.#store.list(stretch);
  }

  /** Throws TOOLCHAIN_NOT_FOUND. */
  async get(id: string): Promise<ToolchainIntegrationRecord> {
    const found = await this.#store.find(id);
    if (found === undefined) throw new TrainyardError('TOOLCHAIN_NOT_FOUND', { id });
    return found;
  }

  /** Of a training's toolchain; undefined when it has no integration. Each submission asks: those that come together share the look. */
  find(id: string): Promise<ToolchainIntegrationRecord | undefined> {
    const look = this.#looks.get(id) ?? this.#store.find(id);
    if (this.#looks.size === 0) setImmediate(() => this.#looks.clear());
    this.#looks.set(id, look);
    return look;
  }

  /** Throws INVALID_TOOLCHAIN_INTEGRATION, TOOLCHAIN_EXISTS. */
  async create(id: string, spec: ToolchainIntegrationSpec): Promise<ToolchainIntegrationRecord> {
    refuse(id, spec);
    return this.#store.create({ id, spec });
  }

  /** Throws INVALID_TOOLCHAIN_INTEGRATION, TOOLCHAIN_NOT_FOUND. */
  async edit(id: string, spec: ToolchainIntegrationSpec): Promise<ToolchainIntegrationRecord> {
    refuse(id, spec);
    return this.#store.edit(id, spec);
  }

  /** Throws TOOLCHAIN_NOT_FOUND. */
  async delete(id: string): Promise<void> {
    await this.#store.delete(id);
  }
}

/** In ODAHU's order and words where it has some. */
function refuse(id: string, { entrypoint, defaultImage, additionalEnvironments }: ToolchainIntegrationSpec): void {
  const problems = [
    ...idProblems(id),
    ...(entrypoint === '' ? ['empty entrypoint'] : []),
    ...(defaultImage === '' ? ['empty defaultImage'] : []),
    ...Object.entries(additionalEnvironments).flatMap(([name, value]) => (/[=\0]/.test(name) || name === '' || value.includes('\0') ? [`'${name}' cannot be an environment variable`] : [])),
  ];
  if (problems.length > 0) throw new TrainyardError('INVALID_TOOLCHAIN_INTEGRATION', { problems: problems.join('; ') }, { problems });
}
