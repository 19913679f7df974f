import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConnectionError } from '@trainyard/connections/connection.ts';
import { type ConnectionSpec, MASK } from '@trainyard/core/connection/connection-spec.ts';
import { aSpec } from '@trainyard/testkit/builders.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resealConnections } from './connection-secrets.ts';
import type { Connections } from './connections.ts';
import { TestConnections } from './test-connections.ts';

const SECRET = 'AKIA-and-a-secret';
const s3 = (changes: Partial<ConnectionSpec> = {}): ConnectionSpec => ({ type: 's3', uri: 's3://bucket/path', region: 'eu-1', keyID: 'id-of-key', keySecret: SECRET, vital: false, ...changes });
const git = (changes: Partial<ConnectionSpec> = {}): ConnectionSpec => ({ type: 'git', uri: 'git@git.example:a/b.git', vital: false, ...changes });

let test: TestConnections;
let connections: Connections;
beforeEach(async () => {
  test = await TestConnections.open();
  ({ connections } = test);
});
afterEach(() => test.close());

async function running(id: string, changes: Record<string, unknown>): Promise<void> {
  const spec = aSpec(changes);
  await test.stores.trainings.submit({ kind: 'create', id, spec, run: { id: randomBytes(16).toString('hex'), trainingId: id, spec, user: 'ann' } });
}

describe('a connection', () => {
  it('shows no secret, keeps none in the open, and opens for an attempt', async () => {
    const shown = [await connections.create('wine', s3()), await connections.get('wine'), await connections.edit('wine', s3({ description: 'x' })), ...(await connections.list({}))];
    for (const { spec } of shown) expect(spec).toMatchObject({ region: 'eu-1', keyID: MASK, keySecret: MASK });
    expect(JSON.stringify(await test.stores.connections.list({}))).not.toContain(SECRET);
    expect(await connections.open(['wine'])).toEqual({ wine: s3({ description: 'x' }) });
    await expect(connections.open(['wine', 'absent'])).rejects.toMatchObject({ code: 'CONNECTION_NOT_FOUND', params: { id: 'absent' } });
  });

  it('keeps a masked secret in an edit and drops one that is absent', async () => {
    await connections.create('wine', s3({ token: 'a-token' }));
    await connections.edit('wine', s3({ keySecret: MASK, keyID: 'other-key', uri: 's3://other' }));
    expect(await connections.open(['wine'])).toEqual({ wine: s3({ keyID: 'other-key', uri: 's3://other' }) });
  });

  it('cannot keep a secret there never was', async () => {
    await expect(connections.create('wine', s3({ keySecret: MASK }))).rejects.toMatchObject({ code: 'INVALID_CONNECTION', message: expect.stringContaining('keySecret is *****, which stands for a stored secret') as string });
    await connections.create('wine', s3());
    await expect(connections.edit('wine', s3({ password: MASK }))).rejects.toThrow('password is *****');
  });

  it('cannot be moved to another id with its secrets', async () => {
    await connections.create('wine', s3());
    const [{ spec, sealed } = { spec: s3(), sealed: null }] = await test.stores.connections.find(['wine']);
    await test.stores.connections.create({ id: 'stolen', spec, sealed });
    await expect(connections.open(['stolen'])).rejects.toThrow(/authenticate/);
  });

  it.each<[string, string, ConnectionSpec, string]>([
    ['an id that is none', 'Wine', s3(), 'ID is not valid'],
    ['a type nobody knows', 'wine', git({ type: 'ftp', uri: '' }), 'empty uri; unknown type: ftp. Supported types: [git s3]'],
    ['what its type refuses', 'wine', s3({ uri: '', keySecret: '' }), 'empty uri; s3 type requires that keyID and keySecret parameters must be non-empty'],
  ])('is refused with %s', async (_what, id, spec, words) => {
    const refusal = { code: 'INVALID_CONNECTION', message: expect.stringContaining(`Validation of connection is failed: ${words}`) as string };
    await expect(connections.create(id, spec)).rejects.toMatchObject(refusal);
    // before it is said that there is none to edit
    await expect(connections.edit(id, spec)).rejects.toMatchObject(refusal);
    await expect(connections.checkNew(id, spec)).rejects.toMatchObject(refusal);
    expect(test.asked).toEqual([]);
  });

  it('says which of its fields an edit would change, secrets included', async () => {
    await connections.create('wine', s3({ description: 'old' }));
    expect(await connections.compare('wine', s3({ description: 'old' }))).toEqual([]);
    expect(await connections.compare('wine', s3({ keySecret: 'other', region: 'eu-2' }))).toEqual(['description', 'keySecret', 'region']);
    expect(await connections.compare('wine', s3({ description: 'old', keySecret: MASK, keyID: MASK }))).toEqual([]);
  });

  it('is decrypted for somebody, and it is noted for whom', async () => {
    await connections.create('wine', s3());
    expect((await connections.decrypted('wine', 'ann')).spec).toEqual(s3());
    expect(test.logged).toEqual([{ connection: 'wine', user: 'ann' }]);
  });

  it('outlives a change of the key', async () => {
    await connections.create('wine', s3());
    await connections.create('open', git());
    test.keys.rotate();
    expect(await resealConnections(test.stores.connections, test.seal)).toBe(1);
    test.keys.forgetOld();
    expect(await connections.open(['wine', 'open'])).toEqual({ wine: s3(), open: git() });
    expect(readFileSync(join(test.dir, 'keys.json'), 'utf8').match(/"id"/g)).toHaveLength(1);
  });
});

