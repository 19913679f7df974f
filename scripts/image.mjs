// `npm run image`: what the Dockerfile copies, into dist/image/. Then: docker build -t trainyard .
//   --with telemetry   which optional packages go in (these by default; none: --with '')
//   --into DIR         instead of dist/, which is emptied first
// Every package comes from this clone's node_modules, where the lock file put it: nothing is fetched, and the image has what the tests ran with.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ensureInstalled, ROOT } from './install.mjs';
import { OPTIONAL_PACKAGES } from './optional-packages.mjs';

const { values } = parseArgs({ options: { into: { type: 'string', default: path.join(ROOT, 'dist') }, with: { type: 'string', default: 'telemetry' } } });
const DIST = path.resolve(values.into);
const IMAGE = path.join(DIST, 'image');
const HOME = path.join(IMAGE, 'opt', 'trainyard');
const PARTS = path.join(ROOT, 'scripts', 'image');

/** Types, maps, and what native code is built from: Node runs none of it, TypeScript in node_modules least of all. */
const NEVER_RUN = /\.(ts|mts|cts|map|c|cc|cpp|h|hpp|gyp|gypi)$/;
/** Native code for systems that no container has. */
const OTHER_SYSTEM = /\/prebuilds\/(darwin|win32)-/;

const { node } = await ensureInstalled({ dev: true, print: console.log });
const bundled = spawnSync(node, [path.join(ROOT, 'scripts', 'bundle.mjs'), '--into', DIST], { stdio: 'inherit' });
if (bundled.status !== 0) process.exit(bundled.status ?? 1);

// the server's directory, empty, so that a new volume begins with the right owner
mkdirSync(path.join(IMAGE, 'data'), { recursive: true });
cpSync(path.join(DIST, 'trainyard'), HOME, { recursive: true });
for (const file of ['health.mjs', 'process-1.sh']) copyFileSync(path.join(PARTS, file), path.join(HOME, file));
mkdirSync(path.join(HOME, 'bin'));
writeFileSync(path.join(HOME, 'bin', 'trainyard'), '#!/bin/sh\nexec node /opt/trainyard/trainyard.mjs "$@"\n');
chmodSync(path.join(HOME, 'bin', 'trainyard'), 0o755);

const { packages: locked } = JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8'));
const { dependencies } = JSON.parse(readFileSync(path.join(HOME, 'package.json'), 'utf8'));
const places = closureOf([...Object.keys(dependencies).map(ofWorkspace), ...chosen(values.with).map((name) => ({ from: '', name, optional: false }))]);
copyPackages(places);
console.log(`${path.relative(ROOT, IMAGE)}  ${places.length} packages; next: docker build -t trainyard .`);

/** A dependency of the npm package is one of a package in the workspace, which may have a version of its own. */
function ofWorkspace(name) {
  const from = Object.keys(locked).find((place) => /^packages\/[^/]+$/.test(place) && locked[place].dependencies?.[name] !== undefined);
  if (from === undefined) throw new Error(`no package of the workspace asks for '${name}'`);
  return { from, name, optional: false };
}

/** The optional packages that were asked for. */
function chosen(text) {
  return text.split(',').filter((word) => word !== '').flatMap((word) => {
    const names = OPTIONAL_PACKAGES[word];
    if (names === undefined) throw new Error(`--with ${word} is not known; known: ${Object.keys(OPTIONAL_PACKAGES).join(', ')}`);
    return names;
  });
}

/** Where the lock file puts these packages and all they need, as `node_modules/a/node_modules/b`. */
function closureOf(wanted) {
  const found = new Set();
  const open = [...wanted];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const place = placeOf(next);
    if (place === undefined || found.has(place)) continue;
    found.add(place);
    const { dependencies: needed = {}, optionalDependencies: maybe = {} } = locked[place];
    for (const name of Object.keys(needed)) open.push({ from: place, name, optional: false });
    for (const name of Object.keys(maybe)) open.push({ from: place, name, optional: true });
  }
  return [...found].sort();
}

/** As Node looks for it: beside whoever asks, then further up. Undefined for an optional one of another platform. */
function placeOf({ from, name, optional }) {
  for (let at = from; ; at = above(at)) {
    const place = path.posix.join(at, 'node_modules', name);
    if (locked[place] !== undefined && existsSync(path.join(ROOT, place))) return place;
    if (at === '' && optional) return undefined;
    if (at === '') throw new Error(`'${name}', which ${from === '' ? 'the image' : from} needs, is not in the lock file or not installed`);
  }
}

/** The next directory up that has packages: of another package, of the workspace, of the clone. */
function above(place) {
  const nested = place.lastIndexOf('/node_modules/');
  return nested >= 0 ? place.slice(0, nested) : '';
}

/** What is a package's own in the workspace is everybody's in the image. */
function copyPackages(all) {
  const targets = new Map();
  for (const place of all) {
    const target = place.replace(/^packages\/[^/]+\//, '');
    if (targets.has(target)) throw new Error(`${targets.get(target)} and ${place} would both be ${target}`);
    targets.set(target, place);
    const root = path.join(ROOT, place);
    cpSync(root, path.join(HOME, target), { recursive: true, filter: (file) => !NEVER_RUN.test(file) && !OTHER_SYSTEM.test(file) && !file.slice(root.length).includes('/node_modules') });
  }
}
