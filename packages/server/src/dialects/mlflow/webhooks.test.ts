import { signatureOf, WebhookReceiver } from '@trainyard/testkit/webhook-receiver.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type MlflowServer, openMlflowServer } from './mlflow-server.contract.ts';

let server: MlflowServer;
let receiver: WebhookReceiver;
let url: string;

beforeAll(async () => {
  server = await openMlflowServer({ outboundAllow: ['127.0.0.1'] });
});
afterAll(() => server.close());
beforeEach(async () => {
  receiver = await WebhookReceiver.start();
  url = `${receiver.url}/hook`;
});
afterEach(() => receiver.stop());

async function call(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object, token = 'user') {
  const response = await server.app.inject({ method, url: path.startsWith('/') ? path : `/api/2.0/mlflow/${path}`, headers: { authorization: `Bearer ${token}` }, ...(body === undefined ? {} : { payload: body }) });
  return { status: response.statusCode, text: response.body, json: response.json() as { webhook?: Record<string, unknown>; webhooks?: { webhook_id: string }[]; next_page_token?: string; message?: string; result?: unknown } };
}

const CREATED = [{ entity: 'REGISTERED_MODEL', action: 'CREATED' }];

async function aWebhook(changes: object = {}): Promise<string> {
  const { json } = await call('POST', 'webhooks', { name: 'hook', url, events: CREATED, ...changes });
  return (json.webhook as { webhook_id: string }).webhook_id;
}

