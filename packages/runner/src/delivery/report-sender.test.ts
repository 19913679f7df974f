import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { anOrder } from '@trainyard/testkit/an-order.ts';
import { LoopbackServer } from '@trainyard/testkit/loopback/server.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServerLink } from '../server/server-link.ts';
import { ReportJournal } from './report-journal.ts';
import { ReportSender } from './report-sender.ts';

let root: string;
let server: LoopbackServer;
let link: ServerLink;
let journal: ReportJournal;
let refused: string[];
const over = new AbortController();

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'trainyard-reports-'));
  const order = anOrder();
  server = await LoopbackServer.start(order);
  link = new ServerLink({ url: server.url, token: order.token, onOver: () => undefined });
  journal = new ReportJournal({ path: join(root, 'reports'), mask: (text) => text.replaceAll('hunter2', '*****'), onAdded: () => undefined, onDiskFull: () => undefined });
  refused = [];
});
afterEach(async () => {
  link.close();
  journal.close();
  await server.stop();
  await rm(root, { recursive: true });
});

function aSender(): ReportSender {
  return new ReportSender({ link, attempt: 1, journal, signal: over.signal, onStop: () => undefined, onAcknowledged: () => undefined, onRefused: ({ seq }, problem) => refused.push(`${seq}: ${problem.slice(0, 6)}`) });
}

const note = (message: string): void => void journal.add({ kind: 'note', level: 'info', message });

describe('reports', () => {
  it('arrive in order, once, also a thousand of them', async () => {
    for (let i = 0; i < 1000; i++) journal.add({ kind: 'step', step: 'train', state: 'running', message: String(i) });
    const sender = aSender();
    sender.finish();
    await sender.run();
    expect(server.reports.map(({ seq }) => seq)).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1));
    expect(sender.acknowledged).toBe(1000);
    server.assertClean();
  });

  it('are not held up by one that the server does not understand', async () => {
    server.gapsAllowed = true;
    for (let i = 0; i < 9; i++) note(`before ${i}`);
    journal.add({ kind: 'step', step: 'train', state: 'dancing' as never });
    for (let i = 0; i < 9; i++) note(`after ${i}`);
    const sender = aSender();
    sender.finish();
    await sender.run();
    expect(server.reports.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
    expect(refused).toHaveLength(1);
    expect(refused[0]).toMatch(/^10: /);
  });

  it('keep the outcome, and what is behind it, until the log has arrived', async () => {
    note('first');
    journal.add({ kind: 'outcome', outcome: { ok: true, endedAt: 1 } });
    note('behind');
    const sender = aSender();
    const running = sender.run();
    await expect.poll(() => server.reports.length).toBe(1);
    sender.finish();
    sender.release();
    await running;
    expect(server.reports.map(({ kind }) => kind)).toEqual(['note', 'outcome', 'note']);
  });

  it('are clean text of a size the server takes', async () => {
    note(`hunter2 \0 \ud800 ${'x'.repeat(20_000)}`);
    journal.add({ kind: 'outcome', outcome: { ok: false, endedAt: 1, reason: 'exit_code', message: 'm', lastLines: 'y'.repeat(100_000) } });
    const sender = aSender();
    sender.finish();
    sender.release();
    await sender.run();
    expect(server.warnings[0]?.startsWith('***** \uFFFD \uFFFD xxx')).toBe(true);
    expect(server.warnings[0]).toHaveLength(16_384);
    expect(server.outcome).toMatchObject({ lastLines: expect.stringMatching(/^y{65535}…$/) as string });
    const lines = (await readFile(join(root, 'reports'), 'utf8')).split('\n');
    expect(lines.pop()).toBe('');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(server.reports);
    server.assertClean();
  });

  it('hold a thousand notes, and no more', () => {
    for (let i = 0; i < 5000; i++) note('again');
    journal.add({ kind: 'outcome', outcome: { ok: true, endedAt: 1 } });
    expect(journal.lastSeq).toBe(1001);
    expect(journal.after(1000).map(({ kind }) => kind)).toEqual(['outcome']);
  });
});
