import { withoutEndingSlashes } from '@trainyard/core/ending-slashes.ts';
import { TrainyardError, messageOf } from '@trainyard/core/errors.ts';
import type { Env } from '../../io.ts';
import { readJson } from './read-json.ts';

export type Json = Readonly<Record<string, unknown>>;

const TIMEOUT_MS = 600_000;
const TRIES = 4;
/** Of a page that is no answer of MLflow, the characters that are looked at. */
const PAGE_LIMIT = 10_000;

/** Calls an MLflow server as its own clients do, with what they read from the environment. */
export class MlflowClient {
  /** Without user and password. */
  readonly url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #interrupted: AbortSignal;

  constructor(uri: string, { env, workspace, interrupted }: { readonly env: Env; readonly workspace: string; readonly interrupted: AbortSignal }) {
    const url = new URL(uri);
    const user = env['MLFLOW_TRACKING_USERNAME'] ?? decodeURIComponent(url.username);
    const password = env['MLFLOW_TRACKING_PASSWORD'] ?? decodeURIComponent(url.password);
    const token = env['MLFLOW_TRACKING_TOKEN'] ?? '';
    [url.username, url.password, url.search, url.hash] = ['', '', '', ''];
    this.url = withoutEndingSlashes(url.href);
    const authorization = user !== '' ? `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` : token === '' ? undefined : `Bearer ${token}`;
    this.#headers = { ...(authorization === undefined ? {} : { authorization }), ...(workspace === 'default' ? {} : { 'x-mlflow-workspace': workspace }) };
    this.#interrupted = interrupted;
  }

  /** One call of the REST API; `undefined` when the server has no such endpoint. */
  async ask(method: 'GET' | 'POST', path: string, fields: Readonly<Record<string, string | number | readonly string[] | undefined>>): Promise<Json | undefined> {
    const query = new URLSearchParams(Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)] as [string, string]])));
    const target = `${this.url}/api/2.0/mlflow/${path}${method === 'GET' ? `?${query.toString()}` : ''}`;
    const body = method === 'POST' ? { body: JSON.stringify(fields), headers: { 'content-type': 'application/json' } } : {};
    const response = await this.#fetch(target, { method, ...body });
    const text = await response.text();
    if (response.ok) return asJson(text, target);
    if (response.status === 405 || (response.status === 404 && !text.includes('RESOURCE_DOES_NOT_EXIST'))) return undefined;
    throw new TrainyardError('USAGE', { problem: `MLflow at ${this.url} answered ${response.status} to ${path}: ${messageIn(text)}`, advice: adviceFor(response.status) });
  }

  /** All pages of a list. */
  async *pages(method: 'GET' | 'POST', path: string, fields: Readonly<Record<string, string | number | readonly string[] | undefined>>): AsyncGenerator<Json> {
    let token: string | undefined;
    do {
      const page = await this.ask(method, path, token === undefined ? fields : { ...fields, page_token: token });
      if (page === undefined) return;
      yield page;
      token = typeof page['next_page_token'] === 'string' && page['next_page_token'] !== '' ? page['next_page_token'] : undefined;
    } while (token !== undefined);
  }

  /** The bytes behind a path of the server. */
  async open(path: string): Promise<Response> {
    const response = await this.#fetch(`${this.url}${path}`, {});
    if (response.ok) return response;
    throw new Error(`MLflow answered ${response.status}: ${messageIn(await response.text())}`);
  }

  /** A server that is busy or restarts is asked again. */
  async #fetch(target: string, init: RequestInit): Promise<Response> {
    for (let attempt = 1; ; attempt++) {
      try {
        const signal = AbortSignal.any([this.#interrupted, AbortSignal.timeout(TIMEOUT_MS)]);
        const response = await fetch(target, { ...init, headers: { ...this.#headers, ...init.headers }, signal });
        if (attempt >= TRIES || ![429, 502, 503, 504].includes(response.status)) return response;
        await response.body?.cancel();
      } catch (error) {
        if (this.#interrupted.aborted) throw error;
        if (attempt >= TRIES) throw new TrainyardError('USAGE', { problem: `no MLflow answers at ${this.url}: ${messageOf((error as Error).cause ?? error)}`, advice: 'is it running, and is the address right?' }, { cause: error });
      }
      await new Promise((next) => setTimeout(next, 250 * 4 ** (attempt - 1)));
    }
  }
}

function asJson(text: string, target: string): Json {
  try {
    return readJson(text) as Json;
  } catch (error) {
    throw new TrainyardError('USAGE', { problem: `what answers at ${target} is no MLflow: ${text.slice(0, 80)}`, advice: 'give the address of the server itself, such as http://127.0.0.1:5000' }, { cause: error });
  }
}

function messageIn(text: string): string {
  try {
    return String((JSON.parse(text) as { message?: unknown }).message);
  } catch {
    // a page of the web server in front of it
    return text.slice(0, PAGE_LIMIT).replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ').trim().slice(0, 120);
  }
}

function adviceFor(status: number): string {
  return status === 401 || status === 403 ? 'set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD' : "look into the server's log";
}

/** A list of objects in an answer; absent is empty. */
export function listOf(json: Json | undefined, name: string): readonly Json[] {
  const value = json?.[name];
  return Array.isArray(value) ? (value as Json[]) : [];
}

export function objectOf(json: Json | undefined, name: string): Json {
  const value = json?.[name];
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

export function textOf(json: Json, name: string): string {
  const value = json[name];
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

export function textOrNull(json: Json, name: string): string | null {
  return json[name] === undefined || json[name] === null ? null : textOf(json, name);
}
