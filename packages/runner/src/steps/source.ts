import type { Attempt } from '../attempt.ts';
import { fetchFrom } from '../sources/fetch-from.ts';
import { fetchSnapshot } from '../sources/snapshot.ts';
import { StepFailure } from '../step-failure.ts';

export interface Source {
  readonly dir: string;
  readonly commit: string | undefined;
}

/** Puts the code of the training into the workspace. */
export async function fetchSource(attempt: Attempt): Promise<Source> {
  const { order, paths, log, know } = attempt;
  const { git, snapshot } = order.spec.algorithmSource;
  const limits = { bytes: order.limits.sourceBytes, entries: order.limits.sourceEntries };
  if (git !== undefined) {
    const { version, notes } = await fetchFrom('git', { ...git, into: paths.workspace, limits }, { env: attempt.env, signal: attempt.signal });
    for (const note of notes) log.warn(note);
    log.say(`source: commit ${version} of ${git.url}`);
    know({ commit: version });
    return { dir: paths.workspace, commit: version };
  }
  if (snapshot === undefined) throw new StepFailure('bad_spec', 'the training names no source: algorithmSource needs git or snapshot');
  const { digest } = snapshot;
  await fetchSnapshot({ digest, into: paths.workspace, cacheDir: attempt.cacheDir, limits, link: attempt.link, signal: attempt.signal, patienceMs: SOURCE_PATIENCE_MS });
  log.say(`source: upload ${digest.slice(0, 12)}`);
  know({ sourceDigest: digest });
  return { dir: paths.workspace, commit: undefined };
}

/** A server that is away longer than a restart takes is tried again by the next attempt. */
const SOURCE_PATIENCE_MS = 120_000;
