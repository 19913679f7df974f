import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readAs } from './problems.ts';
import { TrainingSpecBody } from './schemas/training.ts';

function problems(schema: z.ZodType, input: unknown): readonly string[] {
  const read = readAs(schema, input);
  return 'problems' in read ? read.problems : [];
}

describe('what is wrong with a training, in our words', () => {
  const spec = { model: { name: 'a', version: '1' }, toolchain: 'mlflow', algorithmSource: { git: { url: 'file:///r' } } };

  it.each<[object, string[]]>([
    [{}, []],
    [{ timeout: 'bananas' }, ["timeout: 'bananas' is not a duration: write 90s, 15m, 4h, or a number of seconds (at most 365d)"]],
    [{ timeout: { run: 'bananas' } }, ["timeout.run: 'bananas' is not a duration: write 90s, 15m, 4h, or a number of seconds (at most 365d)"]],
    [{ timeout: { runs: '1h' } }, ["unknown field 'timeout.runs'; did you mean 'run'?"]],
    [{ priority: 5000 }, ['priority: must be at most 1000']],
    [{ priority: -5000 }, ['priority: must be at least -1000']],
    [{ experiment: '' }, ['experiment: must not be empty']],
    [{ experiment: 'x'.repeat(257) }, ['experiment: must have at most 256 characters']],
  ])('%j', (fields, expected) => {
    expect(problems(TrainingSpecBody, { ...spec, ...fields })).toEqual(expected);
  });
});

it('bounds that are not reached themselves, and words of the schema, stay as they are meant', () => {
  expect(problems(z.number().lt(3), 3)).toEqual(['must be less than 3']);
  expect(problems(z.array(z.string()).min(2), ['a'])).toEqual(['must have at least 2 elements']);
  expect(problems(z.string().max(1, 'one letter'), 'ab')).toEqual(['one letter']);
});

it('a long text that is quoted back is quoted in a moment', () => {
  const text = `${', received '.repeat(100_000)}\n`;
  expect(problems(TrainingSpecBody.shape.timeout, text)).toEqual([`'${text}' is not a duration: write 90s, 15m, 4h, or a number of seconds (at most 365d)`]);
});
