import { join } from 'node:path';
import { installOnce } from '../install-once.ts';
import { fillVenv, pythonOf } from './venv.ts';

/** ODAHU's last. */
const ODAHU_VERSION = '1.6.1';
/** The set the original's own tests pass with on Python 3.11; fixed, because its words are compared. */
const REQUIREMENTS = [
  ...['odahu-flow-cli==1.6.1', 'odahu-flow-sdk==1.6.1', 'aiohttp==3.14.5', 'click==8.5.1', 'click-completion==0.5.2', 'docker==7.2.0', 'jinja2==3.1.6', 'jsonpath-rw==1.4.0'],
  ...['numpy==2.4.6', 'pydantic==2.14.3', 'pyyaml==6.0.3', 'requests==2.34.2', 'six==1.17.0', 'termcolor==3.3.0', 'texttable==1.7.2', 'urllib3==2.8.0'],
];

export interface Odahuflowctl {
  /** The program and the arguments before the command: `[...argv, 'train', 'get']`. */
  readonly argv: readonly [string, ...string[]];
  /** A Python in which `odahuflow.sdk` can be imported. */
  readonly python: string;
}

/** The original odahuflowctl and its SDK; installed once per machine, kept in the user's cache. */
export async function odahuflowctl(): Promise<Odahuflowctl> {
  const home = await installOnce(`odahuflowctl-${ODAHU_VERSION}`, (dir) => fillVenv(join(dir, 'venv'), REQUIREMENTS));
  const python = pythonOf(join(home, 'venv'));
  // as a module: the first line of the installed script names the directory it was installed in, which has moved since
  return { argv: [python, '-m', 'odahuflow.cli.main'], python };
}
