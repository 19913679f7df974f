import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import { type ConnectionContext, ConnectionError } from '../connection.ts';
import { addressOf } from '../look-up.ts';
import type { HttpsUrl } from './git-url.ts';

/**
 * Asked by git for the host of the connection and for no other, also after a redirect. A token goes as a password, as all
 * hosts of repositories have it; as a bearer where the server offers nothing else (git 2.46 and newer can).
 */
const HELPER = [
  '!f() {',
  'test "$1" = get || exit 0;',
  'asked=$(cat);',
  'case "$asked" in',
  '*"wwwauth[]="[Bb]asic*) ;;',
  '*"capability[]=authtype"*"wwwauth[]="[Bb]earer*) test -z "$TRAINYARD_GIT_TOKEN" || { printf "capability[]=authtype\\nauthtype=Bearer\\ncredential=%s\\n" "$TRAINYARD_GIT_TOKEN"; exit 0; };;',
  'esac;',
  'printf "username=%s\\npassword=%s\\n" "$TRAINYARD_GIT_USERNAME" "$TRAINYARD_GIT_PASSWORD";',
  '}; f',
].join(' ');
/** What hosts take for the user of a token, when they look at it at all. */
const TOKEN_USER = 'x-access-token';

/** The variables with which git finds the credentials of a connection, and no others; with `credentials: ambient` those of the machine as well. */
export async function httpsLogin(url: HttpsUrl, spec: ConnectionSpec, context: ConnectionContext): Promise<Record<string, string>> {
  const login = loginOf(url, spec);
  const address = await addressOf(url.host, context);
  const settings: [string, string][] = [
    ...(spec.credentials === 'ambient' ? [] : [['credential.helper', ''] as [string, string]]),
    ...(login === undefined ? [] : [[`credential.${new URL(url.url).origin}.helper`, HELPER] as [string, string]]),
    // nobody waits for a host that sends nothing
    ['http.lowSpeedLimit', '1'], ['http.lowSpeedTime', '60'],
    ...(address === undefined ? [] : onlyTo(url, address)),
  ];
  return { ...configVariables(settings), ...login, GIT_ASKPASS: '' };
}

/** The address that was looked at, and no way past it: git would look up the host of a redirect by itself. */
function onlyTo({ host, port }: HttpsUrl, address: string): [string, string][] {
  return [['http.curloptResolve', `${host}:${port}:${address}`], ['http.proxy', ''], ['http.followRedirects', 'false']];
}

function loginOf(url: HttpsUrl, spec: ConnectionSpec): Record<string, string> | undefined {
  const token = line('token', spec.token);
  const username = line('username', spec.username) ?? url.username;
  const password = line('password', spec.password) ?? url.password;
  if (spec.credentials === 'anonymous' || (token ?? password) === undefined) return undefined;
  return { TRAINYARD_GIT_TOKEN: token ?? '', TRAINYARD_GIT_USERNAME: username ?? TOKEN_USER, TRAINYARD_GIT_PASSWORD: token ?? password ?? '' };
}

/** A line break at the end comes from the file it was read from; one inside would end the line git reads. */
function line(field: string, value = ''): string | undefined {
  let end = value.length;
  while (/[\r\n]/.test(value.charAt(end - 1))) end--;
  const text = value.slice(0, end);
  if (/[\r\n\0]/.test(text)) throw new ConnectionError('refused', `the ${field} of the connection has a line break inside: no git host takes that, check what was copied`);
  return text === '' ? undefined : text;
}

function configVariables(settings: readonly (readonly [string, string])[]): Record<string, string> {
  const variables = settings.flatMap(([key, value], i) => [[`GIT_CONFIG_KEY_${i}`, key], [`GIT_CONFIG_VALUE_${i}`, value]]);
  return { ...Object.fromEntries(variables), GIT_CONFIG_COUNT: String(settings.length) };
}
