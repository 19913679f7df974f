import { execFileSync } from 'node:child_process';
import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import { describe, expect, it } from 'vitest';
import { type HttpsUrl, parseGitUrl } from './git-url.ts';
import { httpsLogin } from './https-login.ts';

const url = parseGitUrl('https://git.example:8443/wine.git') as HttpsUrl;
const login = (changes: Partial<ConnectionSpec>): Promise<Record<string, string>> => httpsLogin(url, { type: 'git', uri: url.url, vital: false, ...changes }, { env: {}, signal: new AbortController().signal });
const settingsOf = (env: Readonly<Record<string, string>>): string[] => Array.from({ length: Number(env['GIT_CONFIG_COUNT']) }, (_, i) => `${env[`GIT_CONFIG_KEY_${i}`] ?? ''}=${env[`GIT_CONFIG_VALUE_${i}`] ?? ''}`);

/** What git's credential helper of a connection answers to git. */
async function answer(changes: Partial<ConnectionSpec>, { operation = 'get', asked = ['protocol=https', 'host=git.example:8443'] } = {}): Promise<string> {
  const env = await login(changes);
  const helper = settingsOf(env).find((setting) => setting.startsWith('credential.https://git.example:8443.helper=!'))?.split('=!').slice(1).join('=!') ?? 'exit 7 #';
  // as git does it: a helper that does not read what it is asked is no error
  return execFileSync('sh', ['-c', `printf '%s\\n' "$@" | { ${helper} ${operation}\n}`, 'sh', ...asked], { env: { PATH: process.env['PATH'], ...env }, encoding: 'utf8' });
}

describe('the credentials of a connection for git', () => {
  const bearer = ['capability[]=authtype', 'protocol=https', 'host=git.example:8443'];

  it('are a user and a password, with whatever is in them', async () => {
    expect(await answer({ username: 'me', password: `a'b"c $(id) \\n%s ä` })).toBe(`username=me\npassword=a'b"c $(id) \\n%s ä\n`);
  });

  it('are a token as a password, also for a server that would take a bearer', async () => {
    expect(await answer({ token: 'secret' })).toBe('username=x-access-token\npassword=secret\n');
    expect(await answer({ token: 'secret' }, { asked: [...bearer, 'wwwauth[]=Bearer realm="git"', 'wwwauth[]=Basic realm="git"'] })).toBe('username=x-access-token\npassword=secret\n');
  });

  it('are a bearer for a server that takes nothing else, if git can', async () => {
    expect(await answer({ token: 'secret' }, { asked: [...bearer, 'wwwauth[]=Bearer realm="git"'] })).toBe('capability[]=authtype\nauthtype=Bearer\ncredential=secret\n');
    expect(await answer({ token: 'secret' }, { asked: ['wwwauth[]=Bearer realm="git"'] })).toBe('username=x-access-token\npassword=secret\n');
    expect(await answer({ username: 'me', password: 'secret' }, { asked: [...bearer, 'wwwauth[]=Bearer realm="git"'] })).toBe('username=me\npassword=secret\n');
  });

  it('lose the line breaks at their end, however many', async () => {
    expect(await answer({ token: `secret${'\r\n'.repeat(200)}` })).toBe('username=x-access-token\npassword=secret\n');
    // the pattern /[\r\n]+$/ takes minutes for this
    await expect(login({ token: `${'\n'.repeat(400_000)}x` })).rejects.toMatchObject({ problem: 'refused' });
  });

  it.each(['store', 'erase'])('are not told when git says %s', async (operation) => {
    expect(await answer({ token: 'secret' }, { operation })).toBe('');
  });

  it('leave out the helpers of the machine, unless the connection wants them', async () => {
    expect(settingsOf(await login({ token: 'secret' }))[0]).toBe('credential.helper=');
    expect(settingsOf(await login({ credentials: 'ambient' })).join()).not.toContain('credential.');
    expect(settingsOf(await login({ credentials: 'anonymous', token: 'secret' })).filter((setting) => setting.startsWith('credential.'))).toEqual(['credential.helper=']);
  });
});
