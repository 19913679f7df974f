import { join } from 'node:path';
import { waitFor } from '@trainyard/testkit/wait-for.ts';
import { signatureOf, WebhookReceiver } from '@trainyard/testkit/webhook-receiver.ts';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TestServer } from '../../http/test-server.ts';
import { pythonWithMlflow } from '@trainyard/testkit/python/mlflow.ts';
import { runProgram } from '@trainyard/testkit/run-program.ts';

let python: string;
let server: TestServer;
let url: string;
let receiver: WebhookReceiver;

beforeAll(async () => void (python = await pythonWithMlflow()), 1_000_000);
beforeEach(async () => {
  receiver = await WebhookReceiver.start();
  server = await TestServer.open(['--outbound-allow', '127.0.0.1']);
  url = await server.server.app.listen({ host: '127.0.0.1', port: 0 });
  await server.server.begin(url);
});
afterEach(async () => {
  await server.close();
  await receiver.stop();
});

describe('webhooks for the mlflow client of Python', () => {
  it('are managed with it, and tell a receiver in order and signed what it did', async () => {
    const env = { MLFLOW_TRACKING_URI: url, MLFLOW_TRACKING_TOKEN: server.token, RECEIVER: receiver.url, NO_PROXY: '127.0.0.1', MLFLOW_DISABLE_TELEMETRY: 'true', DO_NOT_TRACK: 'true', PYTHONDONTWRITEBYTECODE: '1' };
    const id = (await runProgram(python, [join(import.meta.dirname, 'client-webhooks.py')], { env })).trim();
    const messages = () => receiver.messages.filter(({ path }) => path === '/tour');
    await waitFor('all messages', () => messages().length >= 6);
    expect(messages().map(({ event, model }) => [event, model])).toEqual(['registered_model.created', 'model_version.created', 'model_version_tag.set', 'model_version_alias.created', 'model_version_tag.deleted', 'model_version_alias.deleted'].map((event) => [event, 'wine']));
    for (const message of messages()) expect(message.signature).toBe(signatureOf('topsecret', message));
    expect(JSON.parse(messages()[1]?.body ?? '')).toMatchObject({ data: { name: 'wine', version: '1', source: 's3://bucket/model', run_id: null, tags: { a: 'ü' }, description: null } });
    expect(receiver.messages.filter(({ path }) => path === '/other').map(({ event }) => event)).toEqual(['model_version_tag.set', 'registered_model.created']);
    await waitFor('all are settled', async () => {
      const { webhook } = (await server.call({ url: `/api/2.0/mlflow/webhooks/${id}` })).json<{ webhook: { recent_deliveries: { state: string }[] } }>();
      return webhook.recent_deliveries.every(({ state }) => state === 'DELIVERED') && webhook.recent_deliveries.length === 6;
    });
  });
});
