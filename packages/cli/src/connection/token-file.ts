import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Io } from '../io.ts';

/** What a server leaves in its data directory for the command line of the same user. */
export interface TokenFile {
  readonly file: string;
  readonly url: string;
  /** Undefined when that server asks for none. */
  readonly token: string | undefined;
}

const NAME = 'cli.json';
const DIR_NAME = '.trainyard';
const MAX_BYTES = 65_536;
const READABLE_BY_OTHERS = 0o077;

/**
 * The file of the server this command is most likely meant for: the one of TRAINYARD_DATA_DIR, the nearest `.trainyard`
 * from the working directory upwards, or `~/.trainyard`. Undefined when there is none.
 *
 * @throws TrainyardError UNSAFE_TOKEN_FILE when it is there and others may read it or wrote it
 */
export async function findTokenFile({ env, cwd, home }: Pick<Io, 'env' | 'cwd' | 'home'>): Promise<TokenFile | undefined> {
  const given = env['TRAINYARD_DATA_DIR'];
  if (given !== undefined && given !== '') return await readTokenFile(path.resolve(cwd, given, NAME), 'refuse');
  for (const dir of upwards(cwd)) {
    // a directory above may belong to somebody else, whose file must neither be followed nor stop us
    const found = await readTokenFile(path.join(dir, DIR_NAME, NAME), 'skip');
    if (found !== undefined) return found;
  }
  return await readTokenFile(path.join(home, DIR_NAME, NAME), 'refuse');
}

/** Checked on the opened file itself, so that nobody can exchange it between the check and the reading. */
async function readTokenFile(file: string, foreign: 'refuse' | 'skip'): Promise<TokenFile | undefined> {
  const handle = await openOwn(file);
  if (handle === undefined) return undefined;
  try {
    const stat = await handle.stat();
    const user = process.getuid?.();
    if (user !== undefined && stat.uid !== user) {
      if (foreign === 'skip') return undefined;
      throw new TrainyardError('UNSAFE_TOKEN_FILE', { file, problem: 'belongs to another user' });
    }
    if (user !== undefined && (stat.mode & READABLE_BY_OTHERS) !== 0) throw new TrainyardError('UNSAFE_TOKEN_FILE', { file, problem: 'can be read by others' });
    if (!stat.isFile() || stat.size > MAX_BYTES) throw new TrainyardError('UNSAFE_TOKEN_FILE', { file, problem: 'is not a file that a server wrote' });
    return parse(file, await handle.readFile('utf8'));
  } finally {
    await handle.close();
  }
}

async function openOwn(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    const problem = code === 'ELOOP' ? 'is a symbolic link' : `cannot be read (${code ?? String(error)})`;
    throw new TrainyardError('UNSAFE_TOKEN_FILE', { file, problem }, { cause: error });
  }
}

function parse(file: string, text: string): TokenFile {
  try {
    const { url, token } = JSON.parse(text) as Record<string, unknown>;
    if (typeof url === 'string' && URL.canParse(url) && (token === undefined || typeof token === 'string')) return { file, url, token };
  } catch (error) {
    throw new TrainyardError('UNSAFE_TOKEN_FILE', { file, problem: 'is not valid JSON' }, { cause: error });
  }
  throw new TrainyardError('UNSAFE_TOKEN_FILE', { file, problem: 'is not a file that a server wrote' });
}

function upwards(dir: string): string[] {
  const parent = path.dirname(dir);
  return parent === dir ? [dir] : [dir, ...upwards(parent)];
}
