import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { LoopbackListener } from '../loopback/listener.ts';

/** One thing told, as it arrived. */
export interface ToldEnvelope {
  readonly name: string;
  readonly time: string;
  readonly iKey: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly data: { readonly baseType: string; readonly baseData: Readonly<Record<string, unknown>> & { readonly properties: Readonly<Record<string, string>> } };
}

/** The ingestion of Application Insights on a port of loopback: it refuses what is no envelope, and keeps the rest. */
export class FakeIngestion {
  readonly envelopes: ToldEnvelope[] = [];
  readonly refused: string[] = [];
  /** Everything that came, for looking through. */
  readonly texts: string[] = [];
  /** Status of its answers; undefined: it takes a call and never answers. */
  answers: number | undefined = 200;
  readonly #listener = new LoopbackListener((request, response) => void this.#take(request, response));

  static async start(): Promise<FakeIngestion> {
    const ingestion = new FakeIngestion();
    await ingestion.start();
    return ingestion;
  }

  get url(): string {
    return this.#listener.url;
  }

  /** With a slash at its end, as the portal shows it. */
  connectionString(key: string): string {
    return `InstrumentationKey=${key};IngestionEndpoint=${this.url}/;LiveEndpoint=${this.url}/`;
  }

  start(): Promise<void> {
    return this.#listener.start();
  }

  stop(): Promise<void> {
    return this.#listener.stop();
  }

  of(baseType: string): ToldEnvelope[] {
    return this.envelopes.filter(({ data }) => data.baseType === baseType);
  }

  /** Values of a metric, each with its attributes. */
  metric(name: string): { readonly value: number; readonly count: number; readonly properties: Readonly<Record<string, string>> }[] {
    return this.of('MetricData').flatMap(({ data: { baseData } }) => (baseData['metrics'] as { name: string; value: number; count: number }[]).filter((one) => one.name === name).map(({ value, count }) => ({ value, count, properties: baseData.properties })));
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request).catch(() => undefined);
    // broken off by the caller: nobody is there to be answered
    if (body === undefined) return;
    this.texts.push(`${JSON.stringify(request.headers)}\n${body}`);
    if (this.answers === undefined) return;
    const problems = this.#problemsOf(request, body);
    this.refused.push(...problems);
    const accepted = problems.length === 0 && this.answers === 200;
    const envelopes = problems.length === 0 ? (JSON.parse(body) as ToldEnvelope[]) : [];
    if (accepted) this.envelopes.push(...envelopes);
    response.writeHead(problems.length > 0 ? 400 : this.answers, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ itemsReceived: envelopes.length, itemsAccepted: accepted ? envelopes.length : 0, errors: problems.map((message, index) => ({ index, statusCode: 400, message })) }));
  }

  #problemsOf({ method, url, headers }: IncomingMessage, body: string): string[] {
    if (`${method} ${url}` !== 'POST /v2.1/track') return [`there is no '${method} ${url}'`];
    if (headers['content-type'] !== 'application/json') return [`the type '${headers['content-type']}' is not taken`];
    const envelopes = JSON.parse(body) as (ToldEnvelope & { readonly ver: unknown })[];
    return envelopes.flatMap((one) => [
      ...(one.ver === 1 && one.data.baseData['ver'] === 2 ? [] : ['a version is wrong']),
      ...(Number.isNaN(Date.parse(one.time)) ? [`'${one.time}' is no time`] : []),
      ...(/^Microsoft\.ApplicationInsights\.(Request|RemoteDependency|Metric)$/.test(one.name) ? [] : [`'${one.name}' is not known`]),
      ...('duration' in one.data.baseData && !/^(\d+\.)?\d\d:\d\d:\d\d\.\d{3,7}$/.test(String(one.data.baseData['duration'])) ? [`'${String(one.data.baseData['duration'])}' is no duration`] : []),
      ...(Object.values({ ...one.data.baseData.properties, ...one.tags }).every((value) => typeof value === 'string') ? [] : ['a property is not text']),
    ]);
  }
}
