import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Io } from '../io.ts';
import { findTokenFile, type TokenFile } from './token-file.ts';

/** Which server a command talks to, and as whom. */
export interface Address {
  /** Without a path. */
  readonly url: string;
  readonly token: string | undefined;
  readonly urlFrom: '--url' | 'TRAINYARD_URL' | 'file' | 'default';
  readonly tokenFrom: 'TRAINYARD_TOKEN' | 'file' | undefined;
  /** The private file of the server, when it was used. */
  readonly file: string | undefined;
}

const DEFAULT_PORT = '5000';

/** --url, TRAINYARD_URL, the running server's private file, the default; the token likewise, but never from the command line. */
export async function findAddress(io: Pick<Io, 'env' | 'cwd' | 'home'>, flagUrl: string | undefined): Promise<Address> {
  const fromEnv = io.env['TRAINYARD_URL'] || undefined;
  const named = flagUrl ?? fromEnv;
  const ownToken = io.env['TRAINYARD_TOKEN'] || undefined;
  const file = named !== undefined && ownToken !== undefined ? undefined : await findTokenFile(io);
  const url = named === undefined ? (file?.url ?? defaultUrl(io.env['TRAINYARD_PORT'])) : checkedUrl(named, flagUrl === undefined ? 'TRAINYARD_URL' : '--url');
  // the token of one server is never sent to another
  const fileToken = file !== undefined && sameServer(file.url, url) ? file : undefined;
  return {
    url,
    urlFrom: flagUrl !== undefined ? '--url' : fromEnv !== undefined ? 'TRAINYARD_URL' : file !== undefined ? 'file' : 'default',
    ...tokenOf(ownToken, fileToken),
    file: file?.file,
  };
}

/** Where a server listens that was told nothing, or only its port. */
function defaultUrl(port: string | undefined): string {
  return `http://127.0.0.1:${/^[1-9]\d{0,4}$/.test(port ?? '') ? port : DEFAULT_PORT}`;
}

function tokenOf(own: string | undefined, file: TokenFile | undefined): Pick<Address, 'token' | 'tokenFrom'> {
  if (own !== undefined) return { token: own, tokenFrom: 'TRAINYARD_TOKEN' };
  return file?.token === undefined ? { token: undefined, tokenFrom: undefined } : { token: file.token, tokenFrom: 'file' };
}

function checkedUrl(text: string, from: string): string {
  const wrong = (problem: string): TrainyardError => new TrainyardError('USAGE', { problem: `${from} '${text}' ${problem}`, advice: `write it like ${defaultUrl(undefined)}` });
  if (!URL.canParse(text)) throw wrong('is not a URL');
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw wrong('must begin with http:// or https://');
  if (url.username !== '' || url.password !== '') throw wrong('must not hold a password; set TRAINYARD_TOKEN');
  return text.replace(/\/+$/, '');
}

function sameServer(a: string, b: string): boolean {
  return originOf(a) === originOf(b);
}

/** 127.0.0.1, ::1 and localhost are the same machine. */
function originOf(url: string): string {
  const { protocol, hostname, port } = new URL(url);
  const host = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname) ? 'loopback' : hostname;
  return `${protocol}//${host}:${port}`;
}
