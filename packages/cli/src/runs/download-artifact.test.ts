import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { Connection } from '../connection/connection.ts';
import { testIo, testPace } from '../test-cli.ts';
import { aDirectory, RUN_ID } from '../test-data.ts';
import { refusal, TEST_TOKEN, type TestAnswer, TestServer } from '../test-server.ts';
import { type Download, downloadArtifact } from './download-artifact.ts';

async function download(cwd: string, changes: Partial<Download>, answer: TestAnswer = Buffer.from('model bytes')) {
  await using server = await TestServer.start({ getRunArtifact: () => answer });
  const { io, written } = testIo({ cwd });
  const connection = new Connection({ url: server.url, token: TEST_TOKEN, urlFrom: '--url', tokenFrom: undefined, file: undefined }, { pace: testPace(), interrupted: io.interrupted });
  const result = await downloadArtifact(connection, { runId: RUN_ID, path: 'model/model.pkl', target: undefined, force: false, io, ...changes });
  return { ...result, ...written() };
}

describe('downloadArtifact', () => {
  test.each<[string, Partial<Download>, string]>([
    ['its own name in the working directory', {}, 'model.pkl'],
    ['a name', { target: 'my.pkl' }, 'my.pkl'],
    ['a directory that is there', { target: 'sub' }, 'sub/model.pkl'],
  ])('%s', async (_, changes, file) => {
    using dir = aDirectory({ 'sub/': '' });
    expect(await download(dir.path, changes)).toMatchObject({ file, sizeBytes: 11 });
    expect(readFileSync(path.join(dir.path, file), 'utf8')).toBe('model bytes');
    expect(readdirSync(dir.path, { recursive: true }).filter((name) => String(name).endsWith('.part'))).toEqual([]);
  });

  test('- writes to stdout', async () => {
    using dir = aDirectory();
    expect(await download(dir.path, { target: '-' })).toMatchObject({ file: undefined, out: 'model bytes' });
    expect(readdirSync(dir.path)).toEqual([]);
  });

  test('what is there stays, unless it is forced', async () => {
    using dir = aDirectory({ 'model.pkl': 'mine' });
    await expect(download(dir.path, {})).rejects.toMatchObject({ code: 'FILE_EXISTS' });
    expect(readFileSync(path.join(dir.path, 'model.pkl'), 'utf8')).toBe('mine');
    await download(dir.path, { force: true });
    expect(readFileSync(path.join(dir.path, 'model.pkl'), 'utf8')).toBe('model bytes');
  });

  test.each(['..', 'a/..', '.', 'a\\..\\b', ''])('the name of an artifact never leaves the directory: %j', async (artifact) => {
    using dir = aDirectory();
    await expect(download(dir.path, { path: artifact })).rejects.toMatchObject({ code: 'INVALID_PATH' });
  });

  test('deep names end up beside the others', async () => {
    using dir = aDirectory();
    expect((await download(dir.path, { path: '../../etc/passwd' })).file).toBe('passwd');
    expect(readdirSync(dir.path)).toEqual(['passwd']);
  });

  test('a download that breaks off leaves nothing', async () => {
    using dir = aDirectory();
    const half: TestAnswer = (response) => void response.writeHead(200, { 'content-length': 100 }).write('half', () => response.destroy());
    await expect(download(dir.path, {}, half)).rejects.toMatchObject({ code: 'DOWNLOAD_BROKEN', message: expect.stringMatching(/after [04] of 100 bytes/) as string });
    expect(readdirSync(dir.path)).toEqual([]);
  });

  test('nothing is created for an artifact that is not there', async () => {
    using dir = aDirectory();
    await expect(download(dir.path, {}, refusal('ARTIFACT_NOT_FOUND', { path: 'x' }))).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
    expect(readdirSync(dir.path)).toEqual([]);
  });

  test('a place that cannot be written', async () => {
    using dir = aDirectory();
    writeFileSync(path.join(dir.path, 'file'), '');
    mkdirSync(path.join(dir.path, 'd'));
    await expect(download(dir.path, { target: 'file/x' })).rejects.toMatchObject({ code: 'USAGE', message: "'file/x' cannot be written (ENOTDIR)" });
  });
});
