import { ConnectionError } from '../connection.ts';

/** Of one name on the file systems in use. */
const MAX_NAME_BYTES = 255;

/** A relative path made of a name in a store, which is anybody's text. Throws `invalid` for what would lead elsewhere or cannot be a file's name. */
export function safePath(relative: string, key: string): string {
  const bad = relative.split('/').find((name) => problemOf(name) !== undefined);
  if (bad === undefined) return relative;
  throw new ConnectionError('invalid', `the object ${JSON.stringify(key)} ${problemOf(bad) ?? ''}, so it cannot be a file here: rename it, or fetch another path`);
}

/** One name without a directory, as a `put` is given it. */
export function safeName(name: string): string {
  const problem = name.includes('/') ? "holds a '/'" : (problemOf(name) ?? (/\p{Cc}/u.test(name) ? 'holds a control character' : undefined));
  if (problem === undefined) return name;
  throw new ConnectionError('invalid', `the file name ${JSON.stringify(name)} ${problem}: give it a plain one`);
}

function problemOf(name: string): string | undefined {
  if (name === '') return 'has an empty name between two slashes';
  if (name === '.' || name === '..') return `has '${name}' in its path`;
  if (/[\0\\]/.test(name)) return 'has a backslash or a NUL in its name';
  return Buffer.byteLength(name) > MAX_NAME_BYTES ? `has a name of more than ${MAX_NAME_BYTES} bytes` : undefined;
}
