// `npm test`: installs what is missing, runs every check and every test, ends with one line `N passed, N failed`.
//   npm test -- --only unit         one of them (see CHECKS and PROJECTS; several: --only types,unit)
//   npm test -- packages/core e2e   only the tests in files whose path has one of these in it
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ensureInstalled, ROOT } from './install.mjs';

/** Each is one program; it passes with exit code 0. */
const CHECKS = {
  types: { title: 'type check', argv: [['node', 'node_modules/typescript7/bin/tsc', '-p', 'tsconfig.json'], ['node', 'node_modules/typescript7/bin/tsc', '-p', 'packages/core/tsconfig.json']] },
  lint: { title: 'lint, with types', argv: [['oxlint', '--type-aware', '--deny-warnings']] },
  imports: { title: 'import rules', argv: [['depcruise', '--config', '.dependency-cruiser.cjs', '--output-type', 'err-long', ...['packages', 'scripts', 'bench', 'e2e'].filter((folder) => existsSync(path.join(ROOT, folder)))]] },
  'dead-code': { title: 'dead code', argv: [['knip', '--no-progress', '--no-config-hints']] },
  sources: { title: 'file names and sizes', argv: [['node', 'scripts/check-sources.mjs']] },
  paths: { title: 'paths and links in the documents', argv: [['node', 'scripts/check-paths.mjs']] },
  dependencies: { title: 'every dependency has its reason', argv: [['node', 'scripts/check-dependencies.mjs']] },
  reference: { title: 'the printed reference is up to date', argv: [['node', 'scripts/print-reference.ts', '--check']] },
};

/** Of vitest.config.ts. */
const PROJECTS = ['unit', 'contract', 'integration', 'e2e'];

const started = Date.now();
const { only, files } = readArguments();
const { env, installed } = await ensureInstalled({ dev: true, print: heading });
if (installed) timed('installed', started);

const total = { passed: 0, failed: 0, skipped: 0 };
for (const [name, check] of Object.entries(CHECKS)) if (only.includes(name)) await runCheck(check);
const projects = PROJECTS.filter((project) => only.includes(project));
if (projects.length > 0) await runTests(projects);

timed('\nall of it', started);
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
process.exitCode = total.failed > 0 ? 1 : 0;

function readArguments() {
  const { values, positionals } = parseArgs({ options: { only: { type: 'string' } }, allowPositionals: true });
  const known = [...Object.keys(CHECKS), ...PROJECTS];
  const all = positionals.length > 0 ? PROJECTS : known;
  const wanted = values.only?.split(',') ?? all;
  const unknown = wanted.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    console.error(`nothing here is called '${unknown.join("', '")}'; known: ${known.join(', ')}`);
    process.exit(2);
  }
  return { only: wanted, files: positionals };
}

async function runCheck({ title, argv }) {
  heading(title);
  const begun = Date.now();
  let passed = true;
  for (const [program, ...rest] of argv) passed = (await run(program, rest)) === 0 && passed;
  total[passed ? 'passed' : 'failed'] += 1;
  timed(passed ? 'passed' : 'FAILED', begun);
}

async function runTests(projects) {
  heading(`tests: ${projects.join(', ')}`);
  const begun = Date.now();
  const dir = mkdtempSync(path.join(tmpdir(), 'trainyard-test-'));
  const report = path.join(dir, 'report.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const exitCode = await run('vitest', ['run', ...projects.flatMap((project) => ['--project', project]), ...reporters, ...files]);
    count(readReport(report), exitCode);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  timed('tests', begun);
}

/** A file that could not be loaded has no tests, an error outside of a test belongs to none: both count as failed. */
function count(report, exitCode) {
  const failedBefore = total.failed;
  for (const file of report?.testResults ?? []) {
    const tests = file.assertionResults;
    total.passed += tests.filter(({ status }) => status === 'passed').length;
    total.skipped += tests.filter(({ status }) => ['skipped', 'pending', 'todo', 'disabled'].includes(status)).length;
    const failed = tests.filter(({ status }) => status === 'failed').length;
    total.failed += failed === 0 && file.status === 'failed' ? 1 : failed;
    total.failed += reportTwins(file);
  }
  if (exitCode !== 0 && total.failed === failedBefore) total.failed += 1;
}

/** Two tests of one name in one file cannot be told apart in a report. */
function reportTwins({ name, assertionResults }) {
  const names = assertionResults.map(({ fullName }) => fullName);
  const twins = new Set(names.filter((one, index) => names.indexOf(one) !== index));
  for (const twin of twins) console.error(`${path.relative(ROOT, name)}: two tests are called '${twin}'`);
  return twins.size;
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    console.error(`vitest left no report: ${error.message}`);
    return undefined;
  }
}

function run(program, argv) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, argv, { cwd: ROOT, env, stdio: 'inherit' });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

function heading(text) {
  console.log(`\n── ${text}`);
}

function timed(what, since) {
  console.log(`${what} in ${((Date.now() - since) / 1000).toFixed(1)} s`);
}
