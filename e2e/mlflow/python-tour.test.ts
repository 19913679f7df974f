import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pythonWithMlflow } from '@trainyard/testkit/python/mlflow.ts';
import { ServerProcess } from '../server-process.ts';
import { PythonTour } from './python-tour.ts';

const CHAPTERS = ['experiments', 'runs', 'logging_values', 'search', 'artifacts', 'large_artifacts', 'data_sets', 'models', 'registry', 'autologging', 'async_logging', 'command_line'];
const INSTALL_DEADLINE_MS = 1_200_000;

describe.each([3, 2] as const)('the newest mlflow %d of Python', (major) => {
  const server = new ServerProcess();
  let tour: PythonTour | undefined;
  let restarts = 0;

  /** Every other time as a crash would. */
  async function restart(): Promise<void> {
    if (restarts++ % 2 === 0) await server.kill();
    else await server.stop();
    await server.start();
  }

  beforeAll(async () => {
    const python = await pythonWithMlflow(major);
    await server.start();
    tour = new PythonTour(python, server, { chapters: CHAPTERS, restart });
  }, INSTALL_DEADLINE_MS);
  afterAll(async () => {
    tour?.stop();
    await server.dispose(false);
  });

  it.each(CHAPTERS)('does the chapter %s, with a restart in the middle', async (chapter) => {
    expect(await tour?.outcome(chapter)).toBe('done');
  });

  it('has seen the server die and come back in every chapter', () => {
    expect(restarts).toBe(CHAPTERS.length);
  });
});
