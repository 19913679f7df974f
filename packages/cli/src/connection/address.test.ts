import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { aDirectory } from '../test-data.ts';
import { findAddress } from './address.ts';

/** Writes the private file of a server below `dir`. */
function handover(dir: string, fields: object = { url: 'http://127.0.0.1:4321', token: 'file-token' }): string {
  const file = path.join(dir, '.trainyard/cli.json');
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(fields), { mode: 0o600 });
  return file;
}

function at(cwd: string, env: Record<string, string> = {}) {
  return { cwd, env, home: '/nonexistent' };
}

describe('findAddress', () => {
  test('the nearest .trainyard from the working directory upwards', async () => {
    using dir = aDirectory({ 'a/b/c/': '', 'a/.trainyard/': '' });
    handover(dir.path, { url: 'http://127.0.0.1:1', token: 'far' });
    const file = handover(path.join(dir.path, 'a'), { url: 'http://127.0.0.1:2', token: 'near' });
    expect(await findAddress(at(path.join(dir.path, 'a/b/c')), undefined)).toEqual({ url: 'http://127.0.0.1:2', token: 'near', urlFrom: 'file', tokenFrom: 'file', file });
  });

  test('the home directory when there is none nearer', async () => {
    using home = aDirectory();
    using cwd = aDirectory();
    handover(home.path);
    expect(await findAddress({ ...at(cwd.path), home: home.path }, undefined)).toMatchObject({ token: 'file-token', urlFrom: 'file' });
  });

  test('TRAINYARD_DATA_DIR before both', async () => {
    using dir = aDirectory();
    using data = aDirectory({ 'cli.json': '{"url":"http://127.0.0.1:3","token":"t"}' });
    chmodSync(path.join(data.path, 'cli.json'), 0o600);
    handover(dir.path);
    expect(await findAddress(at(dir.path, { TRAINYARD_DATA_DIR: data.path }), undefined)).toMatchObject({ url: 'http://127.0.0.1:3' });
    expect(await findAddress(at(dir.path, { TRAINYARD_DATA_DIR: path.join(dir.path, 'empty') }), undefined)).toMatchObject({ urlFrom: 'default', token: undefined });
  });

  test('--url before TRAINYARD_URL before the file', async () => {
    using dir = aDirectory();
    handover(dir.path);
    const env = { TRAINYARD_URL: 'http://env:1/', TRAINYARD_TOKEN: 'own' };
    expect(await findAddress(at(dir.path, env), 'https://flag:2')).toMatchObject({ url: 'https://flag:2', token: 'own', urlFrom: '--url', tokenFrom: 'TRAINYARD_TOKEN' });
    expect(await findAddress(at(dir.path, env), undefined)).toMatchObject({ url: 'http://env:1', urlFrom: 'TRAINYARD_URL' });
  });

  test.each([
    ['http://127.0.0.1:4321', 'file-token'],
    ['http://localhost:4321', 'file-token'],
    ['http://127.0.0.1:9', undefined],
    ['https://127.0.0.1:4321', undefined],
    ['http://evil.example:4321', undefined],
  ])('the token of the file goes to its own server only: %s', async (url, token) => {
    using dir = aDirectory();
    handover(dir.path);
    expect((await findAddress(at(dir.path), url)).token).toBe(token);
  });

  test('a server that asks for no token', async () => {
    using dir = aDirectory();
    handover(dir.path, { url: 'http://127.0.0.1:4321' });
    expect(await findAddress(at(dir.path), undefined)).toMatchObject({ url: 'http://127.0.0.1:4321', token: undefined, tokenFrom: undefined });
  });

  test.each([
    [{}, 'http://127.0.0.1:5000'],
    [{ TRAINYARD_PORT: '5050' }, 'http://127.0.0.1:5050'],
    [{ TRAINYARD_PORT: '0' }, 'http://127.0.0.1:5000'],
  ])('where a server listens that was told nothing but %j', async (env, url) => {
    expect(await findAddress(at('/nonexistent', env as Record<string, string>), undefined)).toMatchObject({ url, urlFrom: 'default' });
  });

  test.each(['ftp://x', 'nonsense', 'http://me:secret@host'])('%s is no address', async (url) => {
    await expect(findAddress(at('/nonexistent', { TRAINYARD_TOKEN: 't' }), url)).rejects.toMatchObject({ code: 'USAGE' });
  });
});

describe('the private file of a server is refused', () => {
  test.each([0o644, 0o640, 0o660, 0o606])('with mode %o', async (mode) => {
    using dir = aDirectory();
    const file = handover(dir.path);
    chmodSync(file, mode);
    await expect(findAddress(at(dir.path), undefined)).rejects.toMatchObject({ code: 'UNSAFE_TOKEN_FILE', message: `${file} holds a token and can be read by others` });
  });

  test('as a symbolic link', async () => {
    using dir = aDirectory({ '.trainyard/': '' });
    using other = aDirectory();
    symlinkSync(handover(other.path), path.join(dir.path, '.trainyard/cli.json'));
    await expect(findAddress(at(dir.path), undefined)).rejects.toThrow('is a symbolic link');
  });

  test.each([
    ['half written', '{"url": "http://127'],
    ['without an address', '{"token":"t"}'],
    ['with something else as address', '{"url":"x","token":"t"}'],
  ])('%s', async (_, text) => {
    using dir = aDirectory();
    writeFileSync(handover(dir.path), text);
    await expect(findAddress(at(dir.path), undefined)).rejects.toMatchObject({ code: 'UNSAFE_TOKEN_FILE' });
  });

  test.runIf(process.getuid?.() === 0)('of another user: not followed on the way up, an error where it was named', async () => {
    using dir = aDirectory({ 'mine/': '' });
    const { chownSync } = await import('node:fs');
    const file = handover(dir.path);
    chownSync(file, 12_345, 12_345);
    expect(await findAddress(at(path.join(dir.path, 'mine')), undefined)).toMatchObject({ urlFrom: 'default' });
    await expect(findAddress(at('/', { TRAINYARD_DATA_DIR: path.dirname(file) }), undefined)).rejects.toThrow('belongs to another user');
  });
});
