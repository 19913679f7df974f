import { rm } from 'node:fs/promises';
import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import { type Checked, type Connection, type ConnectionContext, type Fetched, type FetchRequest, type Place } from '../connection.ts';
import { withinCheckTime } from '../check-time.ts';
import { checkOut } from './check-out.ts';
import { withoutPasswords } from './git-failure.ts';
import { parseGitUrl } from './git-url.ts';
import { withRemote } from './remote.ts';
import { isSafeReference, resolveReference, type Wanted } from './resolve-reference.ts';

/**
 * A git repository by SSH, https:// or, below the allowed roots, file://. The reference is a branch, tag, commit, the first
 * digits of one, a pull request or any whole name. It gives a commit in one piece: a fetch that broke off begins anew.
 */
export const connection: Connection = {
  type: 'git',
  uses: ['source'],
  problems,
  check(place: Place, context: ConnectionContext): Promise<Checked> {
    return withinCheckTime(`the repository ${withoutPasswords(place.spec.uri)}`, context, (timed) =>
      withRemote(place.spec, timed, async (remote) => {
        const wanted = await resolveReference(remote, referenceOf(place));
        return { notes: [...remote.notes, ...whatIsNotKnown(wanted)], publicKey: remote.publicKey };
      }),
    );
  },
  async fetch(request: FetchRequest, context: ConnectionContext): Promise<Fetched> {
    const { spec, into, limits } = request;
    const reference = referenceOf(request);
    try {
      return await withRemote(spec, context, async (remote) => {
        const wanted = await resolveReference(remote, reference);
        request.onKind?.('directory');
        const { commit, files, sizeBytes, notes } = await checkOut(remote, { into, wanted, reference, spec, limits });
        return { kind: 'directory', version: commit, files, sizeBytes, notes };
      });
    } catch (error) {
      await rm(into, { recursive: true, force: true });
      throw error;
    }
  },
};

function problems({ uri, reference = '' }: ConnectionSpec): string[] {
  if (uri === '') return ['empty uri'];
  const url = parseGitUrl(uri);
  return [
    ...(url === undefined ? [`git type requires that uri is git@host:path, ssh://, https:// or file://, found '${withoutPasswords(uri)}'`] : []),
    ...(url?.kind === 'https' && url.password !== undefined ? ['git type requires that uri holds no password: the username and password or token parameters are for it'] : []),
    ...(reference !== '' && !isSafeReference(reference) ? [`git type requires that reference is a branch, tag or commit, found '${reference}'`] : []),
  ];
}

/** ODAHU's resources have an empty text where there is no reference. */
function referenceOf({ reference, spec }: Place): string | undefined {
  return reference ?? (spec.reference === '' ? undefined : spec.reference);
}

function whatIsNotKnown(wanted: Wanted): string[] {
  switch (wanted.kind) {
    case 'ref':
      return [];
    case 'commit':
      return [`whether commit ${wanted.id} is there is only seen when it is fetched`];
    case 'digits':
      return [`whether a commit begins with ${wanted.digits} is only seen when it is fetched`];
    default:
      return wanted satisfies never;
  }
}
