import { Agent, request } from 'node:http';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { silentLogger } from '@trainyard/testkit/silent-logger.ts';
import { fastify, type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { bytesOf } from './body-bytes.ts';
import { answerErrors } from './error-answer.ts';

const MEGABYTE = 1024 * 1024;

let app: FastifyInstance;
beforeEach(async () => {
  app = fastify({ forceCloseConnections: true });
  app.setErrorHandler(answerErrors(silentLogger));
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  app.put('/', async ({ body }) => {
    for await (const block of bytesOf(body)) if (block.length > 0) throw new TrainyardError('LOG_GAP', { offset: 9, expected: 4 });
    return 'nothing came';
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(() => app.close());

it.each([1, MEGABYTE, 20 * MEGABYTE])('a call that is refused in the middle of its %i bytes is answered', async (sizeBytes) => {
  const { port } = app.server.address() as { port: number };
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const answers: unknown[] = [];
  for (const body of [Buffer.alloc(sizeBytes), Buffer.alloc(sizeBytes), Buffer.alloc(0)]) {
    answers.push(
      await new Promise((resolve, reject) => {
        const call = request({ port, method: 'PUT', agent, headers: { 'content-type': 'application/octet-stream', 'content-length': body.length } }, (answer) => {
          answer.resume().once('end', () => resolve(answer.statusCode));
        });
        call.once('error', reject).end(body);
      }),
    );
  }
  agent.destroy();
  expect(answers).toEqual([409, 409, 200]);
});
