import { AttemptFixture, type AttemptFixtureOptions } from '@trainyard/testkit/attempt-fixture.ts';
import { writeOrder } from './attempt-dir.ts';

/** An attempt for the real runner, not started. */
export function anAttempt(options: Partial<AttemptFixtureOptions> = {}): Promise<AttemptFixture> {
  return AttemptFixture.make({ main: new URL('./main.ts', import.meta.url), writeOrder, ...options });
}

/** An attempt whose training is this program for Node. */
export function aProgram(text: string, options: Partial<AttemptFixtureOptions> = {}): Promise<AttemptFixture> {
  return anAttempt({ ...options, files: { 'train.mjs': text }, spec: { args: [process.execPath, 'train.mjs'], ...options.spec } });
}
