import { describe, expect, it } from 'vitest';
import { parseGitUrl, resolveGitUrl } from './git-url.ts';

describe('the URL of a repository', () => {
  it.each([
    ['git@github.com:odahu/odahu-examples.git', { kind: 'ssh', url: 'git@github.com:odahu/odahu-examples.git', host: 'github.com', port: 22 }],
    ['git@GitHub.com/odahu/odahu-examples.git', { kind: 'ssh', url: 'git@github.com:/odahu/odahu-examples.git', host: 'github.com', port: 22 }],
    ['git@[::1]:wine.git', { kind: 'ssh', url: 'git@[::1]:wine.git', host: '::1', port: 22 }],
    ['ssh://git@host:2222/srv/wine.git', { kind: 'ssh', url: 'ssh://git@host:2222/srv/wine.git', host: 'host', port: 2222 }],
    ['git+ssh://host:22/wine.git', { kind: 'ssh', url: 'ssh://host/wine.git', host: 'host', port: 22 }],
    ['https://github.com/odahu/odahu-examples.git', { kind: 'https', url: 'https://github.com/odahu/odahu-examples.git', host: 'github.com', port: 443 }],
    ['HTTPS://me:p%40ss@host:8443/x', { kind: 'https', url: 'https://host:8443/x', host: 'host', port: 8443, username: 'me', password: 'p@ss' }],
    ['file:///srv/my%20wine', { kind: 'file', url: 'file:///srv/my%20wine', path: '/srv/my wine' }],
  ])("'%s' is taken apart", (uri, url) => {
    expect(parseGitUrl(uri)).toEqual(url);
  });

  it.each([
    'ext::sh -c id', 'ssh://-oProxyCommand=id/x', 'ssh://git@-oProxyCommand=id/x', '-oProxyCommand=id@host:x', 'git@-x:y', 'git@host:-x', 'ssh://host/-x', 'ssh://host:0/x', 'ssh://host:70000/x', 'ssh://me:secret@host/x',
    'http://host/x', 'git://host/x', '/etc', 'host:path', 'file://host/etc', 'file:///%zz', 'file:///a%0ab', 'https://', 'https://a b/', 'git@host:a\nb', '', '--upload-pack=id',
  ])("'%s' is none", (uri) => {
    expect(parseGitUrl(uri)).toBeUndefined();
  });

  it.each([
    ['https://host/a/b.git', '../c.git', 'https://host/a/c.git'],
    ['https://host/a/b.git/', './c', 'https://host/a/b.git/c'],
    ['https://host/a', '../../../c', 'https://host/c'],
    ['ssh://git@host:2222/a/b', '../c', 'ssh://git@host:2222/a/c'],
    ['git@host:a/b.git', '../c.git', 'git@host:a/c.git'],
    ['git@host:/srv/b.git', '../c.git', 'git@host:/srv/c.git'],
    ['file:///srv/a', '../b', 'file:///srv/b'],
    ['https://host/a', 'git@other:x', 'git@other:x'],
  ])("from '%s', '%s' is '%s'", (from, uri, resolved) => {
    const base = parseGitUrl(from);
    expect(base && resolveGitUrl(base, uri)?.url).toBe(resolved);
  });
});
