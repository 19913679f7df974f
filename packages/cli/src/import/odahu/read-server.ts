import { withoutEndingSlashes } from '@trainyard/core/ending-slashes.ts';
import { messageOf, TrainyardError } from '@trainyard/core/errors.ts';
import type { Io } from '../../io.ts';
import { type FoundManifest, type Kind, KINDS } from '../../manifest/manifest.ts';
import { fromOdahu } from '../../manifest/odahu-values.ts';
import type { Finding } from '../findings.ts';
import type { OdahuResources } from './resources.ts';

const TIMEOUT_MS = 60_000;
/** ODAHU's own page. */
const PAGE = 500;

const PATHS: Readonly<Record<Kind, string>> = { Connection: 'connection', ToolchainIntegration: 'toolchain/integration', ModelTraining: 'model/training' };
/** What lies outside of training. */
const OTHERS = { PackagingIntegration: 'packaging/integration', ModelPackaging: 'model/packaging', ModelDeployment: 'model/deployment', ModelRoute: 'model/route' } as const;

interface Item {
  readonly id: string;
  readonly spec: Readonly<Record<string, unknown>>;
}

/** Everything an ODAHU server has of ours, secrets included, and the names of the rest. Its token is `API_TOKEN`, as for its own client. */
export async function readServer(url: string, io: Io): Promise<OdahuResources> {
  const server = new OdahuServer(url, io);
  const refused: Finding[] = [];
  const found: FoundManifest<Kind>[] = [];
  for (const kind of KINDS) {
    for (const { id } of await server.list(PATHS[kind])) {
      const record = `${kind} '${id}'`;
      try {
        const { spec } = await server.get(`${PATHS[kind]}/${encodeURIComponent(id)}${kind === 'Connection' ? '/decrypted' : ''}`);
        found.push(fromOdahu({ manifest: { kind, id, spec }, where: record }));
      } catch (error) {
        // one that cannot be read is told, and does not keep the others back
        if (io.interrupted.aborted) throw error;
        refused.push({ record, text: messageOf(error) });
      }
    }
  }
  const resources = found.map(({ manifest, where }) => ({ manifest, where, dir: undefined }));
  return { title: `ODAHU at ${server.url}`, resources, refused, skipped: await server.others() };
}

class OdahuServer {
  /** Without user and password. */
  readonly url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #interrupted: AbortSignal;

  constructor(text: string, { env, interrupted }: Io) {
    const url = new URL(text);
    [url.username, url.password, url.search, url.hash] = ['', '', '', ''];
    this.url = withoutEndingSlashes(url.href);
    const token = env['API_TOKEN'] ?? '';
    this.#headers = { accept: 'application/json', ...(token === '' ? {} : { authorization: `Bearer ${token}` }) };
    this.#interrupted = interrupted;
  }

  async list(path: string): Promise<readonly Item[]> {
    const items = new Map<string, Item>();
    for (let page = 0; ; page++) {
      const answer = await this.#ask(`${path}?size=${PAGE}&page=${page}`);
      // some lists of ODAHU end with null
      const part = (Array.isArray(answer) ? answer : []) as readonly Item[];
      const before = items.size;
      for (const item of part) items.set(item.id, item);
      if (part.length < PAGE || items.size === before) return [...items.values()];
    }
  }

  async get(path: string): Promise<Item> {
    return (await this.#ask(path)) as Item;
  }

  /** Names of what is not brought. A server without these parts has none of them. */
  async others(): Promise<string[]> {
    const named: string[] = [];
    for (const [kind, path] of Object.entries(OTHERS)) {
      try {
        named.push(...(await this.list(path)).map(({ id }) => `${kind} '${id}' is left out: it lies outside of training`));
      } catch (error) {
        if (this.#interrupted.aborted) throw error;
        named.push(`what there is of ${kind} is not known: ${messageOf(error)}`);
      }
    }
    return named;
  }

  async #ask(path: string): Promise<unknown> {
    const target = `${this.url}/api/v1/${path}`;
    let response: Response;
    try {
      // a login page that is followed looks like an answer
      response = await fetch(target, { headers: this.#headers, redirect: 'manual', signal: AbortSignal.any([this.#interrupted, AbortSignal.timeout(TIMEOUT_MS)]) });
    } catch (error) {
      if (this.#interrupted.aborted) throw error;
      throw new TrainyardError('USAGE', { problem: `no ODAHU answers at ${this.url}`, advice: 'check the address; it is the one of odahuflowctl login' }, { cause: error });
    }
    const text = await response.text();
    if (response.ok) return parsed(text, this.url);
    const login = response.status === 401 || (response.status >= 300 && response.status < 400);
    throw new TrainyardError('USAGE', { problem: `${this.url} answered ${response.status} to /api/v1/${path}: ${login ? 'it asks for a login' : messageIn(text)}`, advice: login || response.status === 403 ? "give the token of an administrator in API_TOKEN: odahuflowctl config get API_TOKEN --show-secrets" : 'look at the server' });
  }
}

function parsed(text: string, url: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new TrainyardError('USAGE', { problem: `what answers at ${url} is no ODAHU: its answer is not JSON`, advice: 'give the address of odahuflowctl login, without /api/v1' }, { cause: error });
  }
}

function messageIn(text: string): string {
  try {
    const { message } = JSON.parse(text) as { readonly message?: unknown };
    if (typeof message === 'string') return message;
  } catch {
    // the text itself says more
  }
  return text.slice(0, 200);
}
