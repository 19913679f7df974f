import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HTTPMethods } from 'fastify';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OnDemandServer } from './on-demand-server.contract.ts';

interface Exchange {
  readonly name: string;
  readonly send: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly status: number;
  readonly type: string;
  readonly answer: string;
}

const exchanges = JSON.parse(readFileSync(join(import.meta.dirname, 'golden/exchanges.json'), 'utf8')) as Exchange[];

let server: OnDemandServer;
beforeAll(async () => void (server = await OnDemandServer.open()));
afterAll(() => server.close());

// in their order: the runs of one are asked for by the next
it.each(exchanges)('$name: $send', async ({ send, headers, body, ...wanted }) => {
  const [method, url] = send.split(' ') as [HTTPMethods & 'GET', string];
  const answer = await server.call({ method, url, ...(headers === undefined ? {} : { headers }), ...(body === undefined ? {} : { payload: body }) });
  expect({ status: answer.statusCode, type: answer.headers['content-type'], answer: answer.body }).toEqual({ status: wanted.status, type: wanted.type, answer: wanted.answer });
});
