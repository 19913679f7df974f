import { mkdtempSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WEBHOOK_EVENTS } from '@trainyard/core/registry/webhook-events.ts';
import { silentLogger } from '@trainyard/testkit/silent-logger.ts';
import { waitFor } from '@trainyard/testkit/wait-for.ts';
import { signatureOf, WebhookReceiver } from '@trainyard/testkit/webhook-receiver.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KeyFile } from '../../platform/key-file.ts';
import { AllowList } from '../../platform/outbound/allow-list.ts';
import { OutboundHttp } from '../../platform/outbound/outbound-http.ts';
import { Seal } from '../../platform/seal.ts';
import type { RegistryStore } from '../../stores/registry.ts';
import { type Database, openDatabase } from '../../stores/sql/database.ts';
import { openRegistryStore } from '../../stores/sql/registry/store.ts';
import { SqlDeliveryQueue } from '../../stores/sql/webhooks/delivery-queue.ts';
import { SqlWebhookStore } from '../../stores/sql/webhooks/webhooks.ts';
import { Deliverer } from './deliverer.ts';
import { resealWebhookSecrets, sealSecret } from './webhook-secret.ts';

let dir: string;
let database: Database;
let webhooks: SqlWebhookStore;
let registry: RegistryStore;
let receiver: WebhookReceiver;
let seal: Seal;
let now: number;
let deliverers: Deliverer[];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'trainyard-deliverer-'));
  seal = new Seal(new KeyFile(join(dir, 'keys.json')));
  now = Date.parse('2026-01-02T03:04:05.678Z');
  receiver = await WebhookReceiver.start();
  deliverers = [];
  await reopen();
});
afterEach(async () => {
  for (const one of deliverers) await one.stop();
  await receiver.stop();
  await database.close();
  rmSync(dir, { recursive: true });
});

/** As after a crash: what is on disk is all there is. */
async function reopen(): Promise<void> {
  await database?.close().catch(() => undefined);
  database = await openDatabase(`sqlite://${dir}/trainyard.db`);
  webhooks = new SqlWebhookStore(database);
  registry = openRegistryStore(database, { now: () => now, recorded: () => deliverers.forEach((one) => one.wake()) });
}

function aDeliverer(): Deliverer {
  const deliverer = new Deliverer({ queue: new SqlDeliveryQueue(database), outbound: new OutboundHttp({ allow: new AllowList(['127.0.0.1']) }), seal, now: () => now, chance: () => 0, log: silentLogger });
  deliverers.push(deliverer);
  return deliverer;
}

async function aWebhook(id = 'hook', { secret = '', url = receiver.url } = {}): Promise<void> {
  await webhooks.create({ id, name: id, description: null, url, events: WEBHOOK_EVENTS, status: 'ACTIVE', sealedSecret: sealSecret(seal, id, secret), createdAt: now, updatedAt: now });
}

const aModel = (name: string) => registry.models.create({ name, description: null, tags: [] }, now);
const states = async (id = 'hook') => (await webhooks.deliveries(id, 100)).toReversed().map(({ state, attempts, lastError }) => [state, attempts, lastError]);

/** Everything that is due now. */
async function deliver(deliverer = aDeliverer()): Promise<void> {
  while ((await deliverer.pass()) > 0) await deliverer.idle();
}

