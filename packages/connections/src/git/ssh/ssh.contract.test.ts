import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import { type SshGitServer, startSshGitServer } from '@trainyard/testkit/git/ssh-git-server.ts';
import { Repository } from '@trainyard/testkit/repository.ts';
import { waitFor } from '@trainyard/testkit/wait-for.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectionContract } from '../../connection.contract.ts';
import type { ConnectionContext, ConnectionError, Place } from '../../connection.ts';
import { connection } from '../connection.ts';

let server: SshGitServer;
let repository: Repository;
let root: string;
let context: ConnectionContext;

beforeAll(async () => {
  server = await startSshGitServer();
  repository = await Repository.make();
  await repository.commit({ 'train.py': 'print(1)\n', 'data/in.csv': '1\n' });
  await repository.git('tag', 'v1');
  await repository.commit({ 'train.py': 'print(2)\n' });
  await repository.git('update-ref', 'refs/pull/12/head', 'v1');
  root = await mkdtemp(join(tmpdir(), 'trainyard ssh %h '));
  context = { env: { PATH: process.env['PATH'] ?? '', HOME: root, TMPDIR: root }, signal: new AbortController().signal };
});
afterAll(async () => {
  await server.stop();
  await repository.remove();
  await rm(root, { recursive: true, force: true });
});

const specOf = (changes: Partial<ConnectionSpec> = {}): ConnectionSpec => ({ type: 'git', uri: server.url(repository.root), keySecret: server.key, publicKey: `[127.0.0.1]:${server.port} ${server.hostKey}`, vital: false, ...changes });
const at = (reference: string, changes: Partial<ConnectionSpec> = {}): Place => ({ spec: specOf(changes), reference });

connectionContract(connection, () => Promise.resolve({
  context,
  directory: at('v1'),
  other: at('main'),
  missing: [{ place: at('v11'), word: 'v11' }, { place: at('main', { uri: server.url('/srv/no-such-repository') }), word: '/srv/no-such-repository' }],
  denied: [at('v1', { keySecret: server.strangeKey }), at('v1', { keySecret: server.lockedKey }), at('v1', { keySecret: 'a2VrCg==' }), at('v1', { keySecret: '' })],
  at: (host, port) => at('v1', { uri: `ssh://git@${host}:${port}/srv/wine.git` }),
  remove: () => Promise.resolve(),
}));

