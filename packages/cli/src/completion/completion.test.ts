import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli } from '../test-cli.ts';

async function script(shell: string): Promise<string> {
  return (await cli(['completion', shell])).out;
}

function has(program: string): boolean {
  return spawnSync(program, ['--version']).status === 0;
}

/** What bash would offer behind these words. */
function offered(completion: string, words: readonly string[]): string[] {
  const code = `${completion}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() { :; }; _trainyard; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['--norc', '-c', code, 'bash', 'trainyard', ...words], { encoding: 'utf8' }).split('\n').filter((word) => word !== '');
}

describe('completion', () => {
  test.for(['bash', 'zsh', 'fish'])('%s reads its script', async (shell, { skip }) => {
    skip(!has(shell), `there is no ${shell} here`);
    const dir = mkdtempSync(join(tmpdir(), 'trainyard-completion-'));
    writeFileSync(join(dir, 'script'), await script(shell));
    // without the user's own start-up files: they may say what they like
    const { status, stderr } = spawnSync(shell, ['-n', join(dir, 'script')], { encoding: 'utf8', env: { ...process.env, HOME: dir, XDG_CONFIG_HOME: dir } });
    rmSync(dir, { recursive: true });
    expect([status, stderr]).toEqual([0, '']);
  });

  test.each<[string[], string[]]>([
    [['tr'], ['train']],
    [['train', 'r'], ['run', 'rerun']],
    [['train', 'run', '--no-'], ['--no-register', '--no-wait', '--no-logs', '--no-color']],
    [['runs', '--state', 's'], ['succeeded', 'stopped']],
    [['runs', '-o', 'j'], ['json', 'jsonpath=']],
    [['secret', ''], ['set', 'list', 'delete', 'rotate-key', '--url', '--no-color', '--help', '-h']],
    [['logs', '7', '--t'], ['--tail']],
    [['completion', '--ur'], ['--url']],
    [['completion', 'f'], ['fish']],
    [['local', 'tra'], ['train']],
    [['local', 'train', 'r'], ['run', 'rerun']],
    [['template', 's3'], ['s3-connection']],
    [['import', 'm'], ['mlflow']],
    [['import', 'odahu', '--dry'], ['--dry-run']],
    [['connection', 'create', '--type', 'g'], ['git', 'gcs']],
    [['token', 'create', 'x', '--role', 'v'], ['viewer']],
  ])('bash offers behind %j', async (words, expected) => {
    expect(offered(await script('bash'), words)).toEqual(expected);
  });

  test.for([
    ['fish', 'local tra', ['train']],
    ['fish', 'local train r', ['rerun', 'run']],
    ['fish', 'template s3', ['s3-connection']],
    ['fish', 'import mlf', ['mlflow']],
  ] as const)('%s offers behind %j', async ([shell, words, expected], { skip }) => {
    skip(!has(shell), `there is no ${shell} here`);
    const dir = mkdtempSync(join(tmpdir(), 'trainyard-completion-'));
    writeFileSync(join(dir, 'script'), await script(shell));
    const { stdout } = spawnSync(shell, ['--no-config', '-c', `source ${join(dir, 'script')}; complete -C 'trainyard ${words}'`], { encoding: 'utf8', env: { ...process.env, HOME: dir, XDG_CONFIG_HOME: dir } });
    rmSync(dir, { recursive: true });
    const offers = stdout.split('\n').flatMap((line) => (line === '' ? [] : [line.replace(/\t.*/, '')]));
    expect(offers.toSorted((a, b) => a.localeCompare(b))).toEqual(expected);
  });

  test.each(['bash', 'zsh', 'fish'])('%s knows every command', async (shell) => {
    const text = await script(shell);
    for (const word of ['train', 'rerun', 'artifacts', 'rotate-key', 'backup', 'doctor', 'reconnect-for']) expect(text).toContain(word);
  });

  test('another shell is refused', async () => {
    expect(await cli(['completion', 'tcsh'])).toMatchObject({ code: 2, err: expect.stringContaining('Allowed choices are bash, zsh, fish') as string });
  });
});
