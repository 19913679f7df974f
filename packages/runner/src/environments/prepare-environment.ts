import { join } from 'node:path';
import { messageOf } from '@trainyard/core/errors.ts';
import { isDiskFull } from '../disk-full.ts';
import { StepFailure } from '../step-failure.ts';
import { bareEnvironment } from './bare-environment.ts';
import type { PrepareContext, PrepareEnvironment, ReadyEnvironment } from './environment.ts';
import { type BuiltDirectory, DirectoryStore } from './store/directory-store.ts';
import { trimCaches } from './trim-caches.ts';
import { type Way, waysToBuild } from './ways-to-build.ts';

/**
 * Environments are built once per content and live in `<cacheDir>/environments`. One that is there is found by reading files
 * only: no program is started on the way from a submit to the first line of the training.
 */
export const prepareEnvironment: PrepareEnvironment = async (spec, context) => {
  try {
    if (spec.kind === 'none' || context.choice.manager === 'none') return await bareEnvironment(spec, context);
    const ways = await waysToBuild(spec, context);
    const store = new DirectoryStore(join(context.cacheDir, 'environments'));
    return (await findReady(ways, store, context)) ?? (await build(ways, store, context));
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    throw new StepFailure('disk_full', `the disk of the cache directory '${context.cacheDir}' is full; nothing of the environment was kept`, { cause: error });
  }
};

async function findReady(ways: readonly Way[], store: DirectoryStore, context: PrepareContext): Promise<ReadyEnvironment | undefined> {
  for (const way of ways) {
    const directory = way.shareable ? await store.use(way.id) : undefined;
    if (directory === undefined) continue;
    context.log.say(`environment ${shortId(way)}: cached`);
    return ready(way, directory, { context, cached: true });
  }
  return undefined;
}

/** The first way that can be gone. Only what it needs to begin may fail; a build that fails is the answer. */
async function build(ways: readonly Way[], store: DirectoryStore, context: PrepareContext): Promise<ReadyEnvironment> {
  for (const [i, way] of ways.entries()) {
    const builder = await startWay(way, i < ways.length - 1, context);
    if (builder === undefined) continue;
    const began = performance.now();
    const make: Parameters<DirectoryStore['build']>[1] = (path) => {
      context.log.say(`environment ${shortId(way)}: building with ${builder.title} (${way.count} requirement${way.count === 1 ? '' : 's'})`);
      return builder.make(path);
    };
    const { directory, cached } = way.shareable
      ? await store.build(way.id, make, { signal: context.signal, onWait: (holder) => context.log.say(`environment ${shortId(way)}: ${holder} is building it, waiting`) })
      : { directory: await store.buildPrivate(way.id, make), cached: false };
    const seconds = Math.round((performance.now() - began) / 1000);
    context.log.say(`environment ${shortId(way)}: ${cached ? 'built by another run' : 'ready'} in ${seconds} s, ${Math.round(directory.sizeBytes / 1e6)} MB`);
    if (!cached) await trim(store, way, context);
    return ready(way, directory, { context, cached });
  }
  throw new StepFailure('internal', 'there is no way to build an environment');
}

/** What was built is good, whatever becomes of the rest. */
async function trim(store: DirectoryStore, way: Way, context: PrepareContext): Promise<void> {
  try {
    await trimCaches(store, way.id, context);
  } catch (error) {
    context.log.say(`the cache of environments could not be trimmed: ${messageOf(error)}`);
  }
}

async function startWay(way: Way, hasOther: boolean, { log }: PrepareContext): Promise<Awaited<ReturnType<Way['start']>> | undefined> {
  try {
    return await way.start();
  } catch (error) {
    if (!hasOther || !(error instanceof StepFailure) || error.reason !== 'environment_failed') throw error;
    log.say(`${error.message}\ngoing on with venv and pip`);
    return undefined;
  }
}

function ready(way: Way, { path, details, release }: BuiltDirectory, { context: { env }, cached }: { context: PrepareContext; cached: boolean }): ReadyEnvironment {
  const python = details['python'];
  const own: Readonly<Record<string, string>> = way.isConda ? { CONDA_PREFIX: path, PYTHONNOUSERSITE: '1' } : { VIRTUAL_ENV: path };
  return {
    id: way.id,
    python,
    // an empty PYTHONHOME is none; a real one would make the environment's Python run with another's library
    variables: { ...own, ...('PYTHONHOME' in env ? { PYTHONHOME: '' } : {}), PATH: `${join(path, 'bin')}:${env['PATH'] ?? ''}` },
    cached,
    release,
  };
}

function shortId({ id }: Way): string {
  return id.slice(0, 12);
}
