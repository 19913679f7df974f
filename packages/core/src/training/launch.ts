import type { TrainingSpec } from './spec.ts';

/** What an engine is handed: a program that a runner starts, or the name of a notebook that the engine runs itself. */
export type Launch = 'command' | 'notebook';

/** The kinds of launch an engine takes. */
export interface Launches {
  readonly commands: boolean;
  readonly notebooks: boolean;
  /** Its runners would be given this address of the server, which they cannot reach. */
  readonly serverOutOfReach?: string | undefined;
}

export function launchOf(spec: Pick<TrainingSpec, 'algorithmSource'>): Launch {
  return spec.algorithmSource.notebook === undefined ? 'command' : 'notebook';
}

export interface Misfit {
  /** What the engine cannot do: "the engine 'x' cannot …". */
  readonly what: string;
  readonly advice: string;
}

/** Why an engine cannot take a training whose fields are right; undefined when it can. `integrated`: its toolchain is a program of users. */
export function launchMisfit(spec: Pick<TrainingSpec, 'algorithmSource' | 'toolchain'>, can: Launches, integrated = false): Misfit | undefined {
  const launch = launchOf(spec);
  if (integrated && (launch === 'notebook' || !can.commands)) {
    return { what: `run the toolchain '${spec.toolchain}': that is a program of its own, in a container or beside the runner`, advice: 'choose an engine that runs programs (local) and a source whose files are fetched, or a built-in toolchain' };
  }
  switch (launch) {
    case 'notebook':
      if (can.notebooks) return undefined;
      return { what: 'fetch a notebook by itself (algorithmSource.notebook)', advice: "choose an engine that holds notebooks (databricks), or give the code with algorithmSource.git or snapshot and name the file: entrypoint: train.ipynb" };
    case 'command':
      if (can.commands && can.serverOutOfReach === undefined) return undefined;
      if (can.commands) {
        return {
          what: `run programs as long as its machines would have to reach this server at ${can.serverOutOfReach ?? ''}, an address of this machine alone`,
          advice: 'start the server with --runner-url (TRAINYARD_RUNNER_URL): the address at which the machines of the engine reach it',
        };
      }
      return {
        what: spec.toolchain === 'notebook' ? 'run a notebook of algorithmSource.git or snapshot' : `run the toolchain '${spec.toolchain}': it takes notebooks only`,
        advice: "name the notebook with toolchain: notebook and algorithmSource.notebook, or choose an engine that runs programs (local)",
      };
    default:
      return launch satisfies never;
  }
}
