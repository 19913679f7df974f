import { signatureOf, WebhookReceiver } from '@trainyard/testkit/webhook-receiver.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServerProcess, waitFor } from './server-process.ts';

const ALLOW = ['--outbound-allow', '127.0.0.1'];

let server: ServerProcess;
let receiver: WebhookReceiver;
beforeEach(async () => {
  receiver = await WebhookReceiver.start();
  server = new ServerProcess();
  await server.start(ALLOW);
});
afterEach(async (context) => {
  await server.dispose(context.task.result?.state === 'fail');
  await receiver.stop();
});

async function post(path: string, body: object): Promise<void> {
  const response = await fetch(`${server.url}/api/2.0/mlflow/${path}`, { method: 'POST', headers: { authorization: `Bearer ${server.token}`, 'content-type': 'application/json' }, body: JSON.stringify(body) });
  expect([path, response.status, await response.text()]).toEqual([path, 200, expect.any(String)]);
}

const CREATED = [{ entity: 'REGISTERED_MODEL', action: 'CREATED' }];

describe('a server that is killed (-9)', () => {
  it('tells a receiver afterwards what happened before, once the receiver is there', async () => {
    await post('webhooks', { name: 'hook', url: receiver.url, events: CREATED, secret: 'topsecret' });
    await receiver.stop();
    for (const name of ['a', 'b', 'c']) await post('registered-models/create', { name });
    await server.kill();
    await receiver.start();
    expect(receiver.messages).toEqual([]);
    await server.start(ALLOW);
    await waitFor('three messages', () => receiver.messages.length >= 3);
    expect(receiver.models).toEqual(['a', 'b', 'c']);
    for (const message of receiver.messages) expect(message.signature).toBe(signatureOf('topsecret', message));
  });

  it('sends again, under the same id, what it was sending', async () => {
    await post('webhooks', { name: 'hook', url: receiver.url, events: CREATED, secret: 'topsecret' });
    receiver.answer = () => undefined;
    await post('registered-models/create', { name: 'm' });
    await waitFor('the message is there', () => receiver.messages.length === 1);
    await server.kill();
    receiver.answer = (_, response) => void response.end();
    await server.start(ALLOW);
    await waitFor('it is there again', () => receiver.messages.length === 2);
    expect(new Set(receiver.messages.map(({ id, body }) => `${id} ${body}`)).size).toBe(1);
  });
});
