import type { Runs } from '../../usecases/runs.ts';
import type { ToolchainIntegrations } from '../../usecases/toolchain-integrations.ts';
import type { Trainings } from '../../usecases/trainings.ts';
import type { TrainingDefaults } from './wire/read-training.ts';

/** What the routes about trainings translate to. */
export interface TrainingParts {
  readonly trainings: Trainings;
  readonly runs: Runs;
  readonly toolchains: ToolchainIntegrations;
  readonly defaults: Pick<TrainingDefaults, 'engine' | 'outputConnection'>;
  readonly now: () => number;
}
