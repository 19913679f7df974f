import { Readable } from 'node:stream';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { silentLogger } from '@trainyard/testkit/silent-logger.ts';
import { fastify } from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { answerErrors } from './error-answer.ts';

/** An answer of 77 bytes that breaks after `blocks`. */
async function aBrokenStream(...blocks: string[]) {
  const app = fastify();
  app.setErrorHandler(answerErrors(silentLogger));
  async function* broken(): AsyncIterable<Buffer> {
    for (const block of blocks) yield Buffer.from(block);
    throw new TrainyardError('ARTIFACT_STORE_UNUSABLE', { store: 's3', problem: 'it is away', advice: 'wait' });
  }
  app.get('/', (_request, reply) => reply.type('application/octet-stream').header('content-disposition', 'attachment').header('content-security-policy', 'sandbox').header('content-length', 77).send(Readable.from(broken(), { objectMode: false })));
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => app.close());
  return fetch(url);
}

describe('an answer that is a stream', () => {
  it('says like any other what went wrong before its first byte', async () => {
    const answer = await aBrokenStream();
    expect([answer.status, answer.headers.get('content-type'), answer.headers.get('content-disposition'), answer.headers.get('content-security-policy')]).toEqual([503, 'application/json; charset=utf-8', null, null]);
    expect(await answer.json()).toMatchObject({ error: { code: 'ARTIFACT_STORE_UNUSABLE', message: 'the artifact store s3 cannot be used: it is away', hint: 'wait', status: 503 } });
  });

  it('is broken off when it goes wrong after that, never ended as if it were whole', async () => {
    await expect(aBrokenStream('abc').then((answer) => answer.text())).rejects.toThrow('terminated');
  });
});