describe('deleting a connection', () => {
  it('is refused while runs that have not ended use it, and names them', async () => {
    await connections.create('wine', s3());
    await running('source', { algorithmSource: { objectStorage: { connection: 'wine' } } });
    await running('data', { data: [{ connection: 'wine', localPath: 'd' }] });
    await running('output', { outputConnection: 'wine' });
    await running('other', {});
    await expect(connections.delete('wine', { force: false })).rejects.toMatchObject({ code: 'CONNECTION_IN_USE', params: { count: 3, users: 'run 3 of output, run 2 of data, run 1 of source' } });
    await connections.delete('wine', { force: true });
    await expect(connections.get('wine')).rejects.toMatchObject({ code: 'CONNECTION_NOT_FOUND' });
  });

  it('is refused when it is vital, also by force, until it is no longer', async () => {
    await connections.create('models', s3({ vital: true }));
    await expect(connections.delete('models', { force: true })).rejects.toMatchObject({ code: 'CONNECTION_VITAL' });
    await connections.edit('models', s3());
    await connections.delete('models', { force: false });
    await expect(connections.delete('models', { force: false })).rejects.toMatchObject({ code: 'CONNECTION_NOT_FOUND' });
  });
});

describe('checking a connection', () => {
  it('asks the place with the secrets, and answers its notes', async () => {
    await connections.create('wine', s3());
    test.answer = () => Promise.resolve({ notes: ['the bucket is empty'] });
    expect(await connections.check('wine')).toEqual({ ok: true, notes: ['the bucket is empty'] });
    expect(test.asked).toEqual([{ spec: s3() }]);
  });

  it('trusts host keys from the first time on, through edits of the same place', async () => {
    await connections.create('repo', git());
    test.answer = () => Promise.resolve({ notes: [], publicKey: 'git.example ssh-ed25519 AAAA' });
    expect(await connections.check('repo')).toMatchObject({ ok: true, publicKey: 'git.example ssh-ed25519 AAAA' });
    await connections.edit('repo', git({ description: 'x' }));
    expect((await connections.get('repo')).spec.publicKey).toBe('git.example ssh-ed25519 AAAA');
    expect((await connections.edit('repo', git({ publicKey: '' }))).spec.publicKey).toBeUndefined();
    await connections.check('repo');
    expect((await connections.edit('repo', git({ uri: 'git@other.example:a/b.git' }))).spec.publicKey).toBeUndefined();
  });

  it('stores nothing of one that is not kept', async () => {
    test.answer = () => Promise.resolve({ notes: [], publicKey: 'key' });
    expect(await connections.checkNew('repo', git())).toEqual({ ok: true, notes: [], publicKey: 'key' });
    expect(await connections.list({})).toEqual([]);
  });

  it('says what is wrong, without the secret in any of its forms', async () => {
    await connections.create('wine', s3({ keySecret: 'a/b+c=secret' }));
    const forms = ['a/b+c=secret', encodeURIComponent('a/b+c=secret'), Buffer.from('a/b+c=secret').toString('base64')];
    test.answer = () => Promise.reject(new ConnectionError('refused', `no entry with ${forms.join(' or ')}`));
    expect(await connections.check('wine')).toEqual({ ok: false, notes: [], problem: 'refused', message: `no entry with ${MASK} or ${MASK} or ${MASK}` });
  });

  it('ends when the place is silent', async () => {
    await connections.create('wine', s3());
    test.answer = () => new Promise(() => undefined);
    expect(await connections.check('wine')).toMatchObject({ ok: false, problem: 'unreachable', message: expect.stringContaining('gave no answer within') as string });
  });

  it.each(['http://127.0.0.1:9000', 'https://[::1]/', 'http://169.254.169.254/latest', 'https://inside.example'])('does not ask %s, which is not public', async (endpoint) => {
    await connections.create('wine', s3({ endpoint }));
    expect(await connections.check('wine')).toMatchObject({ ok: false, problem: 'refused', message: expect.stringContaining('--outbound-allow') as string });
    expect(test.asked).toEqual([]);
  });

  it.each(['git@inside.example:a/b.git', 'ssh://git@10.0.0.7/a/b.git', 'git@10.0.0.7:a/b', 'https://user@inside.example/a'])('does not ask %s either', async (uri) => {
    expect(await connections.checkNew('repo', git({ uri }))).toMatchObject({ ok: false, problem: 'refused' });
    expect(test.asked).toEqual([]);
  });

  it.each<Partial<ConnectionSpec>>([{ endpoint: 'http://10.9.1.1:9000' }, { endpoint: 'https://store.example' }, { uri: 's3://inside.example/path' }])('asks %j', async (changes) => {
    expect(await connections.checkNew('wine', s3(changes))).toMatchObject({ ok: true });
  });

  it('hands a look-up on that refuses what is not public, and tells that refusal whatever is made of it', async () => {
    test.answer = (_place, { lookup }) =>
      new Promise((_resolve, reject) => {
        lookup?.('inside.example', {}, (error) => reject(new ConnectionError('unreachable', 'wrapped', { cause: error })));
      });
    expect(await connections.checkNew('wine', s3())).toMatchObject({ ok: false, problem: 'refused', message: expect.stringContaining('not an address of the public Internet') as string });
  });
});
