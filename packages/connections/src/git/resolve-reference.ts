import { didYouMean } from '@trainyard/core/nearest.ts';
import { ConnectionError } from '../connection.ts';
import { gitFailure } from './git-failure.ts';
import { runGit } from './git-program.ts';
import type { Remote } from './remote.ts';

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

/** A whole name goes before a tag, a tag before a branch, and every name before a commit: the order of ODAHU, and of git itself. */
export async function resolveReference(remote: Remote, reference: string | undefined): Promise<Wanted> {
  refuseUnsafe(reference);
  const candidates = reference === undefined ? ['HEAD'] : [...new Set(namesFor(reference))];
  const listed = await listRefs(remote, candidates);
  const name = candidates.find((candidate) => listed.includes(candidate));
  if (name !== undefined) return { kind: 'ref', name };
  if (reference !== undefined && COMMIT.test(reference)) return { kind: 'commit', id: reference.toLowerCase() };
  if (reference !== undefined && DIGITS.test(reference)) return { kind: 'digits', digits: reference.toLowerCase() };
  throw await notFound(remote, reference);
}

/** Every name a reference may stand for, best first. */
function namesFor(reference: string): string[] {
  const [, remote] = /^(?:refs\/remotes\/)?origin\/(.+)$/.exec(reference) ?? [];
  const whole = reference === 'HEAD' || reference.startsWith('refs/') ? [reference] : [];
  return [...whole, `refs/tags/${reference}`, ...(remote === undefined ? [] : branchNames(remote)), ...branchNames(reference), `refs/${reference}`];
}

/** ODAHU sees `refs/pull/12/head` as the branch `pr/12/head`; GitLab and Bitbucket have names of their own for the same. */
function branchNames(branch: string): string[] {
  const [, digits, side] = /^(?:pr|mr|pull|merge-requests)\/(\d+)(?:\/(head|merge))?$/.exec(branch) ?? [];
  if (digits === undefined) return [`refs/heads/${branch}`];
  const whole = side === undefined ? [`refs/pull-requests/${digits}/from`] : [];
  return [`refs/heads/${branch}`, `refs/pull/${digits}/${side ?? 'head'}`, `refs/merge-requests/${digits}/${side ?? 'head'}`, ...whole];
}

/** Names of the repository; all of them without patterns. */
async function listRefs({ url, context }: Remote, patterns: readonly string[]): Promise<string[]> {
  const end = await runGit(['ls-remote', '--quiet', '--', url, ...patterns], context);
  if (end.exitCode !== 0) throw gitFailure(`the repository ${url} cannot be read`, end);
  return end.stdout.split('\n').flatMap((line) => line.split('\t')[1] ?? []);
}

/** The error for a reference that is not there, with the name that was perhaps meant. */
export async function notFound(remote: Remote, reference: string | undefined): Promise<ConnectionError> {
  if (reference === undefined) return new ConnectionError('not_found', `the repository ${remote.url} has no default branch (it is empty): push a commit, or name a branch as reference`);
  const refs = await listRefs(remote, []);
  const names = [...new Set(refs.flatMap((ref) => /^refs\/(?:heads|tags)\/(.+?)(?:\^\{\})?$/.exec(ref)?.[1] ?? []))];
  const known = names.length === 0 ? 'it has no branches and no tags' : `it has ${names.slice(0, 10).join(', ')}${names.length > 10 ? ` and ${names.length - 10} more` : ''}`;
  return new ConnectionError('not_found', `there is no branch, tag or commit '${reference}' in ${remote.url} (${known})${didYouMean(reference, names)}`);
}

/** Could it mean anything else to git than a name? */
export function isSafeReference(reference: string): boolean {
  return reference !== '' && !reference.startsWith('-') && !/[\s~^:?*[\\\u0000-\u001f\u007f]|\.\.|@\{/.test(reference);
}

/** The value was checked when the training was made; here it is about to be used. */
function refuseUnsafe(reference: string | undefined): void {
  if (reference !== undefined && !isSafeReference(reference)) throw new ConnectionError('refused', `'${reference}' is not the name of a branch, tag or commit`);
}
