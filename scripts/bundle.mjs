// `npm run bundle`: what is published, into dist/ (or --into another directory, which is emptied first).
//   dist/runner.mjs     the runner as one file that needs nothing but Node
//   dist/trainyard/     the npm package: command line and server, with that runner; other people's packages stay dependencies
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { bundleRunner } from './bundle-runner.mjs';
import { ensureInstalled, ROOT } from './install.mjs';
import { OPTIONAL_PACKAGES } from './optional-packages.mjs';

const { values } = parseArgs({ options: { into: { type: 'string', default: path.join(ROOT, 'dist') } } });
const DIST = path.resolve(values.into);
const PACKAGE = path.join(DIST, 'trainyard');
/** Whose code is in the npm package; what they depend on, it depends on. */
const INSIDE = ['core', 'api', 'connections', 'cli', 'server'];

const ON_DEMAND = Object.values(OPTIONAL_PACKAGES).flat();

await ensureInstalled({ dev: true, print: console.log });
const { build } = await import('esbuild');

const common = { absWorkingDir: ROOT, bundle: true, platform: 'node', format: 'esm', target: 'node24', metafile: true, legalComments: 'none', logLevel: 'warning' };

rmSync(DIST, { recursive: true, force: true });
mkdirSync(PACKAGE, { recursive: true });
await bundleRunner(path.join(DIST, 'runner.mjs'));
copyFileSync(path.join(DIST, 'runner.mjs'), path.join(PACKAGE, 'runner.mjs'));
told(path.join(DIST, 'runner.mjs'));
await bundlePackage();

async function bundlePackage() {
  const { dependencies, names: installed } = outsiders();
  const names = [...installed, ...ON_DEMAND];
  const { metafile } = await build({
    ...common,
    // a thread is a program of its own
    entryPoints: { trainyard: 'packages/cli/bin/trainyard.mjs', 'tracking-worker': 'packages/server/src/stores/sql/tracking/tracking-worker.ts' },
    outdir: PACKAGE,
    outExtension: { '.js': '.mjs' },
    chunkNames: '[name]-[hash]',
    splitting: true,
    external: names.flatMap((name) => [name, `${name}/*`]),
  });
  const undeclared = importsOf(metafile).filter((name) => !isBuiltin(name) && !names.includes(packageOf(name)));
  if (undeclared.length > 0) throw new Error(`imported but in no package.json: ${undeclared.join(', ')}`);
  const { version, license, engines } = manifestOf('cli');
  const manifest = { name: 'trainyard', version, description: 'One model-training service: server and command line', license, type: 'module', bin: { trainyard: 'trainyard.mjs' }, engines, dependencies, ...optionalPeers() };
  writeFileSync(path.join(PACKAGE, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const file of ['LICENSE', 'README.md', 'CHANGELOG.md']) copyFileSync(path.join(ROOT, file), path.join(PACKAGE, file));
  chmodSync(path.join(PACKAGE, 'trainyard.mjs'), 0o755);
  told(path.join(PACKAGE, 'trainyard.mjs'));
}

/** Everything the packages inside ask for that is not ours. */
function outsiders() {
  const all = Object.assign({}, ...INSIDE.map((name) => manifestOf(name).dependencies));
  const dependencies = Object.fromEntries(Object.entries(all).filter(([name]) => !/^(@trainyard\/|trainyard$)/.test(name)).sort());
  return { dependencies, names: Object.keys(dependencies) };
}

/** npm does not install them, and says so when somebody has a version that does not fit. */
function optionalPeers() {
  const { devDependencies } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  return { peerDependencies: Object.fromEntries(ON_DEMAND.map((name) => [name, devDependencies[name]])), peerDependenciesMeta: Object.fromEntries(ON_DEMAND.map((name) => [name, { optional: true }])) };
}

function importsOf(metafile) {
  const outside = Object.values(metafile.outputs).flatMap(({ imports }) => imports.filter((one) => one.external === true).map((one) => one.path));
  return [...new Set(outside)].sort();
}

function manifestOf(name) {
  return JSON.parse(readFileSync(path.join(ROOT, 'packages', name, 'package.json'), 'utf8'));
}

function packageOf(specifier) {
  return specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}

function isBuiltin(name) {
  return name.startsWith('node:') || builtinModules.includes(name);
}

function told(file) {
  console.log(`${path.relative(ROOT, file)}  ${Math.round(statSync(file).size / 1024)} KiB`);
}
