// `npm run quickstart`: from a clone to a trained, registered model. Installs what is missing into the clone, starts Trainyard,
// trains examples/wine, and stays up until Ctrl-C.
//   npm run quickstart -- --once   stops after the training; exit code 0 only when the model is registered
// Environment: TRAINYARD_DATA_DIR (default: .trainyard in the clone), TRAINYARD_PORT (default: 5000), TRAINYARD_TOKEN.
// Plain JavaScript with nothing but node: imports, because it runs before anything is installed, on Node 20 as well.
import path from 'node:path';
import { ensureInstalled, ROOT } from './install.mjs';
import { checkRequirements } from './quickstart/requirements.mjs';
import { QuickstartError } from './quickstart/quickstart-error.mjs';
import { startServer } from './quickstart/server.mjs';
import { step, style } from './quickstart/steps.mjs';
import { EXAMPLE, exampleResult, stopExample, trainExample } from './quickstart/training.mjs';

const OWN_DATA_DIR = path.join(ROOT, '.trainyard');

const once = readArguments();
const stopping = stopSignals();
try {
  process.exitCode = await quickstart();
} catch (error) {
  process.exitCode = stopping.aborted ? 130 : failed(error);
}
// a watch on the parent, a connection that is kept: nothing of that is worth waiting for
process.exit();

async function quickstart() {
  console.log(`${style.title('Trainyard quickstart')}\n`);
  await step('machine', () => checkRequirements());
  const dataDir = path.resolve(ROOT, process.env.TRAINYARD_DATA_DIR || OWN_DATA_DIR);
  const program = await install(dataDir);
  const server = await start(program, dataDir);
  try {
    program.env.TRAINYARD_URL = server.url;
    console.log(`\n${style.quiet(`$ npx trainyard train run ${EXAMPLE}`)}`);
    const code = await train(program, server);
    // what the quickstart started does not go on behind the user's back
    if (stopping.aborted) await step('training', () => stopExample(program).then(() => 'stopped as well'));
    if (stopping.aborted || once) return await verdict(server, code);
    return await stayUp(server, { dataDir, code });
  } finally {
    if (server.ours) await step('stop', () => server.stop().then(() => 'the server has ended'));
  }
}

async function install(dataDir) {
  let program;
  await step('dependencies', async (say) => {
    const { installed, node, env } = await ensureInstalled({ dev: false, print: say });
    program = { node, env: { ...env, TRAINYARD_DATA_DIR: dataDir }, root: ROOT };
    return installed ? 'installed into node_modules' : 'there already';
  });
  stopping.throwIfAborted();
  return program;
}

async function start(program, dataDir) {
  let server;
  await step('server', async (say) => {
    let note = '';
    const told = (what) => say((note = what));
    server = await startServer({ ...program, dataDir, port: wantedPort(), say: told, signal: stopping });
    return `${server.ours ? '' : 'already running: '}${server.url}, data in ${path.relative(process.cwd(), dataDir) || dataDir}${note === '' ? '' : `, ${note}`}`;
  });
  return server;
}

/** The training ends with the quickstart, and with the server: without it nobody would ever hear of its end. */
async function train(program, server) {
  const ending = new AbortController();
  const onStop = () => ending.abort(stopping.reason);
  stopping.addEventListener('abort', onStop);
  if (stopping.aborted) onStop();
  void server.ended.then((crash) => ending.abort(crash));
  const code = await trainExample(program, ending.signal);
  if (ending.signal.reason instanceof QuickstartError) throw ending.signal.reason;
  return code;
}

async function verdict(server, code) {
  if (stopping.aborted) return 130;
  const { run, state, model } = await exampleResult(server);
  const good = code === 0 && state === 'succeeded' && model !== undefined;
  console.log(good ? `\n${style.good('✓')} run ${run} left the registered model ${model}` : `\n${style.bad('✗')} run ${run} ${state}, and no model is registered`);
  if (good) return 0;
  return code === 0 ? 1 : code;
}

async function stayUp(server, { dataDir, code }) {
  // elsewhere than in the clone the command line has to be told where the private file of the server lies
  const prefix = dataDir === OWN_DATA_DIR ? '' : `TRAINYARD_DATA_DIR=${dataDir} `;
  const lines = [
    ['all runs', 'npx trainyard runs'],
    ['your project', 'npx trainyard train run path/to/project'],
    ['more', 'npx trainyard --help'],
    ['API', `${server.url}/docs`],
  ];
  console.log(`\n${style.title(`Trainyard is up at ${server.url}`)}`);
  if (!server.ours) {
    console.log(style.quiet('  It was running before, and goes on.'));
    return code;
  }
  for (const [name, text] of lines) console.log(`  ${style.quiet(name.padEnd(14))}${text.startsWith('npx') ? prefix : ''}${text}`);
  console.log(`\n${style.quiet('Ctrl-C stops it.')}`);
  const crash = await Promise.race([server.ended, aborted(stopping)]);
  if (crash instanceof QuickstartError) throw crash;
  console.log('');
  // being stopped is how a quickstart ends; what it could not do is still told
  return code;
}

function readArguments() {
  const words = process.argv.slice(2);
  const unknown = words.filter((word) => word !== '--once');
  if (unknown.length === 0) return words.includes('--once');
  console.error(`error: '${unknown[0]}' is not known here\n  hint: npm run quickstart, or npm run quickstart -- --once`);
  return process.exit(2);
}

function wantedPort() {
  const text = process.env.TRAINYARD_PORT || '5000';
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new QuickstartError(`TRAINYARD_PORT is '${text}'`, ['it must be a number from 0 to 65535']);
  return port;
}

/** Aborted by Ctrl-C, by SIGTERM and SIGHUP, and when npm, which may not pass signals on, has gone. */
function stopSignals() {
  const controller = new AbortController();
  let asked = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      asked += 1;
      controller.abort(signal);
      // who asks three times does not want to wait for manners; leaving kills the server, see server.mjs
      if (asked > 2) process.exit(130);
    });
  }
  const parent = process.ppid;
  if (process.env.npm_lifecycle_event !== undefined) setInterval(() => process.ppid !== parent && controller.abort('SIGTERM'), 1_000).unref();
  return controller.signal;
}

function aborted(signal) {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function failed(error) {
  console.error(`\n${style.bad('error:')} ${error.message}`);
  for (const line of error instanceof QuickstartError ? error.lines : []) console.error(`  ${line}`);
  if (!(error instanceof QuickstartError) && process.env.TRAINYARD_DEBUG === '1') console.error(error.stack);
  return 1;
}
