// Makes a clone ready to run: dependencies as the lock file says, and a Node that can run the TypeScript sources.
// Plain JavaScript with nothing but node: imports, because it runs before anything is installed, on Node 20 as well.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The oldest Node that runs the sources. */
const NODE_MAJOR = 24;
const OWN_NODE_DIR = path.join('node_modules', '.trainyard-node');

/** The root of the clone this file lies in. */
export const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/**
 * Installs what is missing and finds a Node that can run the sources.
 *
 * @param {object} options
 * @param {boolean} options.dev also what the tests need; false: only what a user runs
 * @param {string} [options.root] the clone
 * @param {(line: string) => void} [options.print] told what is about to happen, one sentence a call
 * @returns {Promise<{ installed: boolean, node: string, env: NodeJS.ProcessEnv }>} `node`: path of that Node;
 *   `env`: this process's environment with that Node and the installed programs first in PATH
 * @throws {Error} with npm's own last words when an installation fails
 */
export async function ensureInstalled({ dev, root = ROOT, print = () => {} }) {
  const missing = missingPackage(root, dev);
  if (missing !== undefined) {
    // npm ci begins by removing everything, under the feet of a server that runs from this clone
    const adds = dev && missingPackage(root, false) === undefined;
    print(`installing the dependencies ${missing} (npm ${adds ? 'install' : 'ci'})`);
    await npm(root, adds ? ['install', '--no-save', '--include=dev'] : ['ci', dev ? '--include=dev' : '--omit=dev']);
  }
  const node = await nodeFor(root, print);
  const first = [path.dirname(node), path.join(root, 'node_modules', '.bin')];
  const env = { ...process.env, PATH: [...first, foreignPath(root)].join(path.delimiter) };
  return { installed: missing !== undefined, node, env };
}

/**
 * Why the installed packages are not those of the lock file; undefined when they are. npm writes its own list of what it
 * installed as its last act, so an installation that broke off counts as missing, and one made by hand as good.
 */
function missingPackage(root, dev) {
  const listFile = path.join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(listFile)) return 'for the first time';
  const wanted = packagesIn(path.join(root, 'package-lock.json'));
  const there = packagesIn(listFile);
  for (const [place, entry] of Object.entries(wanted)) {
    // optional packages are those of other platforms
    if (place === '' || entry.optional || (entry.dev && !dev)) continue;
    const name = place.replace(/^.*node_modules\//, '');
    if (there[place] === undefined || !existsSync(path.join(root, place))) return `again, '${name}' is missing`;
    if (there[place].version !== entry.version || there[place].resolved !== entry.resolved) return `again, '${name}' is not the one of the lock file`;
  }
  return undefined;
}

function packagesIn(lockFile) {
  return JSON.parse(readFileSync(lockFile, 'utf8')).packages ?? {};
}

/** This Node when it is new enough, the one of the dev dependencies, or one that is fetched for this clone. */
async function nodeFor(root, print) {
  if (major(process.versions.node) >= NODE_MAJOR && existsSync(process.execPath)) return process.execPath;
  // also where npx looks first, so that `npx trainyard` finds the same one
  const linked = path.join(root, 'node_modules', '.bin', 'node');
  if (!existsSync(linked)) {
    const fetched = await fetchNode(root, print);
    rmSync(linked, { force: true });
    symlinkSync(path.relative(path.dirname(linked), fetched), linked);
  }
  return realpathSync(linked);
}

async function fetchNode(root, print) {
  const { name, version } = nodePackage(root);
  const prefix = path.join(root, OWN_NODE_DIR);
  const fetched = path.join(prefix, 'node_modules', name, 'bin', 'node');
  if (existsSync(fetched)) return fetched;
  print(`fetching Node ${version} for this directory (found ${process.versions.node}, ${NODE_MAJOR} or newer is needed)`);
  await npm(root, ['install', '--no-save', '--no-package-lock', '--prefix', prefix, `${name}@${version}`]);
  if (existsSync(fetched)) return fetched;
  throw new Error(`Node ${NODE_MAJOR} or newer is needed, found ${process.versions.node}: install it and try again`);
}

/** The npm package that carries the program of the locked `node` package for this machine. */
function nodePackage(root) {
  const { version } = packagesIn(path.join(root, 'package-lock.json'))['node_modules/node'];
  const family = process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node';
  return { name: `${family}-${process.platform}-${process.arch}`, version };
}

function npm(root, argv) {
  // no package needs its scripts: what has native code brings it built, and npm would compile it all the same, with headers it has to fetch
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts'];
  // npm ci removes node_modules, so neither npm nor its scripts may run on a Node that lies in there
  const env = { ...process.env, PATH: foreignPath(root) };
  return new Promise((resolve, reject) => {
    const child = spawn('npm', [...argv, ...quiet], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let words = '';
    const keep = (chunk) => (words = (words + chunk).slice(-8000));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (cause) => reject(new Error(`npm could not be started (${cause.message}): install Node.js with npm`, { cause })));
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`npm ${argv[0]} ended with exit code ${code}:\n${words}`))));
  });
}

function foreignPath(root) {
  const own = path.join(root, 'node_modules') + path.sep;
  return (process.env.PATH ?? '').split(path.delimiter).filter((dir) => !dir.startsWith(own)).join(path.delimiter);
}

function major(version) {
  return Number(version.split('.')[0]);
}