describe('the webhooks of MLflow', () => {
  it('are answered as MLflow does, without their secret', async () => {
    const made = await call('POST', 'webhooks', { name: 'one', description: 'd', url, events: [{ entity: 'REGISTERED_MODEL', action: 'CREATED' }, { entity: 2, action: 1 }], secret: 'topsecret' });
    const webhook = {
      webhook_id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string, name: 'one', description: 'd', url, status: 'ACTIVE', creation_timestamp: expect.any(Number) as number, last_updated_timestamp: expect.any(Number) as number,
      events: [{ entity: 'MODEL_VERSION', action: 'CREATED' }, { entity: 'REGISTERED_MODEL', action: 'CREATED' }],
    };
    expect(made).toMatchObject({ status: 200, json: { webhook } });
    const id = made.json.webhook?.['webhook_id'] as string;
    const others = [await call('GET', `webhooks/${id}`), await call('GET', `/ajax-api/2.0/mlflow/webhooks/${id}`), await call('PATCH', `webhooks/${id}`, {})];
    for (const one of others) expect(one.json.webhook).toMatchObject(webhook);
    for (const one of [made, ...others, await call('GET', 'webhooks')]) expect(one.text).not.toMatch(/topsecret|secret/);
    expect(await call('DELETE', `webhooks/${id}`)).toMatchObject({ status: 200, text: '{}' });
    expect(await call('GET', `webhooks/${id}`)).toMatchObject({ status: 404, json: { error_code: 'RESOURCE_DOES_NOT_EXIST', message: `Webhook with ID ${id} not found.` } });
  });

  it('keep their secrets sealed', async () => {
    const id = await aWebhook({ secret: 'topsecret' });
    const { secret } = await server.database.read.selectFrom('webhooks').select('secret').where('id', '=', id).executeTakeFirstOrThrow();
    expect(secret).toMatch(/^v1:/);
    await call('PATCH', `webhooks/${id}`, { secret: '' });
    expect(await server.database.read.selectFrom('webhooks').select('secret').where('id', '=', id).executeTakeFirst()).toEqual({ secret: null });
  });

  it('are changed where something is said', async () => {
    const id = await aWebhook({ description: 'd' });
    expect((await call('PATCH', `webhooks/${id}`, { name: '', url: '', events: [], status: 'DISABLED' })).json.webhook).toMatchObject({ name: 'hook', url, description: 'd', status: 'DISABLED' });
    const changed = (await call('PATCH', `webhooks/${id}`, { name: 'new', description: '', status: 'ACTIVE', events: [{ entity: 'MODEL_VERSION_TAG', action: 'SET' }] })).json.webhook;
    expect(changed).toMatchObject({ name: 'new', status: 'ACTIVE', events: [{ entity: 'MODEL_VERSION_TAG', action: 'SET' }] });
    expect(changed).not.toHaveProperty('description');
  });

  it('are listed in pages, the newest first', async () => {
    const ids = (await call('GET', 'webhooks?max_results=1000')).json.webhooks?.map((webhook) => webhook.webhook_id) ?? [];
    const found: string[] = [];
    for (let token: string | undefined = ''; token !== undefined; ) {
      const { json } = await call('GET', `webhooks?max_results=1&page_token=${token}`);
      found.push(...(json.webhooks ?? []).map((webhook) => webhook.webhook_id));
      token = json.next_page_token;
    }
    expect(found).toEqual(ids);
    expect((await call('GET', 'webhooks?max_results=0')).json.webhooks).toHaveLength(ids.length);
  });

  it.each<[object, string]>([
    [{}, "Missing value for required parameter 'name'"], [{ name: 'a' }, "Missing value for required parameter 'url'"], [{ name: 'a', url: 'https://1.1.1.1/' }, 'Webhook events must be a non-empty list of WebhookEvent objects: [].'],
    [{ name: 'a b', url: 'https://1.1.1.1/', events: CREATED }, "Webhook name 'a b' is invalid. It must start and end with a letter or digit"], [{ name: 'a', url: 'https://1.1.1.1/', events: 'x' }, `Invalid value "x" for parameter 'events' supplied`],
    [{ name: 'a', url: 'https://1.1.1.1/', events: [{}] }, "Missing value for required parameter 'events[0].entity'"], [{ name: 'a', url: 'https://1.1.1.1/', events: [{ entity: 'NOPE', action: 'SET' }] }, "for parameter 'events[0].entity'"],
    [{ name: 'a', url: 'https://1.1.1.1/', events: [{ entity: 'REGISTERED_MODEL', action: 'SET' }] }, "Invalid action 'set' for entity 'registered_model'. Valid actions are: ['created']"],
    [{ name: 'a', url: 'https://1.1.1.1/', events: [{ entity: 'PROMPT', action: 'CREATED' }] }, "Webhooks on 'prompt' are not available"], [{ name: 'a', url: 'https://1.1.1.1/', events: CREATED, status: 'x' }, "for parameter 'status'"],
    [{ name: 'a', url: 'https://1.1.1.1/', events: CREATED, secret: 7 }, "Invalid value 7 for parameter 'secret'"], [{ name: 'a', url: `https://1.1.1.1/${'x'.repeat(2000)}`, events: CREATED }, "'Webhook URL' exceeds the maximum length"],
    [{ name: 'a', url: '  ', events: CREATED }, "Webhook URL cannot be empty or just whitespace: '  '"], [{ name: 'a', url: 'nope', events: CREATED }, "Invalid webhook URL scheme: ''. Allowed schemes are: https."],
    [{ name: 'a', url: 'ftp://x/', events: CREATED }, "Invalid webhook URL scheme: 'ftp'. Allowed schemes are: https."], [{ name: 'a', url: 'https://', events: CREATED }, "Webhook URL must include a hostname: 'https://'"],
    [{ name: 'a', url: 'http://1.1.1.1/', events: CREATED }, "Invalid webhook URL scheme: 'http'. Allowed schemes are: https. An administrator"], [{ name: 'a', url: 'https://ann:pw@1.1.1.1/', events: CREATED }, 'must not include embedded credentials'],
    ...['10.0.0.1', '169.254.169.254', '127.0.0.2', '[::1]', '[::ffff:10.0.0.1]', '2130706434'].map((host) => [{ name: 'a', url: `https://${host}/`, events: CREATED }, 'Webhook URL must not resolve to a non-public IP address'] as [object, string]),
  ])('refuse %j', async (body, problem) => {
    expect(await call('POST', 'webhooks', body)).toMatchObject({ status: 400, json: { error_code: 'INVALID_PARAMETER_VALUE', message: expect.stringContaining(problem) as string } });
  });

  it('refuse the same in a change, and pages that are none', async () => {
    const id = await aWebhook();
    for (const change of [{ name: '-' }, { url: 'https://10.0.0.1/' }, { events: [{ entity: 'PROMPT', action: 'CREATED' }] }, { secret: 'x'.repeat(1001) }]) expect((await call('PATCH', `webhooks/${id}`, change)).status).toBe(400);
    for (const asked of ['max_results=1001', 'max_results=-1']) expect((await call('GET', `webhooks?${asked}`)).json.message).toBe('max_results must be between 1 and 1000.');
    expect((await call('GET', 'webhooks?page_token=zzz')).json.message).toBe('Invalid page token, could not base64-decode');
    for (const [method, path] of [['PATCH', 'webhooks/nope'], ['DELETE', 'webhooks/nope'], ['POST', 'webhooks/nope/test']] as const) expect((await call(method, path, {})).json.message).toBe('Webhook with ID nope not found.');
  });

  it("are nothing for a run's token", async () => {
    const [id, run] = [await aWebhook(), await server.launch()];
    const calls = [['POST', 'webhooks', { name: 'a', url, events: CREATED }], ['GET', 'webhooks'], ['GET', `webhooks/${id}`], ['PATCH', `webhooks/${id}`, {}], ['DELETE', `webhooks/${id}`], ['POST', `webhooks/${id}/test`, {}]] as const;
    for (const [method, path, body] of calls) expect(await call(method, path, body, `run:${run}`)).toMatchObject({ status: 403, json: { error_code: 'PERMISSION_DENIED', message: 'this token may not manage webhooks' } });
    expect((await call('GET', `webhooks/${id}`)).status).toBe(200);
  });
});

