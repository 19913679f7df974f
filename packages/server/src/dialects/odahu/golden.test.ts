import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OdahuServer } from './odahu-server.contract.ts';

interface Exchange {
  readonly name: string;
  readonly send: string;
  readonly body?: string;
  readonly status: number;
  readonly answer: string;
}

const exchanges = JSON.parse(readFileSync(join(import.meta.dirname, 'golden/exchanges.json'), 'utf8')) as Exchange[];
const TIME = /"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z"/g;

let odahu: OdahuServer;
beforeAll(async () => void (odahu = await OdahuServer.open(['--odahu-output-connection', 'models-output'])));
afterAll(() => odahu.close());

// in their order: what one makes the next ones use
it.each(exchanges)('$name: $send', async ({ send, body, status, answer }) => {
  const [method, url] = send.split(' ') as ['GET', string];
  const got = await odahu.send(method, url, body);
  expect({ status: got.status, answer: withoutExtras(got.text) }).toEqual({ status, answer });
  expect(got.type).toBe('application/json; charset=utf-8');
});

/** Times are not compared, and an error may say more beside its message. */
function withoutExtras(text: string): string {
  return text.replace(TIME, '"<time>"').replace(/,"code":"[A-Z_]+","hint":"(?:[^"\\]|\\.)*"\}$/, '}');
}
