import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import * as s3 from '@aws-sdk/client-s3';
import type { HttpAgents } from '../transfer/http-agents.ts';
import { httpCall, textOf } from '../transfer/http-call.ts';
import { storeFailure } from '../transfer/store-failure.ts';
import { answerOf, elementOf } from './answer.ts';
import { signedHeaders } from './signed-headers.ts';

interface WantedBytes {
  readonly key: string;
  /** Quoted. */
  readonly etag: string;
  /** Such as `bytes=0-9`; the whole object when it is absent. */
  readonly range: string | undefined;
}

export interface ReadAnswer extends Pick<s3.GetObjectCommandOutput, 'ETag' | 'ContentRange' | 'ServerSideEncryption' | 'SSECustomerAlgorithm'> {
  readonly bytes: Readable;
}

/** How the SDK addresses the objects of a bucket, after all redirects. */
interface Addressed {
  /** To which the key is appended. */
  readonly base: string;
  /** That signatures are for; undefined where nobody signs. */
  readonly region: string | undefined;
}

interface Target extends Pick<Addressed, 'region'> {
  readonly url: URL;
}

const SIGNED_FOR = /Credential=[^,]*\/([\w-]+)\/s3\/aws4_request/;

/** Reads of a bucket. The SDK takes longer for a call than a small object takes to come, so it is asked for the first one only, and the others in the same way as that. */
export class ObjectReads {
  readonly #client: s3.S3Client;
  readonly #bucket: string;
  readonly #agents: HttpAgents;
  #addressed: Addressed | undefined;

  constructor(client: s3.S3Client, bucket: string, agents: HttpAgents) {
    [this.#client, this.#bucket, this.#agents] = [client, bucket, agents];
  }

  /** Throws StoreFailure. */
  get(wanted: WantedBytes, signal: AbortSignal): Promise<ReadAnswer> {
    const target = this.#addressed === undefined ? undefined : targetIn(this.#addressed, wanted.key);
    return target === undefined ? this.#getBySdk(wanted, signal) : this.#getLikeFirst(target, wanted, signal);
  }

  async #getBySdk({ key, etag, range }: WantedBytes, signal: AbortSignal): Promise<ReadAnswer> {
    const command = new s3.GetObjectCommand({ Bucket: this.#bucket, Key: key, IfMatch: etag, Range: range });
    let sent: unknown;
    command.middlewareStack.add((next) => (args) => next({ ...args, request: (sent = args.request) }), { step: 'deserialize' });
    try {
      const { Body, ...answer } = await this.#client.send(command, { abortSignal: signal });
      this.#addressed = addressedIn(sent as SentRequest, key);
      // in Node a body is a stream of Node
      return { ...answer, bytes: Body as Readable };
    } catch (error) {
      signal.throwIfAborted();
      throw storeFailure(answerOf(error));
    }
  }

  async #getLikeFirst({ url, region }: Target, { etag, range }: WantedBytes, signal: AbortSignal): Promise<ReadAnswer> {
    const headers = await this.#signed(url, region, { 'if-match': etag, ...(range === undefined ? {} : { range }) });
    const answer = await httpCall(this.#agents, { method: 'GET', url, headers, signal });
    const { statusCode: status = 0 } = answer;
    if (status !== 200 && status !== 206) throw storeFailure({ status, code: elementOf(await textOf(answer, signal), 'Code') ?? '' });
    return readAnswer(answer);
  }

  async #signed(url: URL, region: string | undefined, headers: Readonly<Record<string, string>>): Promise<Readonly<Record<string, string>>> {
    if (region === undefined) return headers;
    const { credentials, systemClockOffset } = this.#client.config;
    return signedHeaders({ method: 'GET', url, headers, body: '' }, { region, service: 's3', keys: await credentials(), at: new Date(Date.now() + systemClockOffset) });
  }
}

function readAnswer(bytes: IncomingMessage): ReadAnswer {
  const header = (name: string): string | undefined => bytes.headers[name]?.toString();
  return {
    bytes,
    ETag: header('etag'),
    ContentRange: header('content-range'),
    ServerSideEncryption: header('x-amz-server-side-encryption') as s3.ServerSideEncryption | undefined,
    SSECustomerAlgorithm: header('x-amz-server-side-encryption-customer-algorithm'),
  };
}

/** A request as the SDK hands it to the network. */
interface SentRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Undefined for signatures of other kinds, which stay with the SDK. */
function addressedIn({ protocol, hostname, port, path, headers }: SentRequest, key: string): Addressed | undefined {
  const authorization = headers['authorization'];
  const region = SIGNED_FOR.exec(authorization ?? '')?.[1];
  if (!path.endsWith(`/${encodedKey(key)}`) || (authorization !== undefined && region === undefined)) return undefined;
  return { base: `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path.slice(0, -encodedKey(key).length)}`, region };
}

/** Undefined for keys with names that climb, which a URL cannot have. */
function targetIn({ base, region }: Addressed, key: string): Target | undefined {
  const url = new URL(`${base}${encodedKey(key)}`);
  return url.pathname.endsWith(`/${encodedKey(key)}`) ? { url, region } : undefined;
}

function encodedKey(key: string): string {
  return encodeURIComponent(key).replaceAll('%2F', '/').replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}
