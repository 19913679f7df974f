import { describe, expect, it } from 'vitest';
import { accountOf } from './account.ts';

const KEY = Buffer.alloc(64, 1).toString('base64');
const spec = (fields: Record<string, string>): Parameters<typeof accountOf>[0] => ({ type: 'azureblob', uri: 'data', vital: false, ...fields });

describe('accounts of Azure', () => {
  it.each([
    [{ keySecret: 'https://acc.blob.core.windows.net/?sv=1&sig=x' }, 'sas', 'https://acc.blob.core.windows.net/data?sv=1&sig=x'],
    [{ keySecret: 'https://acc.blob.core.windows.net?sig=x' }, 'sas', 'https://acc.blob.core.windows.net/data?sig=x'],
    [{ keySecret: 'https://acc.blob.core.windows.net/data?sig=x' }, 'sas', 'https://acc.blob.core.windows.net/data?sig=x'],
    [{ keySecret: 'http://127.0.0.1:1/acc?sig=x' }, 'sas', 'http://127.0.0.1:1/acc/data?sig=x'],
    [{ keySecret: KEY, username: 'acc' }, 'key', 'https://acc.blob.core.windows.net/data'],
    [{ keySecret: KEY, endpoint: 'https://acc.blob.core.windows.net/' }, 'key', 'https://acc.blob.core.windows.net/data'],
    [{ username: 'acc', credentials: 'ambient' }, 'machine', 'https://acc.blob.core.windows.net/data'],
    [{ username: 'acc', credentials: 'anonymous' }, 'anonymous', 'https://acc.blob.core.windows.net/data'],
  ])('reads %j', (fields, kind, containerUrl) => {
    expect(accountOf(spec(fields), 'data')).toMatchObject({ kind, containerUrl });
  });

  it.each([{ keySecret: 'https://acc.blob.core.windows.net/' }, { keySecret: KEY }, { keySecret: KEY, username: 'a/b' }])('refuses %j without repeating a secret', (fields) => {
    expect(() => accountOf(spec(fields), 'data')).toThrow(expect.objectContaining({ problem: 'invalid', message: expect.not.stringContaining(KEY) as string }) as Error);
  });
});
