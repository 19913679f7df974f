import type { DatabricksParts } from './databricks/engine.ts';
import type { Engine } from './engine.ts';
import type { LocalEngineConfig } from './local/engine.ts';

/** What the engines get from the configuration, one entry each. */
export interface EngineConfigs {
  readonly local: LocalEngineConfig;
  /** Undefined when no workspace is named. */
  readonly databricks: DatabricksParts | undefined;
}

/** Every engine of the product; loaded when the configuration names it. */
export const ENGINES = {
  local: async (configs) => new (await import('./local/engine.ts')).LocalEngine(configs.local),
  databricks: async (configs) => {
    if (configs.databricks === undefined) throw new Error("the engine 'databricks' needs a workspace");
    return new (await import('./databricks/engine.ts')).DatabricksEngine(configs.databricks);
  },
} as const satisfies Record<string, (configs: EngineConfigs) => Promise<Engine>>;

export type EngineName = keyof typeof ENGINES;
