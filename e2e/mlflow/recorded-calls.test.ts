import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pythonWithMlflow } from '@trainyard/testkit/python/mlflow.ts';
import { ServerProcess } from '../server-process.ts';
import { OriginalServer } from './mlflow-server.ts';
import { readCalls } from './recorded-calls.ts';
import { type Answer, replay } from './replay.ts';

const CALLS = readCalls(join(import.meta.dirname, 'calls'));
const DIFFERENT = CALLS.flatMap((call) => (call.difference === undefined ? [] : [{ ...call.difference, name: call.name }]));
/** What their rows argue are deliveries, which webhooks.int.test.ts looks at. */
const WEBHOOKS = /webhook|^an event /;
const [, DOCUMENTED = ''] = /^## Differences(.*?)^## /ms.exec(readFileSync(join(import.meta.dirname, '../../docs/reference/mlflow.md'), 'utf8')) ?? [];
/** First cells of the table in the documentation. */
const ROWS = [...DOCUMENTED.matchAll(/^\| (.+?) \| .+ \| .+ \|$/gm)].map(([, here]) => here).filter((here) => here !== 'here' && !WEBHOOKS.test(here ?? ''));
/** What no comparison looks at: replay.ts. */
const NOT_COMPARED = ['metrics, params and tags come sorted by key; no `workspace`, `sqlstate`, `error_class`', 'versions say in `user_id` who registered them'];
/** Nothing is answered to these that differs: both refuse. */
const REFUSED_BY_BOTH = ['local paths as source of a version are refused'];
const INSTALL_DEADLINE_MS = 1_200_000;

const server = new ServerProcess();
let original: OriginalServer | undefined;
let here: ReadonlyMap<string, Answer>;
let there: ReadonlyMap<string, Answer>;

beforeAll(async () => {
  original = await OriginalServer.start(await pythonWithMlflow());
  await server.start();
  there = await replay(CALLS, { url: original.url });
  here = await replay(CALLS, { url: server.url, token: server.token });
}, INSTALL_DEADLINE_MS);
afterAll(async () => {
  await original?.stop();
  await server.dispose(false);
});

describe('mlflow server and Trainyard', () => {
  // %s, as vitest cuts what $name stands for
  it.each(CALLS.flatMap(({ name, difference }) => (difference === undefined ? [name] : [])))('answer the same: %s', (name) => {
    expect(here.get(name)).toEqual(there.get(name));
  });

  it.each(DIFFERENT.map((one) => [one.name, one.here] as const))('answer as documented: %s', (name, expected) => {
    expect(here.get(name)).not.toEqual(there.get(name));
    const { status, body } = here.get(name) ?? {};
    const code = (body as { error_code?: string } | undefined)?.error_code;
    expect([status, code].filter((part) => part !== undefined).join(' ')).toBe(expected);
  });

  it('differ only where the documentation says why, and it says nothing else', () => {
    expect(new Set([...DIFFERENT.map(({ row }) => row), ...NOT_COMPARED, ...REFUSED_BY_BOTH])).toEqual(new Set(ROWS));
  });

  it('were asked with titles that tell the calls apart', () => {
    const names = CALLS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
