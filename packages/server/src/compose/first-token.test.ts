import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Identity } from '../http/identity.ts';
import { firstToken, type FirstTokenParts } from './first-token.ts';

const USER: Identity = { kind: 'user', tokenId: '1', name: 'cli', roles: [] };

let dataDir: string;
let made: string[];
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'trainyard-token-'));
  made = [];
});
afterEach(() => rmSync(dataDir, { recursive: true }));

const tokens = {
  create: (name: string) => {
    made.push(name);
    return Promise.resolve({ id: '2', name, roles: [], hash: '', createdAt: 0, lastUsedAt: null, token: 'ty_new' });
  },
  putFirst: (token: string) => Promise.resolve(void made.push(token)),
} as FirstTokenParts['tokens'];

const chosen = (identify: () => Promise<Identity>, token?: string): Promise<string> => firstToken({ tokens, authenticator: { identify }, config: { dataDir, token } });
const unknown = (): Promise<Identity> => Promise.reject(new TrainyardError('UNAUTHENTICATED'));
const kept = (): string => readFileSync(join(dataDir, 'token'), 'utf8');

it('the first token is the one of earlier starts as long as the database knows it, else a new one', async () => {
  writeFileSync(join(dataDir, 'token'), 'ty_old\n');
  expect([await chosen(() => Promise.resolve(USER)), made, kept()]).toEqual(['ty_old', [], 'ty_old\n']);
  expect([await chosen(unknown), made, kept()]).toEqual(['ty_new', ['cli'], 'ty_new\n']);
});

it('the first token is the one that was given, taken in when it is new', async () => {
  expect([await chosen(unknown, 'mine'), made]).toEqual(['mine', ['mine']]);
});

it.each([new Error('disk I/O error'), new TrainyardError('DATABASE_UNAVAILABLE', { problem: 'no answer' }), new TrainyardError('RATE_LIMITED', { seconds: 60 })])('no administrator is made because of: %s', async (error) => {
  writeFileSync(join(dataDir, 'token'), 'ty_old\n');
  await expect(chosen(() => Promise.reject(error))).rejects.toBe(error);
  expect([made, kept()]).toEqual([[], 'ty_old\n']);
});
