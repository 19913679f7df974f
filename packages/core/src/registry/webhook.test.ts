import { describe, expect, it } from 'vitest';
import { checkWebhookEvents, exampleOf, parseWebhookEvent, WEBHOOK_EVENTS } from './webhook-events.ts';
import { signedText, webhookBody } from './webhook-message.ts';
import { checkWebhookName, checkWebhookTexts } from './webhook-names.ts';
import { type DeliveryFacts, judgeDelivery, type TryOutcome } from './webhook-retry.ts';

const HOUR_MS = 3_600_000;

describe('events of webhooks', () => {
  it('are known by entity and action', () => {
    for (const event of WEBHOOK_EVENTS) expect(parseWebhookEvent(...(event.split('.') as [string, string]))).toBe(event);
    expect(WEBHOOK_EVENTS).toHaveLength(6);
  });

  it.each([
    ['registered_model', 'set', "Invalid action 'set' for entity 'registered_model'. Valid actions are: ['created']"],
    ['model_version_tag', 'created', "Invalid action 'created' for entity 'model_version_tag'. Valid actions are: ['deleted', 'set']"],
    ['prompt', 'created', "Webhooks on 'prompt' are not available"],
    ['budget_policy', 'exceeded', "Webhooks on 'budget_policy' are not available"],
  ])('refuse %s.%s', (entity, action, problem) => {
    expect(() => parseWebhookEvent(entity, action)).toThrow(problem);
  });

  it('are kept once and in one order; none is refused', () => {
    expect(checkWebhookEvents(['registered_model.created', 'model_version.created', 'registered_model.created'])).toEqual(['model_version.created', 'registered_model.created']);
    expect(() => checkWebhookEvents([])).toThrow('Webhook events must be a non-empty list');
  });
});

describe('messages of webhooks', () => {
  it('say what happened, to what, and when', () => {
    expect(JSON.parse(webhookBody(exampleOf('model_version_tag.set'), '2026-01-02T03:04:05.678+00:00'))).toEqual({
      entity: 'model_version_tag', action: 'set', timestamp: '2026-01-02T03:04:05.678+00:00', data: { name: 'example_model', version: '1', key: 'example_key', value: 'example_value' },
    });
  });

  it('are signed with their id and time', () => {
    expect(signedText({ deliveryId: 'd', sentAtSeconds: 7, body: '{}' })).toBe('d.7.{}');
  });
});

describe('names of webhooks', () => {
  it.each(['a', 'A.b_c-9', 'x'.repeat(63)])('may be %s', (name) => expect(() => checkWebhookName(name)).not.toThrow());

  it.each(['', '-a', 'a-', 'a b', 'ä', 'x'.repeat(64), 'a\n'])('may not be %j', (name) => expect(() => checkWebhookName(name)).toThrow(`Webhook name '${name}' is invalid. It must start and end`));

  it('and texts of theirs have limits', () => {
    expect(() => checkWebhookTexts({ url: 'x'.repeat(2000), description: 'ü'.repeat(1000), secret: '' })).not.toThrow();
    expect(() => checkWebhookTexts({ secret: 'x'.repeat(1001) })).toThrow("'Webhook secret' exceeds the maximum length of 1000");
  });
});

describe('the verdict on a try', () => {
  const judge = (outcome: TryOutcome, facts: Partial<DeliveryFacts> = {}) => judgeDelivery(outcome, { createdAt: 0, attempts: 0, absences: 0, now: 0, chance: 0, ...facts });
  const answered = (status: number, retryAfterMs?: number): TryOutcome => ({ kind: 'answered', status, retryAfterMs });

  it.each([[200, 'delivered'], [204, 'delivered'], [301, 'given_up'], [304, 'given_up'], [400, 'given_up'], [401, 'given_up'], [404, 'given_up'], [410, 'given_up'], [408, 'again'], [500, 'again'], [507, 'again'], [429, 'wait'], [502, 'wait'], [503, 'wait'], [504, 'wait']])('on %s is %s', (status, kind) => {
    expect(judge(answered(status)).kind).toBe(kind);
  });

  it('tells a receiver that is away from one that broke, and from one that must not be called', () => {
    expect(judge({ kind: 'unreachable', problem: 'p' })).toEqual({ kind: 'wait', until: 1000, problem: 'p' });
    expect(judge({ kind: 'broken', problem: 'p' })).toEqual({ kind: 'again', at: 1000, problem: 'p' });
    expect(judge({ kind: 'refused', problem: 'p' })).toEqual({ kind: 'given_up', problem: 'p', away: false });
  });

  it('says that a redirect is not followed', () => {
    expect(judge(answered(302))).toMatchObject({ problem: 'the receiver answered 302, a redirect, which is not followed' });
  });

  it('waits twice as long each time, from half of it to all of it, at most an hour', () => {
    const delays = [0, 1, 2, 3, 11, 12, 60].map((attempts) => [judge(answered(500), { attempts }), judge(answered(500), { attempts, chance: 1 - Number.EPSILON })].map((verdict) => (verdict.kind === 'again' ? verdict.at : -1)));
    expect(delays).toEqual([[1000, 2000], [2000, 4000], [4000, 8000], [8000, 16_000], [1_800_000, 3_600_000], [1_800_000, 3_600_000], [1_800_000, 3_600_000]]);
  });

  it('gives a receiver the pause it asks for, up to six hours', () => {
    expect(judge(answered(429, 60_000))).toMatchObject({ until: 60_000 });
    expect(judge(answered(503, 100 * HOUR_MS))).toMatchObject({ until: 6 * HOUR_MS });
    expect(judge(answered(429, -5))).toMatchObject({ until: 1000 });
    expect(judge(answered(500, 60_000))).toMatchObject({ kind: 'again', at: 60_000 });
  });

  it('gives up when the next try would be more than a day after the event', () => {
    expect(judge(answered(500), { attempts: 40, now: 23.5 * HOUR_MS, chance: 0 }).kind).toBe('again');
    expect(judge(answered(500), { attempts: 40, now: 23.6 * HOUR_MS, chance: 0 })).toEqual({ kind: 'given_up', problem: 'the receiver answered 500', away: false });
    expect(judge({ kind: 'unreachable', problem: 'p' }, { absences: 40, now: 24 * HOUR_MS })).toEqual({ kind: 'given_up', problem: 'p', away: true });
  });
});
