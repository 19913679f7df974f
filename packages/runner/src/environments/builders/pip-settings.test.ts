import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { parsePipSettings, uvVariables } from './pip-settings.ts';

const variables = (printed: string, env: Record<string, string> = {}): Record<string, string> => uvVariables(parsePipSettings(printed), env);

it('a mirror of a company', () => {
  const printed = `global.cert='/etc/company.pem'\nglobal.extra-index-url="\\nhttps://a.example/it's\\nhttps://b.example/x"\nglobal.index-url='https://pip.example/simple'\nglobal.timeout='90'\nglobal.trusted-host='pip.example b.example'\n`;
  expect(variables(printed)).toEqual({
    SSL_CERT_FILE: '/etc/company.pem',
    UV_DEFAULT_INDEX: 'https://pip.example/simple',
    UV_HTTP_TIMEOUT: '90',
    UV_INDEX: "https://a.example/it's https://b.example/x",
    UV_INSECURE_HOST: 'pip.example b.example',
  });
});

it('variables win over the section install, that over global, and what is for other commands does not count', () => {
  const printed = `:env:.index-url='https://env.example'\nglobal.index-url='https://global.example'\ninstall.index-url='https://install.example'\ndownload.index-url='https://download.example'\n`;
  expect(variables(printed)).toEqual({ UV_DEFAULT_INDEX: 'https://env.example' });
  expect(variables(printed.replace(/^:env.*\n/, ''))).toEqual({ UV_DEFAULT_INDEX: 'https://install.example' });
});

it('what the user told uv himself stays', () => {
  const printed = `global.index-url='https://pip.example'\nglobal.cert='/a'\nglobal.no-index='true'\n`;
  expect(variables(printed, { UV_DEFAULT_INDEX: 'https://uv.example', SSL_CERT_FILE: '/b' })).toEqual({ UV_NO_INDEX: '1' });
  expect(variables(printed, { UV_INDEX_URL: 'https://uv.example', SSL_CERT_FILE: '/b' })).toEqual({ UV_NO_INDEX: '1' });
});

it('directories that are not there are left out, as pip does', () => {
  expect(variables(`:env:.find-links='/is/not/there ${tmpdir()} https://w.example/'\n`)).toEqual({ UV_FIND_LINKS: `${tmpdir()},https://w.example/` });
  expect(variables(`:env:.find-links='/is/not/there'\nglobal.no-index='false'\n`)).toEqual({});
});

it('escapes of Python', () => {
  expect(parsePipSettings(`global.index-url='https://u:a\\\\b\\'c\\xe9@h.example'\n`).get('index-url')).toBe("https://u:a\\b'cé@h.example");
  expect(parsePipSettings('').size).toBe(0);
});
