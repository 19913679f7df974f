import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './install.mjs';

/** Every file that is or would be committed, as paths relative to the root with '/'. */
export function sourceFiles() {
  const out = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  return out.split('\0').filter((file) => file !== '' && existsSync(path.join(ROOT, file)));
}

/** Prints the problems and makes the process fail when there are any. */
export function report(problems, whenGood) {
  for (const problem of problems) console.error(problem);
  if (problems.length === 0) console.log(whenGood);
  else process.exitCode = 1;
}
