import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// heard from the first moment on: a signal that comes while the rest is being loaded must not end the process
const early: string[] = [];
let listener = (signal: string): void => void early.push(signal);
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => listener(signal));
// the terminal of whoever started the server is no business of the attempt
process.on('SIGHUP', () => undefined);

function hear(heard: (signal: string) => void): void {
  listener = heard;
  for (const signal of early.splice(0)) heard(signal);
}

async function takeAttempt(): Promise<string | undefined> {
  const { waitForAttempt } = await import('./process/spare-runner.ts');
  const dir = await waitForAttempt();
  if (dir !== undefined) process.chdir(dir);
  return dir;
}

// not at the top level: awaiting there would keep this file from being bundled as CommonJS, which starts faster
async function main([given, cacheDir]: readonly string[]): Promise<number> {
  if (given === undefined || cacheDir === undefined) {
    process.stderr.write('usage: runner <attempt directory, or --spare> <cache directory>\n');
    return 64;
  }
  // before the rest is loaded: it saves compiling, and stripping types where the runner is not bundled
  enableCompileCache(join(cacheDir, 'compile'));
  const dir = given === '--spare' ? await takeAttempt() : given;
  if (dir === undefined) return 0;
  const [{ carryOut }, { Stop }] = await Promise.all([import('./carry-out.ts'), import('./stop.ts')]);
  const stop = new Stop();
  process.on('uncaughtException', (error: Error) => {
    process.stderr.write(`${error.stack ?? error.message}\n`);
    stop.request('internal', `the runner itself failed: ${error.message}`);
  });
  await carryOut({ dir, cacheDir, machineEnv: process.env, stop, hear });
  return 0;
}

main(process.argv.slice(2)).then(
  // connections that are kept open for more calls must not keep the process
  (exitCode) => process.exit(exitCode),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
