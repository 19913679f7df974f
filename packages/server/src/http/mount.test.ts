import { Readable, Writable } from 'node:stream';
import { fastify } from 'fastify';
import { expect, it } from 'vitest';
import { type Handlers, mountRoutes } from './mount.ts';

it.each(['log', 'events', 'log/events'])('a follower that goes away leaves no error behind: %s', async (path) => {
  const logged: string[] = [];
  const stream = new Writable({
    write(line: Buffer, _encoding, done) {
      logged.push(line.toString());
      done();
    },
  });
  const app = fastify({ logger: { level: 'error', stream } });
  const gone = Promise.withResolvers<void>();
  const endless = async ({ reply }: { reply: Parameters<Handlers['runLog']>[0]['reply'] }) => {
    reply.raw.once('close', gone.resolve);
    return reply.type('text/plain').send(Readable.from((async function* () {
      yield 'first';
      await gone.promise;
    })()));
  };
  // the cast: no other route is called
  mountRoutes(app, { runLog: endless, runEvents: endless, runLogEvents: endless } as unknown as Handlers);
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const leave = new AbortController();
  const answer = await fetch(`${url}/api/v1/runs/1/${path}`, { signal: leave.signal });
  await answer.body?.getReader().read();
  leave.abort();
  await gone.promise;
  await app.close();
  expect([answer.status, logged]).toEqual([200, []]);
});
