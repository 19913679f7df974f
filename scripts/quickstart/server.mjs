// A Trainyard server for the quickstart: the one that runs on the data directory already, or one that it starts and stops.
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { QuickstartError } from './quickstart-error.mjs';

const READY_WITHIN_MS = 60_000;
const STOPPED_WITHIN_MS = 20_000;
const LOG_LINES = 25;

/**
 * @typedef {object} RunningServer
 * @property {string} url
 * @property {string | undefined} token
 * @property {boolean} ours started by us, to be stopped by us
 * @property {Promise<QuickstartError>} ended kept when a server of ours ends, with how and what it said
 * @property {() => Promise<void>} stop
 */

/**
 * @param {{ node: string, env: NodeJS.ProcessEnv, root: string, dataDir: string, port: number, say: (what: string) => void, signal: AbortSignal }} options
 * @returns {Promise<RunningServer>}
 */
export async function startServer(options) {
  const running = await answering(options.dataDir);
  if (running !== undefined) return { ...running, ours: false, ended: new Promise(() => {}), stop: async () => {} };
  const port = await freePort(options.port);
  if (port !== options.port && options.port !== 0) options.say(`port ${options.port} is taken by another program, using ${port}`);
  const server = launch({ ...options, port });
  try {
    const found = await untilReady(server, { ...options, port });
    const ended = server.ended.then((how) => new QuickstartError(`the server ${how}`, logEnd(server.logFile)));
    return { ...found, ours: true, ended, stop: server.stop };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** The address in the private file of a data directory, when somebody answers there. */
async function answering(dataDir) {
  const found = handover(dataDir);
  return found !== undefined && (await isHealthy(found.url)) ? found : undefined;
}

function launch({ node, env, root, dataDir, port }) {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const logFile = path.join(dataDir, 'quickstart.log');
  const log = openSync(logFile, 'w', 0o600);
  const argv = [path.join(root, 'packages', 'cli', 'bin', 'trainyard.mjs'), 'up', '--data-dir', dataDir, '--port', String(port)];
  // in a process group of its own: Ctrl-C is for the quickstart, which stops the server when everything else is done
  const child = spawn(node, argv, { cwd: root, env, stdio: ['ignore', log, log], detached: true });
  closeSync(log);
  let how;
  const ended = new Promise((resolve) => {
    const end = (text) => resolve((how = text));
    child.on('error', (error) => end(`could not be started: ${error.message}`));
    child.on('exit', (code, signal) => end(code === null ? `was ended by ${signal}` : `ended with exit code ${code}`));
  });
  // whatever ends this process: no server of ours outlives it
  const kill = () => how === undefined && child.kill('SIGKILL');
  process.on('exit', kill);
  const stop = async () => {
    if (how === undefined) child.kill('SIGTERM');
    if ((await Promise.race([ended, pause(STOPPED_WITHIN_MS, undefined, { ref: false })])) === undefined) kill();
    await ended;
    process.off('exit', kill);
  };
  return { ended, stop, logFile, how: () => how };
}

async function untilReady(server, { dataDir, port, signal }) {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    signal.throwIfAborted();
    if (server.how() !== undefined) throw new QuickstartError(`the server ${server.how()}`, logEnd(server.logFile));
    const found = handover(dataDir);
    if (found !== undefined && Number(new URL(found.url).port) === port && (await isHealthy(found.url))) return found;
    if (Date.now() > deadline) throw new QuickstartError(`the server was not ready within ${READY_WITHIN_MS / 1000} s`, logEnd(server.logFile));
    await pause(50);
  }
}

function handover(dataDir) {
  try {
    const { url, token } = JSON.parse(readFileSync(path.join(dataDir, 'cli.json'), 'utf8'));
    return typeof url === 'string' ? { url, token } : undefined;
  } catch {
    // not there yet, or half of one of an earlier version: then nobody is waited for there
    return undefined;
  }
}

async function isHealthy(url) {
  try {
    const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(3_000) });
    return answer.ok && (await answer.json()).status === 'ok';
  } catch {
    // nobody, or something else
    return false;
  }
}

/** The wanted port when it can be had, any other when it is taken. */
async function freePort(wanted) {
  try {
    return await listenOnce(wanted);
  } catch (error) {
    if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') throw error;
    return await listenOnce(0);
  }
}

function listenOnce(port) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const { port: got } = server.address();
      server.close(() => resolve(got));
    });
  });
}

function logEnd(file) {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return ['the end of its log:', ...lines.slice(-LOG_LINES).map((line) => `  ${line}`), `all of it: ${file}`];
}
