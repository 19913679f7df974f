// The training of the quickstart: carried out by the real command line, checked through the real API.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export const EXAMPLE = path.join('examples', 'wine');
/** The id in its train.yaml. */
const TRAINING = 'wine';

/**
 * @param {{ node: string, env: NodeJS.ProcessEnv, root: string }} program
 * @param {string[]} argv
 * @param {{ signal?: AbortSignal, stdio?: 'inherit' | 'ignore' }} [options] the signal's reason is passed on to the command
 * @returns {Promise<number>} exit code
 */
function trainyard({ node, env, root }, argv, { signal, stdio = 'inherit' } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(node, [path.join(root, 'packages', 'cli', 'bin', 'trainyard.mjs'), ...argv], { cwd: root, env, stdio });
    const passOn = () => void forward(child, signal.reason);
    signal?.addEventListener('abort', passOn, { once: true });
    if (signal?.aborted) passOn();
    child.on('error', reject);
    child.on('close', (code) => {
      signal?.removeEventListener('abort', passOn);
      resolve(code ?? 130);
    });
  });
}

/** Ctrl-C on a terminal reaches the command by itself, and a second one would make it end without a word. */
async function forward(child, reason) {
  if (reason === 'SIGINT' && process.stdin.isTTY) await pause(1_000);
  if (child.exitCode === null && child.signalCode === null) child.kill(reason === 'SIGINT' ? 'SIGINT' : 'SIGTERM');
}

/** Trains the example with everything shown; answers the exit code of the command. */
export async function trainExample(program, signal) {
  return await trainyard(program, ['train', 'run', EXAMPLE], { signal });
}

/** Stops the run of the example, whoever showed it before. */
export async function stopExample(program) {
  await trainyard(program, ['stop', TRAINING, '--wait'], { stdio: 'ignore', signal: AbortSignal.timeout(30_000) });
}

/**
 * The registered model of the latest run, and the run itself.
 *
 * @param {{ url: string, token: string | undefined }} server
 * @returns {Promise<{ run: number, state: string, model: string | undefined }>}
 */
export async function exampleResult({ url, token }) {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const answer = await fetch(`${url}/api/v1/trainings/${TRAINING}`, { headers, signal: AbortSignal.timeout(30_000) });
  if (!answer.ok) throw new Error(`the server answered ${answer.status} when asked for the training '${TRAINING}'`);
  const { status } = await answer.json();
  return { run: status.runNumber, state: status.state, model: status.model === undefined ? undefined : `${status.model.name} version ${status.model.version}` };
}
