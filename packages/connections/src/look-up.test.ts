import type { LookupFunction } from 'node:net';
import { describe, expect, it } from 'vitest';
import { addressOf } from './look-up.ts';

const failing = (code: string): LookupFunction => (_host, _options, callback) => callback(Object.assign(new Error(`because of ${code}`), { code }), '');

describe('the address of a host', () => {
  it('is left to the machine when nobody decides it', async () => {
    expect(await addressOf('wine.example', {})).toBeUndefined();
  });

  it.each([['wine.example', 'wine.example', 0], ['127.0.0.1', '127.0.0.1', 4], ['[::1]', '::1', 6], ['::1', '::1', 6]])("of '%s' is asked for, also when it is one already", async (host, asked, family) => {
    const questions: unknown[] = [];
    const lookup: LookupFunction = (name, options, callback) => {
      questions.push([name, options.family]);
      callback(null, '192.0.2.1', 4);
    };
    expect(await addressOf(host, { lookup })).toBe('192.0.2.1');
    expect(questions).toEqual([[asked, family]]);
  });

  it('is the first of many', async () => {
    expect(await addressOf('wine.example', { lookup: (_host, _options, callback) => callback(null, [{ address: '192.0.2.1', family: 4 }, { address: '192.0.2.2', family: 4 }]) })).toBe('192.0.2.1');
  });

  it.each([['ENOTFOUND', 'unreachable'], ['EAI_AGAIN', 'unreachable'], ['OUTBOUND_REFUSED', 'refused']])('that fails with %s is %s', async (code, problem) => {
    await expect(addressOf('wine.example', { lookup: failing(code) })).rejects.toMatchObject({ problem });
  });
});
