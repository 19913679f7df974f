import { didYouMean } from '@trainyard/core/nearest.ts';
import { type ConnectionContext, ConnectionError, type Place } from '../connection.ts';
import { gitFailure, withoutPasswords } from './git-failure.ts';
import { runGit } from './git-program.ts';

/** What to ask the repository for. */
export type Wanted =
  /** A name the repository lists, such as refs/heads/main. */
  | { readonly kind: 'ref'; readonly name: string }
  /** A whole commit id: it may be there although no name leads to it. */
  | { readonly kind: 'commit'; readonly id: string }
  /** The first digits of a commit id: only the whole history can tell. */
  | { readonly kind: 'digits'; readonly digits: string };

const COMMIT = /^([0-9a-f]{40}|[0-9a-f]{64})$/i;
const DIGITS = /^[0-9a-f]{4,63}$/i;

/** Branches go before tags, as with `git switch`; both before a commit that happens to begin like their name. */
export async function resolveReference({ url, reference }: Place, context: ConnectionContext): Promise<Wanted> {
  refuseUnsafe(url, reference);
  if (reference !== undefined && COMMIT.test(reference)) return { kind: 'commit', id: reference.toLowerCase() };
  const candidates = reference === undefined ? ['HEAD'] : [`refs/heads/${reference}`, `refs/tags/${reference}`, ...(reference.startsWith('refs/') ? [reference] : [`refs/${reference}`])];
  const listed = await listRefs(url, candidates, context);
  const name = candidates.find((candidate) => listed.includes(candidate));
  if (name !== undefined) return { kind: 'ref', name };
  if (reference !== undefined && DIGITS.test(reference)) return { kind: 'digits', digits: reference.toLowerCase() };
  throw await notFound(url, reference, context);
}

/** Names of the repository; all of them without patterns. */
async function listRefs(url: string, patterns: readonly string[], context: ConnectionContext): Promise<string[]> {
  const end = await runGit(['ls-remote', '--quiet', '--', url, ...patterns], context);
  if (end.exitCode !== 0) throw gitFailure(`the repository ${withoutPasswords(url)} cannot be read`, end);
  return end.stdout.split('\n').flatMap((line) => line.split('\t')[1] ?? []);
}

/** The error for a reference that is not there, with the name that was perhaps meant. */
export async function notFound(url: string, reference: string | undefined, context: ConnectionContext): Promise<ConnectionError> {
  if (reference === undefined) return new ConnectionError('not_found', `the repository ${withoutPasswords(url)} has no default branch (it is empty): push a commit, or name a branch as reference`);
  const refs = await listRefs(url, [], context);
  const names = [...new Set(refs.flatMap((ref) => /^refs\/(?:heads|tags)\/(.+?)(?:\^\{\})?$/.exec(ref)?.[1] ?? []))];
  const known = names.length === 0 ? 'it has no branches and no tags' : `it has ${names.slice(0, 10).join(', ')}${names.length > 10 ? ` and ${names.length - 10} more` : ''}`;
  return new ConnectionError('not_found', `there is no branch, tag or commit '${reference}' in ${withoutPasswords(url)} (${known})${didYouMean(reference, names)}`);
}

/** The values were checked when the training was made; here they are about to be used. */
function refuseUnsafe(url: string, reference: string | undefined): void {
  if (!/^(https|file):\/\/[^\s]/i.test(url)) throw new ConnectionError('refused', `'${withoutPasswords(url)}' is not fetched: a git repository is given as https:// or file://`);
  if (reference !== undefined && (reference === '' || reference.startsWith('-') || /[\s~^:?*[\\\u0000-\u001f\u007f]|\.\.|@\{/.test(reference))) {
    throw new ConnectionError('refused', `'${reference}' is not the name of a branch, tag or commit`);
  }
}
