import type { Env } from '../io.ts';
import { askProgram } from './ask-program.ts';
import { type Check, isAtLeast } from './check.ts';

const NODE = '24';
const PYTHON = '3.10';
const PYTHON_NAMES = ['python3', 'python', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10'];
const ASK_PYTHON = 'import json, sys; from importlib.util import find_spec as f; print(json.dumps([".".join(map(str, sys.version_info[:3])), sys.executable, bool(f("venv") and f("ensurepip")), bool(f("pip"))]))';

const GET_PYTHON = 'Debian, Ubuntu: apt install python3 python3-venv. Fedora: dnf install python3. macOS: brew install python';
const GET_GIT = 'Debian, Ubuntu: apt install git. Fedora: dnf install git. macOS: brew install git';

interface Python {
  readonly version: string;
  readonly file: string;
  readonly hasVenv: boolean;
  readonly hasPip: boolean;
}

/** Is this Node new enough? */
export function checkNode(version: string): Check {
  const good = isAtLeast(version, NODE);
  return { name: 'Node', state: good ? 'ok' : 'missing', found: version, hint: good ? undefined : `Node ${NODE} or newer is needed: install it, or use npx trainyard in a clone` };
}

/** Python, and what building environments with it takes where there is no uv. */
export async function checkPython(env: Env): Promise<Check[]> {
  const uv = firstVersion(await askProgram(['uv', '--version'], env));
  const all: Python[] = [];
  for (const name of PYTHON_NAMES) {
    const found = pythonOf(await askProgram([name, '-c', ASK_PYTHON], env));
    if (found !== undefined) all.push(found);
    if (found !== undefined && isAtLeast(found.version, PYTHON)) return [{ name: 'Python', state: 'ok', found: `${found.version}  ${found.file}` }, pipCheck(found, uv)];
  }
  const [old] = all;
  const found = old === undefined ? 'not found' : `${old.version}, ${PYTHON} or newer is needed`;
  return [{ name: 'Python', state: 'missing', found, hint: GET_PYTHON }];
}

/** git: for sources that are repositories. */
export async function checkGit(env: Env): Promise<Check> {
  const version = /\d+(\.\d+)+/.exec((await askProgram(['git', '--version'], env)) ?? '')?.[0];
  return version === undefined ? { name: 'git', state: 'missing', found: 'not found', hint: GET_GIT } : { name: 'git', state: 'ok', found: version };
}

/** Managers of environments that make things faster, or that a project may ask for. */
export async function checkManagers(env: Env): Promise<Check[]> {
  const uv = firstVersion(await askProgram(['uv', '--version'], env));
  const conda = [];
  for (const name of ['conda', 'micromamba', 'mamba']) {
    const version = firstVersion(await askProgram([name, '--version'], env));
    if (version !== undefined) conda.push(`${name} ${version}`);
  }
  return [
    uv === undefined ? { name: 'uv', state: 'absent', found: 'not here; Trainyard brings its own when it can' } : { name: 'uv', state: 'ok', found: uv },
    conda.length === 0
      ? { name: 'conda', state: 'absent', found: 'not here; needed only by projects that ask for it' }
      : { name: 'conda', state: 'ok', found: conda.join(', ') },
  ];
}

/** Either of them fetches uv or builds environments itself; where uv is there already neither is needed. */
function pipCheck({ version, hasVenv, hasPip }: Python, uv: string | undefined): Check {
  const there = [...(hasPip ? ['pip'] : []), ...(hasVenv ? ['venv'] : [])].join(' and ');
  if (there !== '' || uv !== undefined) return { name: 'pip, venv', state: 'ok', found: there === '' ? 'neither, but uv' : there };
  const minor = version.split('.').slice(0, 2).join('.');
  return { name: 'pip, venv', state: 'missing', found: 'neither is there', hint: `one of them, or uv, is needed to build environments. Debian, Ubuntu: apt install python${minor}-venv` };
}

function pythonOf(answer: string | undefined): Python | undefined {
  try {
    const [version, file, hasVenv, hasPip] = JSON.parse(answer ?? '') as [string, string, boolean, boolean];
    return { version, file, hasVenv, hasPip };
  } catch {
    // not a Python that answers: the same as none
    return undefined;
  }
}

function firstVersion(text: string | undefined): string | undefined {
  return /\d+(\.\d+)+/.exec(text ?? '')?.[0];
}
