import { ConnectionError, type ConnectionProblem } from '../connection.ts';
import type { ProgramEnd } from './run-program.ts';

const CHECK_NETWORK = 'check the network, the proxy and certificate settings of this machine';

/** Words of git and ssh, the first that fits counts. */
const SIGNS: readonly (readonly [RegExp, ConnectionProblem, string])[] = [
  [/No space left on device|Disk quota exceeded/i, 'disk_full', 'free some space'],
  [/cannot run ssh|ssh: (command )?not found/i, 'not_installed', 'install the OpenSSH client on this machine, or use an https:// URL with a token'],
  [/HOST IDENTIFICATION HAS CHANGED|Offending .* key in/i, 'refused', 'the host key is not the one the connection has pinned. Somebody may stand between this machine and the host; ask its administrator, and put the new key into publicKey of the connection if it is right (an empty publicKey takes what the host shows)'],
  [/Host key verification failed|host key is known for/i, 'refused', 'the host shows a key of which publicKey of the connection has no line: add it after comparing (ssh-keyscan shows it), or leave publicKey empty to take what the host shows'],
  [/transport '.*' not allowed|Protocol \S+ (is )?(not supported|disabled)/i, 'refused', 'only git@host:path, ssh://, https:// and file:// are allowed, and none leads to another by a redirect or an insteadOf rule'],
  [/returned error: 30[12378]/i, 'refused', 'the host sends to another address (a redirect), and from here that is not followed. Open the URL in a browser, and write the address it ends at as the uri of the connection; often that is the same with .git at its end'],
  [/Permission denied \(/i, 'refused', 'check keySecret of the connection and the user in its uri: the public half has to be a key of that account, or a deploy key of the repository'],
  [/Authentication failed|could not read (Username|Password)|terminal prompts disabled|HTTP (401|403)|error: 40[13]|Permission denied|access denied/i, 'refused', 'check the URL (a private repository answers as if it were not there) and the credentials: token, or username and password, of the connection, or a git credential helper of this machine where there is no connection'],
  [/dubious ownership/i, 'refused', 'the repository belongs to another user: allow it with git config --global --add safe.directory'],
  [/Could not resolve host|Failed to connect|Connection (refused|timed out|reset|closed)|Could not connect to server|kex_exchange_identification|Network is unreachable|No route to host/i, 'unreachable', CHECK_NETWORK],
  [/remote missing object|Object does not exist on the server/i, 'not_found', 'push them as well (git lfs push --all origin)'],
  [/does not exist|does not appear to be a git repository|not found|not a git repository|error: 404|HTTP 404/i, 'not_found', 'check the URL'],
  [/unable to access|early EOF|unexpected disconnect|hung up|SSL|TLS|timed out|error: 5\d\d|Could not read from remote/i, 'unreachable', CHECK_NETWORK],
];

/** What went wrong with a call of git, in the words of this room and of git itself. */
export function gitFailure(what: string, { stderr, exitCode }: Pick<ProgramEnd, 'stderr' | 'exitCode'>): ConnectionError {
  const [, problem, advice] = SIGNS.find(([words]) => words.test(stderr)) ?? [undefined, 'unreachable' as const, 'see the words of git'];
  const words = withoutPasswords(lastLines(stderr)) || `exit code ${String(exitCode)}`;
  return new ConnectionError(problem, `${what}: ${advice}. git says: ${shownKey(stderr)}${words}`);
}

/** The fingerprint ssh has told before its last lines. */
function shownKey(stderr: string): string {
  const [fingerprint] = /SHA256:[A-Za-z0-9+/]{43}/.exec(stderr) ?? [];
  return fingerprint === undefined ? '' : `the host shows ${fingerprint}. `;
}

function lastLines(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(-3).join(' ').slice(-1000);
}

/** A user and password inside of a URL stay out of every message. */
export function withoutPasswords(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^/@\s']+@/gi, '$1');
}
