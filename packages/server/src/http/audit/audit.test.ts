import { silentLogger } from '@trainyard/testkit/silent-logger.ts';
import { fastify, type FastifyInstance } from 'fastify';
import { describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../stores/audit.ts';
import { AuditLog } from '../../usecases/audit.ts';
import { AuditRetention } from '../../usecases/audit-retention.ts';
import { addAudit } from './audit.ts';
import type { Identity } from '../identity.ts';

const ann: Identity = { kind: 'user', tokenId: 't1', name: 'ann', roles: [] };

/** An app whose calls are those of `identity`, and what is put down of them. */
async function anApp(append: (entries: readonly AuditEntry[]) => void, identity: Identity | 'nobody' = ann): Promise<{ app: FastifyInstance; audit: AuditLog }> {
  const app = fastify();
  const audit = new AuditLog({ store: { append: async (entries) => append(entries), list: async () => [], forget: async () => 0 }, now: () => 7, log: silentLogger });
  app.decorateRequest('identity');
  addAudit(app, audit, silentLogger);
  app.addHook('onRequest', async (request) => {
    if (identity !== 'nobody') request.identity = identity;
  });
  app.post('/things/:id', { config: { audit: 'thing.make' } }, (request) => {
    request.audited.project = 'wine';
    return { token: 'a secret answer' };
  });
  app.post('/named', { config: { audit: 'thing.make' } }, () => ({}));
  app.post('/broken', { config: { audit: 'thing.break' } }, () => Promise.reject(new Error('no')));
  app.post('/soon', { config: { audit: 'thing.make', auditSoon: true } }, () => ({}));
  app.get('/quiet', () => ({}));
  return { app, audit };
}

describe('a call that is audited', () => {
  it('is put down before it is answered, with what it was about and nothing it said', async () => {
    const entries: AuditEntry[] = [];
    const { app } = await anApp((more) => entries.push(...more));
    await app.inject({ method: 'POST', url: '/things/x1?secret=s', payload: { value: 'very secret' } });
    await app.inject({ method: 'POST', url: '/named', payload: { name: 'n'.repeat(5_000) } });
    await app.inject({ method: 'POST', url: '/broken' });
    await app.inject({ method: 'GET', url: '/quiet' });
    expect(entries).toMatchObject([
      { at: 7, whoName: 'ann', whoId: 't1', action: 'thing.make', resource: 'x1', project: 'wine', outcome: 'done', address: '127.0.0.1' },
      { action: 'thing.make', resource: 'n'.repeat(1_000), project: null },
      { action: 'thing.break', resource: null, outcome: 'failed' },
    ]);
    expect(JSON.stringify(entries)).not.toContain('secret');
  });

  it('is put down without what no database takes', async () => {
    const entries: AuditEntry[] = [];
    const { app } = await anApp((more) => entries.push(...more));
    await app.inject({ method: 'POST', url: '/named', payload: { name: 'a\0b' } });
    expect(entries).toMatchObject([{ resource: 'a\uFFFDb' }]);
  });

  it('is answered with the failure when it cannot be put down: nothing goes out that nobody can look up', async () => {
    const { app } = await anApp(() => {
      throw new Error('disk full');
    });
    const answer = await app.inject({ method: 'POST', url: '/things/x1' });
    expect([answer.statusCode, answer.body.includes('a secret answer')]).toEqual([500, false]);
  });

  it('need not wait where the route says so, and is not lost when the server stops', async () => {
    const entries: AuditEntry[] = [];
    const { app, audit } = await anApp((more) => entries.push(...more));
    expect((await app.inject({ method: 'POST', url: '/soon' })).statusCode).toBe(200);
    expect(entries).toEqual([]);
    await audit.drain();
    expect(entries).toHaveLength(1);
  });

  it('of somebody unknown leaves nothing: strangers do not fill the log', async () => {
    const entries: AuditEntry[] = [];
    const { app } = await anApp((more) => entries.push(...more), 'nobody');
    expect((await app.inject({ method: 'POST', url: '/things/x1' })).statusCode).toBe(200);
    expect(entries).toEqual([]);
  });

  it('of a run names the run', async () => {
    const entries: AuditEntry[] = [];
    const { app } = await anApp((more) => entries.push(...more), { kind: 'run', tokenId: 'run:abc', runId: 'abc', attempt: 1, project: 'wine' });
    await app.inject({ method: 'POST', url: '/things/x1' });
    expect(entries).toMatchObject([{ whoName: 'run abc', whoId: 'run:abc' }]);
  });
});

describe('old records', () => {
  it('go in small parts, until none is left', async () => {
    const asked: [number, number][] = [];
    let left = 2_500;
    const forget = async (before: number, limit: number): Promise<number> => {
      asked.push([before, limit]);
      const part = Math.min(left, limit);
      left -= part;
      return part;
    };
    const retention = new AuditRetention({ store: { forget }, keepMs: 1_000, now: () => 5_000, log: silentLogger });
    expect([await retention.forget(), asked]).toEqual([2_500, [[4_000, 1_000], [4_000, 1_000], [4_000, 1_000]]]);
    await retention.stop();
  });
});
