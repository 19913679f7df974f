import { describe, expect, it } from 'vitest';
import { checkHeartbeat, lostReason, readHeartbeat } from './heartbeat.ts';

const HOUR = 3_600_000;
const timeText = (ms: number): string => new Date(ms).toISOString();

describe('a promised heartbeat', () => {
  it.each([
    ['60s', 60_000],
    ['90', 90_000],
    ['1h30m', 1.5 * HOUR],
  ])('reads %s', (text, ms) => expect(readHeartbeat(text)).toBe(ms));

  it.each(['', 'soon', '0s', '10ms', '25h', '-5s', 'NaN'])('refuses %j, saying what it may be', (text) => {
    expect(() => checkHeartbeat(text)).toThrow(/it must be a duration from 1s to 1d, such as 60s/);
  });
});

describe('a run nobody has ended', () => {
  const judge = (silentForMs: number, promise: string | undefined, silentMs?: number) => lostReason({ lastSeenAt: 0, promise }, { now: silentForMs, silentMs, listeningSince: 0, timeText });

  it('is never lost by silence alone', () => expect(judge(1000 * HOUR, undefined)).toBeUndefined());
  it('is not lost while a sign of life is only late', () => expect(judge(180_000, '60s')).toBeUndefined());
  it('is lost after three promised signs of life did not come', () => expect(judge(180_001, '60s')).toBe('host_lost: its client promised a sign of life every 1m and gave none since 1970-01-01T00:00:00.000Z'));
  it('is not lost within half a minute, whatever it promised', () => expect(judge(30_000, '1s')).toBeUndefined());
  it('is lost when it is silent for longer than the server allows', () => expect(judge(2 * HOUR, undefined, HOUR)).toMatch(/longer than this server allows \(1h\)/));
  it('is not lost because the server was away', () => {
    const rules = { now: 10 * HOUR, silentMs: undefined, listeningSince: 10 * HOUR - 60_000, timeText };
    expect(lostReason({ lastSeenAt: 0, promise: '60s' }, rules)).toBeUndefined();
    expect(lostReason({ lastSeenAt: 0, promise: '10s' }, rules)).toMatch(/since 1970/);
  });
  it('does not count a promise that is none', () => expect(judge(10 * HOUR, 'soon')).toBeUndefined());
});
