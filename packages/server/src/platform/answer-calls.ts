/** The other end of a `CallThread`: answers calls with the functions of this thread. */
import { parentPort } from 'node:worker_threads';
import { type Call, type CallAnswer, sentError } from './call-thread.ts';

export type Answering = Readonly<Record<string, (args: never) => Promise<unknown>>>;

/** Calls run side by side as far as the functions let them. `end` is called before the thread ends. */
export function answerCalls(functions: Answering, end: () => Promise<void>): void {
  const port = parentPort;
  if (port === null) throw new Error('this file is run by a CallThread');
  const underWay = new Set<Promise<void>>();
  port.on('message', (message: Call | 'end') => {
    if (message === 'end') {
      void Promise.all(underWay).then(end).finally(() => port.close());
      return;
    }
    const answered = answer(functions, message).then((reply) => port.postMessage(reply));
    underWay.add(answered);
    void answered.finally(() => underWay.delete(answered));
  });
}

async function answer(functions: Answering, { id, name, args }: Call): Promise<CallAnswer> {
  try {
    const called = functions[name];
    if (called === undefined) throw new Error(`the thread has no function '${name}'`);
    // the caller and this table are typed by the same interface
    return { id, value: await called(args as never) };
  } catch (error) {
    return { id, error: sentError(error) };
  }
}
