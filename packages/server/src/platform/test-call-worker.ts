import { workerData } from 'node:worker_threads';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { answerCalls } from './answer-calls.ts';

answerCalls(
  {
    add: async ({ a, b }: { a: number; b: number }) => a + b,
    given: async () => workerData as unknown,
    refuse: async () => {
      throw new TrainyardError('RUN_NOT_FOUND', { id: 'r1' });
    },
    die: async () => process.exit(3),
    never: () => new Promise(() => undefined),
  },
  async () => undefined,
);
