// Lets the command line work in a clone although the machine's Node is too old: the quickstart brought a newer one.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const IN_CLONE = new URL('../src/main.ts', import.meta.url);
const NODE = fileURLToPath(new URL('../../../node_modules/.bin/node', import.meta.url));

/** The program of a newer Node inside of the clone; undefined when there is none, or when this is no clone. */
export function newerNode() {
  return existsSync(IN_CLONE) && existsSync(NODE) ? NODE : undefined;
}

/** Runs a script with another Node as if it were this process: same streams, same signals, same exit code. */
export function runWith(node, script, argv) {
  const child = spawn(node, [script, ...argv], { stdio: 'inherit' });
  // Ctrl-C reaches the child by itself, the terminal sends it to both; this process only has to outlive it
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 143)));
  });
}
