import type { DeliveryVerdict } from '@trainyard/core/registry/webhook-retry.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import type { RegistryStore } from './registry.ts';
import type { DeliveryQueue, WebhookRecord, WebhookStore } from './webhooks.ts';

export interface WebhookStores {
  readonly webhooks: WebhookStore;
  readonly queue: DeliveryQueue;
  /** `recorded` is called when deliveries are on disk. Everything it records happens at 100. */
  registry(recorded: () => void): RegistryStore;
  /** Removes a webhook and leaves its deliveries, as when a change is committed while it is deleted. */
  orphan(webhookId: string): Promise<unknown>;
}

const DELIVERED: DeliveryVerdict = { kind: 'delivered' };

/** The promises of webhooks and of what they have to deliver; every database runs this. `open` gives empty ones. */
export function webhookStoreContract(name: string, open: () => Promise<WebhookStores>): void {
  describe(`webhooks on ${name}`, () => {
    let stores: WebhookStores;
    let recorded: number;
    let registry: RegistryStore;
    beforeEach(async () => {
      stores = await open();
      recorded = 0;
      registry = stores.registry(() => recorded++);
    });

    const aWebhook = async (id: string, changes: Partial<WebhookRecord> = {}): Promise<WebhookRecord> => {
      const webhook: WebhookRecord = { id, name: id, description: null, url: `https://${id}.example/`, events: ['registered_model.created'], status: 'ACTIVE', sealedSecret: null, createdAt: 1, updatedAt: 1, ...changes };
      await stores.webhooks.create(webhook);
      return webhook;
    };
    const aModel = (model: string) => registry.models.create({ name: model, description: null, tags: [] }, 1);
    const aVersion = (model: string) => registry.versions.create({ name: model, source: 's3://b/x', storageLocation: 's3://b/x', description: null, userId: null, runId: null, runLink: null, modelId: null, tags: [] }, 1);
    const claim = (lease: string, now: number, max = 10) => stores.queue.claim({ lease, leaseUntil: now + 50, now, max });
    const next = (webhookId: string, lease: string, now: number) => stores.queue.next({ webhookId, lease, leaseUntil: now + 50, now });
    const told = async (id: string) => (await stores.webhooks.deliveries(id, 100)).map((delivery) => delivery.event).toReversed();
    /** Tries the next delivery of a webhook that `lease` holds; answers the model it tells about. */
    const deliver = async (webhookId: string, verdict: DeliveryVerdict, { lease = 'l', now = 100 } = {}) => {
      const due = await next(webhookId, lease, now);
      if (due === undefined) return undefined;
      expect(await stores.queue.settle({ webhookId, lease, now }, { number: due.number, verdict })).toBe(true);
      return due.happened.data.name;
    };

    it('are kept, listed newest first, changed and removed', async () => {
      const one = await aWebhook('one', { description: 'd', sealedSecret: 's', events: ['model_version.created', 'registered_model.created'], createdAt: 1 });
      const two = await aWebhook('two', { createdAt: 2, status: 'DISABLED' });
      expect(await stores.webhooks.find('one')).toEqual(one);
      const first = await stores.webhooks.list({ limit: 1 });
      expect(first.items).toEqual([two]);
      expect(await stores.webhooks.list({ limit: 1, after: first.next })).toEqual({ items: [one], next: undefined });
      const changed = { ...one, name: 'new', description: null, events: ['model_version_tag.set'], sealedSecret: null, status: 'DISABLED', updatedAt: 9 };
      expect(await stores.webhooks.update('one', { name: 'new', description: null, events: ['model_version_tag.set'], sealedSecret: null, status: 'DISABLED' }, 9)).toEqual(changed);
      expect(await stores.webhooks.update('one', {}, 9)).toEqual(changed);
      await stores.webhooks.delete('one');
      expect(await stores.webhooks.find('one')).toBeUndefined();
      for (const gone of [stores.webhooks.delete('one'), stores.webhooks.update('one', {}, 9)]) await expect(gone).rejects.toMatchObject({ code: 'WEBHOOK_NOT_FOUND' });
    });

    it('have their secrets sealed again, all or none', async () => {
      await aWebhook('one', { sealedSecret: 'a' });
      await aWebhook('two', { sealedSecret: null });
      await aWebhook('three', { sealedSecret: 'c' });
      expect(await stores.webhooks.resealAll(({ id, sealedSecret }) => `${id} ${sealedSecret}`)).toBe(2);
      await expect(stores.webhooks.resealAll(({ id }) => (id === 'three' ? raise() : 'lost'))).rejects.toThrow('no key');
      expect(Object.fromEntries((await stores.webhooks.list({ limit: 9 })).items.map((webhook) => [webhook.id, webhook.sealedSecret]))).toEqual({ one: 'one a', two: null, three: 'three c' });
    });

    it('are told what they asked for, in the transaction of the change', async () => {
      await aWebhook('all', { events: ['model_version.created', 'model_version_alias.created', 'model_version_alias.deleted', 'model_version_tag.deleted', 'model_version_tag.set', 'registered_model.created'] });
      await aWebhook('some', { events: ['model_version_tag.set'] });
      await aWebhook('off', { status: 'DISABLED' });
      await registry.models.create({ name: 'wine', description: 'd', tags: [{ key: 'k', value: 'v' }] }, 1);
      await registry.versions.create({ name: 'wine', source: 's', storageLocation: 's', description: null, userId: null, runId: 'r', runLink: null, modelId: null, tags: [] }, 1);
      const key = { name: 'wine', version: 1 };
      await registry.versions.setTag(key, { key: 'a', value: 'ü' });
      for (let again = 0; again < 2; again++) await registry.versions.deleteTag(key, 'a');
      await registry.models.setAlias('wine', { alias: 'best', version: 1 });
      for (let again = 0; again < 2; again++) await registry.models.deleteAlias('wine', 'best');
      expect(await claim('l', 100)).toHaveLength(2);
      const happened = [];
      for (let due = await next('all', 'l', 100); due !== undefined; due = await next('all', 'l', 100)) {
        happened.push([due.happened.event, due.happened.data, due.createdAt]);
        await stores.queue.settle({ webhookId: 'all', lease: 'l', now: 100 }, { number: due.number, verdict: DELIVERED });
      }
      expect(happened).toEqual([
        ['registered_model.created', { name: 'wine', tags: { k: 'v' }, description: 'd' }, 100],
        ['model_version.created', { name: 'wine', version: '1', source: 's', run_id: 'r', tags: {}, description: null }, 100],
        ['model_version_tag.set', { name: 'wine', version: '1', key: 'a', value: 'ü' }, 100],
        ['model_version_tag.deleted', { name: 'wine', version: '1', key: 'a' }, 100],
        ['model_version_alias.created', { name: 'wine', alias: 'best', version: '1' }, 100],
        ['model_version_alias.deleted', { name: 'wine', alias: 'best' }, 100],
      ]);
      expect([await told('some'), await told('off'), recorded]).toEqual([['model_version_tag.set'], [], 6]);
    });

    it('hear nothing of what did not happen, of other changes, and of prompts', async () => {
      await aWebhook('all', { events: ['model_version.created', 'model_version_alias.created', 'model_version_tag.set', 'registered_model.created'] });
      await aModel('wine');
      await expect(aModel('wine')).rejects.toMatchObject({ code: 'REGISTERED_MODEL_EXISTS' });
      await expect(aVersion('none')).rejects.toMatchObject({ code: 'REGISTERED_MODEL_NOT_FOUND' });
      await expect(registry.versions.setTag({ name: 'wine', version: 1 }, { key: 'a', value: 'b' })).rejects.toMatchObject({ code: 'MODEL_VERSION_NOT_FOUND' });
      await registry.models.setTag('wine', { key: 'a', value: 'b' });
      await registry.models.update('wine', 'd', 2);
      await registry.models.create({ name: 'prompt', description: null, tags: [{ key: 'mlflow.prompt.is_prompt', value: 'True' }] }, 1);
      await aVersion('prompt');
      await registry.versions.setTag({ name: 'prompt', version: 1 }, { key: 'a', value: 'b' });
      await registry.models.delete('wine');
      expect([await told('all'), recorded]).toEqual([['registered_model.created'], 1]);
    });

    it('hear once of what a run registers, however often it says so, and of aliases that were moved', async () => {
      await aWebhook('all', { events: ['model_version.created', 'model_version_alias.created', 'registered_model.created'] });
      const register = (runId: string) => registry.versions.register({ name: 'wine', source: 's', storageLocation: 's', description: null, userId: null, runId, runLink: null, modelId: null, tags: [], aliases: ['best'] }, 1);
      for (const run of ['one', 'one', 'two', 'one']) await register(run);
      expect(await told('all')).toEqual(['registered_model.created', 'model_version.created', 'model_version_alias.created', 'model_version.created', 'model_version_alias.created', 'model_version_alias.created']);
    });

    it('are held by one lease at a time, until it is given back or over', async () => {
      await aWebhook('one');
      expect(await claim('a', 100)).toEqual([]);
      await aModel('m');
      expect(await claim('a', 99)).toEqual([]);
      const claims = await Promise.all([claim('a', 100), claim('b', 100), claim('c', 100)]);
      expect(claims.flat()).toEqual(['one']);
      const winner = ['a', 'b', 'c'][claims.findIndex((ids) => ids.length > 0)] ?? '';
      expect(await next('one', `not ${winner}`, 100)).toBeUndefined();
      expect(await claim('late', 149)).toEqual([]);
      // prolongs the lease to 170
      expect(await next('one', winner, 120)).toMatchObject({ attempts: 0, url: 'https://one.example/' });
      expect(await claim('late', 169)).toEqual([]);
      await stores.queue.release('one', `not ${winner}`);
      expect(await claim('late', 169)).toEqual([]);
      expect(await claim('late', 170)).toEqual(['one']);
      await stores.queue.release('one', 'late');
      expect(await claim('last', 171)).toEqual(['one']);
      await stores.queue.dropLeases();
      expect(await claim('new', 172)).toEqual(['one']);
    });

    it('take no late word of one whose lease was lost', async () => {
      await aWebhook('one');
      await aModel('m');
      await claim('a', 100);
      const due = await next('one', 'a', 100);
      await claim('b', 150);
      expect(await stores.queue.settle({ webhookId: 'one', lease: 'a', now: 151 }, { number: due?.number ?? 0, verdict: DELIVERED })).toBe(false);
      expect(await next('one', 'b', 151)).toMatchObject({ deliveryId: due?.deliveryId, attempts: 0 });
    });

    it('get what happened in its order; what has to be tried again lets others pass and keeps its id', async () => {
      await aWebhook('one');
      for (const model of ['a', 'b', 'c']) await aModel(model);
      await claim('l', 100);
      const first = await next('one', 'l', 100);
      expect(await deliver('one', { kind: 'again', at: 130, problem: 'p' })).toBe('a');
      expect(await deliver('one', DELIVERED)).toBe('b');
      expect(await deliver('one', { kind: 'given_up', problem: 'q', away: false })).toBe('c');
      expect(await next('one', 'l', 129)).toBeUndefined();
      expect(await next('one', 'l', 130)).toMatchObject({ deliveryId: first?.deliveryId, attempts: 1, happened: { data: { name: 'a' } } });
      expect(await stores.webhooks.deliveries('one', 9)).toMatchObject([
        { event: 'registered_model.created', state: 'given_up', attempts: 1, dueAt: null, lastError: 'q' },
        { state: 'delivered', attempts: 1, dueAt: null, lastError: null },
        { id: first?.deliveryId, state: 'pending', attempts: 1, dueAt: 130, lastError: 'p', createdAt: 100 },
      ]);
    });

    it('wait as a whole for a receiver that is away, in their order, ever longer', async () => {
      await aWebhook('one');
      for (const model of ['a', 'b', 'c']) await aModel(model);
      await claim('l', 100);
      expect(await deliver('one', { kind: 'wait', until: 120, problem: 'p' })).toBe('a');
      expect(await next('one', 'l', 119)).toBeUndefined();
      expect(await next('one', 'l', 120)).toMatchObject({ absences: 1, attempts: 1, happened: { data: { name: 'a' } } });
      await deliver('one', { kind: 'given_up', problem: 'p', away: true }, { now: 120 });
      expect(await next('one', 'l', 120)).toMatchObject({ absences: 2, attempts: 0, happened: { data: { name: 'b' } } });
      await deliver('one', DELIVERED, { now: 120 });
      expect(await next('one', 'l', 120)).toMatchObject({ absences: 0, happened: { data: { name: 'c' } } });
    });

    it('wait no longer when they are changed, and not at all while they are disabled', async () => {
      await aWebhook('one');
      await aModel('a');
      await claim('l', 100);
      await deliver('one', { kind: 'wait', until: 1_000_000, problem: 'p' });
      await stores.queue.release('one', 'l');
      await stores.webhooks.update('one', { status: 'DISABLED' }, 101);
      await aModel('b');
      expect([await claim('l', 2_000_000), await stores.queue.nextDueAt()]).toEqual([[], null]);
      await stores.webhooks.update('one', { status: 'ACTIVE', url: 'https://new.example/' }, 102);
      expect(await claim('l', 103)).toEqual(['one']);
      expect(await next('one', 'l', 103)).toMatchObject({ url: 'https://new.example/', absences: 0, attempts: 1 });
      await stores.webhooks.update('one', { status: 'DISABLED' }, 104);
      expect([await next('one', 'l', 104), await told('one')]).toEqual([undefined, ['registered_model.created']]);
    });

    it('leave nothing behind when they are removed', async () => {
      await aWebhook('one');
      await aModel('a');
      await claim('l', 100);
      const due = await next('one', 'l', 100);
      await stores.webhooks.delete('one');
      expect(await stores.queue.settle({ webhookId: 'one', lease: 'l', now: 100 }, { number: due?.number ?? 0, verdict: DELIVERED })).toBe(false);
      expect([await told('one'), await claim('l', 100), await stores.queue.nextDueAt()]).toEqual([[], [], null]);
      await aModel('b');
      expect(await told('one')).toEqual([]);
    });

    it('say when something is due next, past leases and waiting', async () => {
      expect(await stores.queue.nextDueAt()).toBeNull();
      await aWebhook('one');
      await aModel('a');
      expect(await stores.queue.nextDueAt()).toBe(100);
      await claim('l', 100);
      expect(await stores.queue.nextDueAt()).toBe(150);
      await deliver('one', { kind: 'again', at: 400, problem: 'p' });
      await stores.queue.release('one', 'l');
      expect(await stores.queue.nextDueAt()).toBe(400);
      await aWebhook('two');
      await aModel('b');
      expect(await stores.queue.nextDueAt()).toBe(100);
    });

    it('serve the longest waiting first when there are many', async () => {
      for (const id of ['one', 'two']) await aWebhook(id);
      await aModel('a');
      await claim('l', 100);
      await deliver('one', { kind: 'again', at: 120, problem: 'p' });
      await deliver('two', { kind: 'again', at: 110, problem: 'p' });
      await stores.queue.dropLeases();
      expect([await claim('m', 130, 1), await claim('n', 130, 1), await claim('o', 130, 1)]).toEqual([['two'], ['one'], []]);
    });

    it('forget what was over before, and nothing that is pending', async () => {
      await aWebhook('one');
      for (const model of ['a', 'b', 'c']) await aModel(model);
      await claim('l', 100);
      await deliver('one', DELIVERED, { now: 110 });
      await deliver('one', { kind: 'given_up', problem: 'p', away: false }, { now: 120 });
      expect(await stores.queue.forget(110, 9)).toBe(0);
      expect(await stores.queue.forget(111, 9)).toBe(1);
      expect(await stores.queue.forget(1_000_000, 9)).toBe(1);
      expect((await stores.webhooks.deliveries('one', 9)).map((delivery) => delivery.state)).toEqual(['pending']);
    });

    it('forget a part at a time, and also what no webhook is left for', async () => {
      for (const id of ['kept', 'gone-1', 'gone-2']) await aWebhook(id);
      for (const model of ['a', 'b', 'c']) await aModel(model);
      await claim('l', 100);
      for (let i = 0; i < 3; i++) await deliver('kept', DELIVERED, { now: 110 });
      await aModel('d');
      for (const id of ['gone-1', 'gone-2']) await stores.orphan(id);
      const parts = [];
      for (let i = 0; i < 5; i++) parts.push(await stores.queue.forget(1_000, 4));
      expect(parts).toEqual([4, 4, 3, 0, 0]);
      expect(await Promise.all(['kept', 'gone-1', 'gone-2'].map(told))).toEqual([['registered_model.created'], [], []]);
    });
  });
}

function raise(): never {
  throw new Error('no key');
}
