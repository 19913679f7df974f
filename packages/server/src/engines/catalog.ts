import type { Engine } from './engine.ts';
import type { LocalEngineConfig } from './local/engine.ts';

/** What the engines get from the configuration, one entry each. */
export interface EngineConfigs {
  readonly local: LocalEngineConfig;
}

/** Every engine of the product; loaded when the configuration names it. */
export const ENGINES = {
  local: async (configs) => new (await import('./local/engine.ts')).LocalEngine(configs.local),
} as const satisfies Record<string, (configs: EngineConfigs) => Promise<Engine>>;

export type EngineName = keyof typeof ENGINES;
