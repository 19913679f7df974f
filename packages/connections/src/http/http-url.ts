import { ConnectionError, type Place } from '../connection.ts';
import { safeName } from '../transfer/safe-path.ts';

/** Where one file is fetched from. */
export interface HttpFile {
  /** Without credentials and fragment. */
  readonly url: URL;
  /** The last part of its path, never a header's. */
  readonly name: string;
}

/** What a file without a name in its path is called. */
const NAMELESS = 'download';

/** Undefined for what is no http(s) URL. */
export function parseHttpUrl(uri: string): URL | undefined {
  const url = /^https?:\/\//i.test(uri) && !/\s/.test(uri) ? URL.parse(uri) : null;
  return url ?? undefined;
}

/** A path of the place counts from the root of the server; a slash at its end would mean a directory, which HTTP does not have. */
export function httpFile({ spec, path }: Place): HttpFile {
  const base = parseHttpUrl(spec.uri);
  if (base === undefined) throw new ConnectionError('invalid', `'${withoutLogin(spec.uri)}' is not fetched: the uri has to be an http:// or https:// URL`);
  const url = path === undefined || path === '' ? base : new URL(`${base.origin}/${path.replace(/^\/+/, '').split('/').map(encodeURIComponent).join('/')}`);
  [url.username, url.password, url.hash] = ['', '', ''];
  if (path?.endsWith('/') === true) throw new ConnectionError('invalid', `${shown(url)} would be a directory, and a connection of the type http gives single files: leave out the slash, or bind the files one by one`);
  return { url, name: safeName(decoded(url.pathname.slice(url.pathname.lastIndexOf('/') + 1)) || NAMELESS) };
}

/** For messages: what stands behind a question mark may be a signature. */
export function shown(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

/** A user and password in front of a host stay out of every message. */
export function withoutLogin(uri: string): string {
  return uri.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^/@]*@/i, '$1');
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    // a percent sign that encodes nothing is one
    return name;
  }
}
