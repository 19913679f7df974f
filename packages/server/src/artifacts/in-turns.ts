import { setImmediate as turn } from 'node:timers/promises';

const PER_TURN = 50;

/** What `make` answers for 1 to `count`, in that order. Whatever else the process has to do is done in between. */
export async function inTurns<T>(count: number, make: (number: number) => T | Promise<T>): Promise<T[]> {
  const made: T[] = [];
  for (let number = 1; number <= count; number++) {
    if (number % PER_TURN === 0) await turn();
    made.push(await make(number));
  }
  return made;
}
