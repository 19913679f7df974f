import { Readable } from 'node:stream';
import { silentLogger } from '@trainyard/testkit/silent-logger.ts';
import { describe, expect, it } from 'vitest';
import type { OutboundAnswer, OutboundCall } from '../../platform/outbound/outbound-http.ts';
import type { Envelope } from './envelopes.ts';
import { Ingestion } from './ingestion.ts';

const GLOBAL = 'https://dc.services.visualstudio.com';
const REGION = 'https://westeurope-5.in.applicationinsights.azure.com';

interface Scripted {
  readonly status: number;
  readonly location?: string;
}

/** Answers as the script says, then 200; keeps what was called. */
function scripted(...answers: Scripted[]): { readonly ingestion: Ingestion; readonly calls: { readonly url: string; readonly count: number }[] } {
  const calls: { url: string; count: number }[] = [];
  const request = ({ url, body }: OutboundCall): Promise<OutboundAnswer> => {
    calls.push({ url, count: (JSON.parse(body as string) as unknown[]).length });
    const { status, location } = answers.shift() ?? { status: 200 };
    return Promise.resolve({ status, headers: location === undefined ? {} : { location }, body: Readable.from(['{}']) });
  };
  return { ingestion: new Ingestion({ outbound: { request }, url: GLOBAL, log: silentLogger }), calls };
}

function some(count: number): Envelope[] {
  return Array.from({ length: count }, (_, number) => ({ ver: 1, name: String(number), time: '', sampleRate: 100, iKey: '', tags: {}, data: { baseType: '', baseData: {} } }));
}

describe('the ingestion', () => {
  it('goes where the key belongs, and stays there', async () => {
    const { ingestion, calls } = scripted({ status: 308, location: `${REGION}/v2.1/track` });
    expect([await ingestion.send(some(1)), await ingestion.send(some(1))]).toEqual([true, true]);
    expect(calls.map(({ url }) => url)).toEqual([`${GLOBAL}/v2.1/track`, `${REGION}/v2.1/track`, `${REGION}/v2.1/track`]);
  });

  it.each(['https://evil.example/v2.1/track', 'http://westeurope-5.in.applicationinsights.azure.com/', 'https://applicationinsights.azure.com.evil.example/', 'https://evilservices.visualstudio.com.example/', '/v2.1/track', ''])('is sent nowhere else: %s', async (location) => {
    const { ingestion, calls } = scripted({ status: 307, location });
    expect(await ingestion.send(some(1))).toBe(false);
    expect(await ingestion.send(some(1))).toBe(true);
    expect(calls.map(({ url }) => url)).toEqual([`${GLOBAL}/v2.1/track`, `${GLOBAL}/v2.1/track`]);
  });

  it('follows no second redirect', async () => {
    const { ingestion, calls } = scripted({ status: 307, location: REGION }, { status: 307, location: GLOBAL });
    expect(await ingestion.send(some(1))).toBe(false);
    expect(calls).toHaveLength(2);
  });

  it('keeps the newest of what an outage holds up, and no more than it may', async () => {
    const { ingestion, calls } = scripted({ status: 503 }, { status: 429 }, { status: 500 });
    for (let i = 0; i < 3; i++) await ingestion.send(some(1_500));
    await ingestion.send([]);
    expect(calls.map(({ count }) => count)).toEqual([1_500, 3_000, 3_500, 2_000]);
  });

  it('does not send again what was refused', async () => {
    const { ingestion, calls } = scripted({ status: 400 }, { status: 206 });
    for (let i = 0; i < 3; i++) await ingestion.send(some(2));
    expect(calls.map(({ count }) => count)).toEqual([2, 2, 2]);
  });

  it('sends nothing once it has ended', async () => {
    const { ingestion, calls } = scripted();
    ingestion.end();
    expect(await ingestion.send(some(1))).toBe(false);
    expect(calls).toEqual([]);
  });
});
