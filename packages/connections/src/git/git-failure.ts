import { ConnectionError, type ConnectionProblem } from '../connection.ts';
import type { GitEnd } from './git-program.ts';

/** Words of git, the first that fits counts. */
const SIGNS: readonly (readonly [RegExp, ConnectionProblem, string])[] = [
  [/No space left on device|Disk quota exceeded/i, 'disk_full', 'free some space'],
  [/transport '.*' not allowed/i, 'refused', 'only https:// and file:// are allowed, also behind redirects and insteadOf rules'],
  [/Authentication failed|could not read (Username|Password)|terminal prompts disabled|HTTP (401|403)|error: 40[13]|Permission denied|access denied/i, 'refused', 'check the URL (a private repository answers as if it were not there) and let a git credential helper of this machine know the credentials'],
  [/dubious ownership/i, 'refused', 'the repository belongs to another user: allow it with git config --global --add safe.directory'],
  [/does not exist|does not appear to be a git repository|not found|not a git repository|error: 404|HTTP 404/i, 'not_found', 'check the URL'],
  [/Could not resolve host|Failed to connect|Connection (refused|timed out|reset)|unable to access|early EOF|unexpected disconnect|hung up|SSL|TLS|timed out|error: 5\d\d/i, 'unreachable', 'check the network, the proxy and certificate settings of this machine'],
];

/** What went wrong with a call of git, in the words of this room and of git itself. */
export function gitFailure(what: string, { stderr, exitCode }: GitEnd): ConnectionError {
  const [, problem, advice] = SIGNS.find(([words]) => words.test(stderr)) ?? [undefined, 'unreachable' as const, 'see the words of git'];
  const words = withoutPasswords(lastLines(stderr)) || `exit code ${String(exitCode)}`;
  return new ConnectionError(problem, `${what}: ${advice}. git says: ${words}`);
}

function lastLines(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(-3).join(' ').slice(-1000);
}

/** A user and password inside of a URL stay out of every message. */
export function withoutPasswords(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^/@\s']+@/gi, '$1');
}
