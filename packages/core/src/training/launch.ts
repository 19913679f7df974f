import type { TrainingSpec } from './spec.ts';

/** What an engine is handed: a program that a runner starts, or the name of a notebook that the engine runs itself. */
export type Launch = 'command' | 'notebook';

/** The kinds of launch an engine takes. */
export interface Launches {
  readonly commands: boolean;
  readonly notebooks: boolean;
}

export function launchOf(spec: Pick<TrainingSpec, 'algorithmSource'>): Launch {
  return spec.algorithmSource.notebook === undefined ? 'command' : 'notebook';
}

export interface Misfit {
  /** What the engine cannot do: "the engine 'x' cannot …". */
  readonly what: string;
  readonly advice: string;
}

/** Why an engine cannot take a training whose fields are right; undefined when it can. */
export function launchMisfit(spec: Pick<TrainingSpec, 'algorithmSource' | 'toolchain'>, can: Launches): Misfit | undefined {
  const launch = launchOf(spec);
  switch (launch) {
    case 'notebook':
      if (can.notebooks) return undefined;
      return { what: 'fetch a notebook by itself (algorithmSource.notebook)', advice: "choose an engine that holds notebooks (databricks), or give the code with algorithmSource.git or snapshot and name the file: entrypoint: train.ipynb" };
    case 'command':
      if (can.commands) return undefined;
      return {
        what: spec.toolchain === 'notebook' ? 'run a notebook of algorithmSource.git or snapshot' : `run the toolchain '${spec.toolchain}' yet: it takes notebooks only`,
        advice: "name the notebook with toolchain: notebook and algorithmSource.notebook, or choose an engine that runs programs (local)",
      };
    default:
      return launch satisfies never;
  }
}