describe('delivering to webhooks', () => {
  it('sends what happened in its order, signed over id, time and body', async () => {
    await aWebhook('hook', { secret: 'topsecret' });
    for (let model = 0; model < 50; model++) await aModel(`m${model}`);
    now += 2000;
    await deliver();
    expect(receiver.models).toEqual(Array.from({ length: 50 }, (_, model) => `m${model}`));
    expect(new Set(receiver.messages.map((message) => message.id)).size).toBe(50);
    const message = receiver.messages[7]!;
    expect([message.timestamp, message.signature]).toEqual([String(Math.floor(now / 1000)), signatureOf('topsecret', message)]);
    expect(JSON.parse(message.body)).toEqual({ entity: 'registered_model', action: 'created', timestamp: '2026-01-02T03:04:05.678+00:00', data: { name: 'm7', tags: {}, description: '' } });
    expect(await states()).toEqual(Array.from({ length: 50 }, () => ['delivered', 1, null]));
  });

  it('signs nothing without a secret', async () => {
    await aWebhook();
    await aModel('m');
    await deliver();
    expect(receiver.messages.map((message) => message.signature)).toEqual([undefined]);
  });

  it('sends the same message again, under the same id and signed anew, until it is taken', async () => {
    await aWebhook('hook', { secret: 's' });
    await aModel('m');
    receiver.answer = (_, response) => void response.writeHead(500).end();
    await deliver();
    expect(await states()).toEqual([['pending', 1, 'the receiver answered 500']]);
    now += 999;
    await deliver();
    expect(receiver.messages).toHaveLength(1);
    now += 1;
    await deliver();
    receiver.answer = (_, response) => void response.end();
    now += 2000;
    await deliver();
    expect(receiver.messages).toHaveLength(3);
    expect(new Set(receiver.messages.map(({ id, body }) => `${id} ${body}`)).size).toBe(1);
    expect(new Set(receiver.messages.map(({ signature }) => signature)).size).toBe(3);
    expect(await states()).toEqual([['delivered', 3, null]]);
  });

  it('lets a message that fails by itself not hold up the others', async () => {
    await aWebhook();
    for (const model of ['poison', 'a', 'b']) await aModel(model);
    receiver.answer = ({ model }, response) => void response.writeHead(model === 'poison' ? 500 : 200).end();
    await deliver();
    expect([receiver.models, await states()]).toEqual([['poison', 'a', 'b'], [['pending', 1, 'the receiver answered 500'], ['delivered', 1, null], ['delivered', 1, null]]]);
  });

  it('waits for a receiver that is down, and keeps the order', async () => {
    await aWebhook();
    await receiver.stop();
    for (const model of ['a', 'b', 'c']) await aModel(model);
    await deliver();
    expect(await states()).toEqual([['pending', 1, expect.stringMatching(/cannot be reached: it refused the connection$/)], ['pending', 0, null], ['pending', 0, null]]);
    await receiver.start();
    await deliver();
    expect(receiver.models).toEqual([]);
    now += 1000;
    await deliver();
    expect(receiver.models).toEqual(['a', 'b', 'c']);
  });

  it('gives a receiver with too much to do the pause it asks for', async () => {
    await aWebhook();
    for (const model of ['a', 'b']) await aModel(model);
    receiver.answer = (_, response) => void response.writeHead(429, { 'retry-after': '120' }).end();
    await deliver();
    const later = new Date(now + 600_000).toUTCString();
    receiver.answer = (_, response) => void response.writeHead(503, { 'retry-after': later }).end();
    now += 119_999;
    await deliver();
    expect(receiver.models).toEqual(['a']);
    now += 1;
    await deliver();
    receiver.answer = (_, response) => void response.end();
    now += 478_000;
    await deliver();
    expect(receiver.models).toEqual(['a', 'a']);
    now += 10_000;
    await deliver();
    expect(receiver.models).toEqual(['a', 'a', 'a', 'b']);
  });

  it('gives up what the receiver refuses, at once, and what it never takes, after a day', async () => {
    await aWebhook();
    for (const model of ['refused', 'moved', 'never']) await aModel(model);
    receiver.answer = ({ model }, response) => void response.writeHead(model === 'refused' ? 403 : model === 'moved' ? 301 : 500, { location: `${receiver.url}/elsewhere` }).end();
    for (let hours = 0; hours < 26; now += 600_000, hours += 1 / 6) await deliver();
    const over = await states();
    expect(over).toEqual([['given_up', 1, 'the receiver answered 403'], ['given_up', 1, 'the receiver answered 301, a redirect, which is not followed'], ['given_up', expect.any(Number), 'the receiver answered 500']]);
    const tries = receiver.models.filter((model) => model === 'never').length;
    expect([tries, receiver.messages.some(({ path }) => path === '/elsewhere')]).toEqual([over[2]?.[1], false]);
    expect(tries).toBeGreaterThan(20);
    expect(tries).toBeLessThan(80);
  });

  it('never calls an address that is not allowed, also when the name meant another one before', async () => {
    await aWebhook('hook', { url: receiver.url.replace('127.0.0.1', '127.0.0.2') });
    await aModel('m');
    await deliver();
    expect([receiver.messages, await states()]).toEqual([[], [['given_up', 1, expect.stringMatching(/^the server does not call 127\.0\.0\.2:\d+: it is not an address of the public Internet$/)]]]);
  });

  it('loses nothing when the server dies between the change and the delivery', async () => {
    await aWebhook();
    await aModel('m');
    await reopen();
    await deliver();
    expect(receiver.models).toEqual(['m']);
  });

  it('sends again, under the same id, what a server was sending when it died', async () => {
    await aWebhook();
    await aModel('m');
    receiver.answer = () => undefined;
    const dying = aDeliverer();
    await dying.pass();
    await waitFor('the message is there', () => receiver.messages.length === 1);
    receiver.answer = (_, response) => void response.end();
    // its lease stands until it is over
    await deliver();
    expect(receiver.messages).toHaveLength(1);
    now += 90_000;
    await deliver();
    expect([receiver.models, new Set(receiver.messages.map(({ id }) => id)).size, await states()]).toEqual([['m', 'm'], 1, [['delivered', 1, null]]]);
  });

  it('gives a webhook back when the server stops while sending', async () => {
    await aWebhook();
    await aModel('m');
    receiver.answer = () => undefined;
    const stopping = aDeliverer();
    stopping.start();
    await waitFor('the message is there', () => receiver.messages.length === 1);
    await stopping.stop();
    receiver.answer = (_, response) => void response.end();
    await deliver();
    expect([receiver.models, await states()]).toEqual([['m', 'm'], [['delivered', 1, null]]]);
  });

  it('is done by one of several servers at a time for each webhook', async () => {
    await aWebhook();
    for (let model = 0; model < 30; model++) await aModel(`m${model}`);
    const several = [aDeliverer(), aDeliverer(), aDeliverer()];
    while ((await Promise.all(several.map((one) => one.pass()))).some((begun) => begun > 0)) await Promise.all(several.map((one) => one.idle()));
    expect([receiver.models, receiver.most]).toEqual([Array.from({ length: 30 }, (_, model) => `m${model}`), 1]);
  });

  it('serves many webhooks side by side, and no more than a few at once', async () => {
    for (let hook = 0; hook < 20; hook++) await aWebhook(`hook${hook}`, { url: `${receiver.url}/${hook}` });
    await aModel('m');
    const held: ServerResponse[] = [];
    // nobody is answered before eight have called, or all
    receiver.answer = (_, response) => {
      held.push(response);
      if (held.length === 8 || receiver.messages.length === 20) for (const one of held.splice(0)) one.end();
    };
    await deliver();
    expect([new Set(receiver.messages.map(({ path }) => path)).size, receiver.most]).toEqual([20, 8]);
  });

  it('starts by itself when something happens, and when a retry is due', async () => {
    await aWebhook();
    const deliverer = aDeliverer();
    deliverer.start();
    receiver.answer = (_, response) => void response.writeHead(receiver.messages.length === 1 ? 500 : 200).end();
    await aModel('m');
    await waitFor('the first try', async () => (await states())[0]?.[1] === 1);
    now += 1000;
    deliverer.wake();
    await waitFor('the second try', async () => (await states())[0]?.[0] === 'delivered');
    expect(receiver.models).toEqual(['m', 'm']);
  });

  it('pauses while a webhook is disabled, and forgets what goes to one that is removed', async () => {
    await aWebhook();
    await aModel('before');
    await webhooks.update('hook', { status: 'DISABLED' }, now);
    await aModel('while');
    await deliver();
    expect(receiver.models).toEqual([]);
    await webhooks.update('hook', { status: 'ACTIVE' }, now);
    await deliver();
    expect(receiver.models).toEqual(['before']);
    await aModel('after');
    await webhooks.delete('hook');
    await deliver();
    expect(receiver.models).toEqual(['before']);
  });

  it('tries later what cannot be signed because its key is gone', async () => {
    await aWebhook('hook', { secret: 's' });
    await database.write((trx) => trx.updateTable('webhooks').set({ secret: 'v1:gone:a:b:c' }).execute());
    await aModel('m');
    await deliver();
    expect([receiver.messages, await states()]).toEqual([[], [['pending', 1, 'the server could not make the message; its log says why']]]);
  });

  it('signs as before after the key was changed', async () => {
    await aWebhook('hook', { secret: 'topsecret' });
    const keys = new KeyFile(join(dir, 'keys.json'));
    keys.rotate();
    expect(await resealWebhookSecrets(webhooks, new Seal(keys))).toBe(1);
    keys.forgetOld();
    seal = new Seal(keys);
    await aModel('m');
    await deliver();
    const [message] = receiver.messages;
    expect(message?.signature).toBe(signatureOf('topsecret', message!));
  });
});