describe('git over SSH', () => {
  const failure = (spec: ConnectionSpec): Promise<ConnectionError> => connection.check({ spec }, context).then(() => expect.unreachable('it should have failed'), (error: unknown) => error as ConnectionError);

  it('takes the host key that is shown when none is pinned, and says which it was', async () => {
    const { publicKey, notes } = await connection.check(at('v1', { publicKey: '' }), context);
    expect(publicKey).toContain(`[127.0.0.1]:${server.port} ${server.hostKey}`);
    expect(notes[0]).toContain(`ED25519 ${server.fingerprint}`);
    const fetched = await connection.fetch({ ...at('v1', { publicKey: '' }), into: join(root, 'unpinned'), limits: { bytes: 1e9, entries: 100 } }, context);
    expect(fetched.notes[0]).toContain(server.fingerprint);
    // and with what it has shown it is quiet
    expect(await connection.check(at('v1', { publicKey }), context)).toEqual({ notes: [], publicKey: undefined });
  });

  it.each([
    ['the line of ssh-keyscan for another port', () => `127.0.0.1 ${server.hostKey}`],
    ['the key alone', () => server.hostKey],
    ['many lines, comments and line ends of Windows', () => `# keys\r\ngithub.com ${otherKey()}\r\n[127.0.0.1]:${server.port} ${server.hostKey} root@wine\r\n`],
  ])('knows the host by %s', async (_, publicKey) => {
    expect(await connection.check(at('v1', { publicKey: publicKey() }), context)).toEqual({ notes: [], publicKey: undefined });
  });

  it('refuses a host whose key has changed, and shows the new one', async () => {
    const error = await failure(specOf({ publicKey: `[127.0.0.1]:${server.port} ${otherKey()}` }));
    expect(error.problem).toBe('refused');
    expect(error.message).toContain('not the one the connection has pinned');
    expect(error.message).toContain(server.fingerprint);
  });

  it('refuses a host that none of the pinned lines names', async () => {
    const error = await failure(specOf({ publicKey: `github.com ${server.hostKey}` }));
    expect(error.problem).toBe('refused');
    expect(error.message).toContain('has no line');
  });

  it.each([
    ['a strange key', () => server.strangeKey, 'deploy key'],
    ['a key with a passphrase', () => server.lockedKey, 'passphrase'],
    ['no key at all', () => 'a2VrCg==', 'is no private SSH key'],
  ])('says what to do about %s', async (_, keySecret, words) => {
    const error = await failure(specOf({ keySecret: keySecret() }));
    expect(error.problem).toBe('refused');
    expect(error.message).toContain(words);
  });

  it('takes a key with the line ends of Windows and none at its end', async () => {
    expect(await connection.check(at('v1', { keySecret: server.key.trim().replaceAll('\n', '\r\n') }), context)).toMatchObject({ notes: [] });
  });

  it.each(['pr/12', 'pr/12/head', 'origin/pr/12/head', 'refs/pull/12/head', 'pull/12/head'])('fetches the pull request %s', async (reference) => {
    const into = join(root, reference.replaceAll('/', '-'));
    const { version } = await connection.fetch({ ...at(reference), into, limits: { bytes: 1e9, entries: 100 } }, context);
    expect(version).toBe(await repository.git('rev-parse', 'v1'));
  });

  it('takes the reference of the connection when it is given none, and an empty one is none', async () => {
    const fetched = async (name: string, place: Place): Promise<string> => (await connection.fetch({ ...place, into: join(root, name), limits: { bytes: 1e9, entries: 100 } }, context)).version;
    expect(await fetched('own', { spec: specOf({ reference: 'v1' }) })).toBe(await repository.git('rev-parse', 'v1'));
    expect(await fetched('empty', { spec: specOf({ reference: '' }) })).toBe(await repository.git('rev-parse', 'main'));
  });

  it('uses the keys of the machine only when the connection says so', async () => {
    const socket = join(root, 'agent');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
    try {
      await waitFor('the agent listens', () => existsSync(socket));
      execFileSync('ssh-add', ['-q', '-'], { input: server.key, env: { PATH: process.env['PATH'], SSH_AUTH_SOCK: socket } });
      const withAgent = { ...context, env: { ...context.env, SSH_AUTH_SOCK: socket } };
      await expect(connection.check(at('v1', { keySecret: '' }), withAgent)).rejects.toMatchObject({ problem: 'refused' });
      expect(await connection.check(at('v1', { keySecret: '', credentials: 'ambient' }), withAgent)).toMatchObject({ notes: [] });
    } finally {
      agent.kill();
    }
  });

  it('leaves no key on disk', async () => {
    await connection.check(at('v1'), context);
    await failure(specOf({ keySecret: server.strangeKey }));
    expect((await readdir(root)).filter((name) => name.startsWith('trainyard-ssh-'))).toEqual([]);
  });

  it('goes to the address it was given for a name', async () => {
    const asked: string[] = [];
    const lookup: ConnectionContext['lookup'] = (host, options, callback) => {
      asked.push(host);
      if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }]);
      else callback(null, '127.0.0.1', 4);
    };
    const uri = server.url(repository.root).replace('127.0.0.1', 'wine.example.com');
    await connection.check(at('v1', { uri, publicKey: '' }), { ...context, lookup });
    await connection.check(at('v1', { uri, publicKey: `wine.example.com ${server.hostKey}` }), { ...context, lookup });
    expect(new Set(asked)).toEqual(new Set(['wine.example.com']));
  });
});

/** A key of the right form that the server does not have. */
function otherKey(): string {
  const [type = '', key = ''] = server.hostKey.split(' ');
  const bytes = Buffer.from(key, 'base64');
  bytes.writeUInt8((bytes.at(-1) ?? 0) ^ 1, bytes.length - 1);
  return `${type} ${bytes.toString('base64')}`;
}