describe('the test of a webhook', () => {
  it('sends an example, signed, and answers the status but nothing else the receiver says', async () => {
    const id = await aWebhook({ secret: 'topsecret', events: [{ entity: 'MODEL_VERSION_TAG', action: 'SET' }, ...CREATED] });
    expect((await call('POST', `webhooks/${id}/test`, {})).json).toEqual({ result: { success: true, response_status: 200 } });
    await call('POST', `webhooks/${id}/test`, { event: CREATED[0] });
    const [first, second] = receiver.messages;
    expect(JSON.parse(first?.body ?? '')).toEqual({ entity: 'model_version_tag', action: 'set', timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+\+00:00$/) as string, data: { name: 'example_model', version: '1', key: 'example_key', value: 'example_value' } });
    expect([second?.event, first?.signature]).toEqual(['registered_model.created', signatureOf('topsecret', first!)]);
    expect(second?.id).not.toBe(first?.id);
  });

  it.each([[500, {}, { success: false, response_status: 500 }], [404, {}, { success: false, response_status: 404 }], [302, { location: 'http://169.254.169.254/' }, { success: false, response_status: 302, error_message: 'Failed to test webhook: the receiver answered with a redirect, which is not followed' }]])('tells of %s', async (status, headers, result) => {
    const id = await aWebhook();
    receiver.answer = (_, response) => void response.writeHead(status, headers).end('secret of the receiver');
    expect((await call('POST', `webhooks/${id}/test`, {})).json).toEqual({ result });
    expect(receiver.messages.map((message) => message.signature)).toEqual([undefined]);
  });

  it('tells that nobody is there, by name', async () => {
    const id = await aWebhook({ url: 'http://127.0.0.1:1/path?token=secret' });
    expect((await call('POST', `webhooks/${id}/test`, {})).json).toEqual({ result: { success: false, error_message: 'Failed to test webhook: 127.0.0.1:1 cannot be reached: it refused the connection' } });
  });

  it('refuses an event that is none', async () => {
    expect((await call('POST', `webhooks/${await aWebhook()}/test`, { event: { entity: 'MODEL_VERSION_TAG', action: 'CREATED' } })).json.message).toBe("Invalid action 'created' for entity 'model_version_tag'. Valid actions are: ['deleted', 'set']");
  });
});
