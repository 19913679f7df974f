// What the machine itself must have. Everything else the quickstart installs into the clone.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { QuickstartError } from './quickstart-error.mjs';

const OLDEST_NODE = '20.0.0';
const OLDEST_PYTHON = '3.10.0';
const OTHER_PYTHONS = ['python', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10'];

const GET = {
  Node: 'Node 20 or newer: from your system (Debian, Ubuntu: apt install nodejs npm; Fedora: dnf install nodejs; macOS: brew install node) or from the Node.js project',
  npm: 'npm: Debian, Ubuntu: apt install npm; Fedora: dnf install npm; macOS: it comes with brew install node',
  Python: 'Python 3.10 or newer: Debian, Ubuntu: apt install python3 python3-venv; Fedora: dnf install python3; macOS: brew install python',
  pip: 'pip or venv for that Python: Debian, Ubuntu: apt install python3-venv; Fedora: dnf install python3-pip; or uv',
  git: 'git: Debian, Ubuntu: apt install git; Fedora: dnf install git; macOS: brew install git',
};

/** What was found, as one line; throws with everything that is missing at once, each with how to get it. */
export async function checkRequirements() {
  const [npm, python, git] = await Promise.all([versionOf('npm', ['--version']), findPython(), versionOf('git', ['--version'])]);
  const found = { Node: process.versions.node, npm, Python: python?.version, git };
  const missing = [];
  if (!isAtLeast(found.Node, OLDEST_NODE)) missing.push(`${GET.Node} (found ${found.Node})`);
  if (npm === undefined) missing.push(GET.npm);
  if (python === undefined || !isAtLeast(python.version, OLDEST_PYTHON)) missing.push(`${GET.Python}${python === undefined ? '' : ` (found ${python.version})`}`);
  else if (!python.buildsEnvironments) missing.push(GET.pip);
  if (git === undefined) missing.push(GET.git);
  if (missing.length > 0) throw new QuickstartError('this machine lacks something', ['install', ...missing.map((one) => `  ${one}`), 'and start the quickstart again']);
  return Object.entries(found).map(([name, version]) => `${name} ${version}`).join(', ');
}

/** The usual Python when it is good enough, else the newest under any name: an old `python3` may hide a new `python3.12`. */
async function findPython() {
  const usual = await pythonNamed('python3');
  if (usual !== undefined && isAtLeast(usual.version, OLDEST_PYTHON)) return usual;
  const others = await Promise.all(OTHER_PYTHONS.map(pythonNamed));
  return [usual, ...others].filter((one) => one !== undefined).sort((a, b) => (isAtLeast(a.version, b.version) ? -1 : 1))[0];
}

async function pythonNamed(name) {
  const version = await versionOf(name, ['--version']);
  if (version === undefined) return undefined;
  // uv builds environments, pip and venv can each fetch it; without all three nothing can
  const ask = ['-c', 'from importlib.util import find_spec as f; print("1.0" if f("pip") or (f("venv") and f("ensurepip")) else "none")'];
  return { version, buildsEnvironments: (await versionOf(name, ask)) !== undefined || (await versionOf('uv', ['--version'])) !== undefined };
}

async function versionOf(program, argv) {
  try {
    const { stdout, stderr } = await promisify(execFile)(program, argv, { timeout: 30_000, shell: false });
    return /\d+(\.\d+)+/.exec(`${stdout} ${stderr}`)?.[0];
  } catch {
    // not there, or it does not work: the same for us
    return undefined;
  }
}

function isAtLeast(version, least) {
  const [a, b] = [version, least].map((text) => text.split('.').map(Number));
  for (let i = 0; i < b.length; i++) if ((a[i] ?? 0) !== b[i]) return (a[i] ?? 0) > b[i];
  return true;
}
