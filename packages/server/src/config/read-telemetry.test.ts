import { describe, expect, it } from 'vitest';
import { readTelemetry } from './read-telemetry.ts';

const KEY = '00000000-1111-2222-3333-444444444444';
const connected = (text: string): ReturnType<typeof readTelemetry> => readTelemetry({ APPLICATIONINSIGHTS_CONNECTION_STRING: text });

describe('the variables of telemetry', () => {
  it('ask for nothing when they are not there, empty, or in a test', () => {
    for (const env of [{}, { SERVICE_NAME: 'x' }, { APP_INSIGHTS_INSTRUMENTATION_KEY: '' }, { APPLICATIONINSIGHTS_CONNECTION_STRING: ' ' }, { APP_INSIGHTS_INSTRUMENTATION_KEY: KEY, NODE_ENV: 'test' }]) expect(readTelemetry(env)).toBeUndefined();
  });

  it('are a key and the name of the service, as they were', () => {
    expect(readTelemetry({ APP_INSIGHTS_INSTRUMENTATION_KEY: KEY, SERVICE_NAME: 'training' })).toEqual({ setting: 'APP_INSIGHTS_INSTRUMENTATION_KEY', instrumentationKey: KEY, ingestionUrl: 'https://dc.services.visualstudio.com', role: 'training' });
  });

  it('stand in the environment first, then in the dotenv file', () => {
    const file = { APP_INSIGHTS_INSTRUMENTATION_KEY: KEY, SERVICE_NAME: 'of the file' };
    expect(readTelemetry({}, file)).toMatchObject({ instrumentationKey: KEY, role: 'of the file' });
    expect(readTelemetry({ SERVICE_NAME: 'mine' }, file)).toMatchObject({ role: 'mine' });
    expect(readTelemetry({ APP_INSIGHTS_INSTRUMENTATION_KEY: '' }, file)).toBeUndefined();
  });

  it.each([
    [`InstrumentationKey=${KEY};IngestionEndpoint=https://westeurope-5.in.applicationinsights.azure.com/;LiveEndpoint=https://x/`, 'https://westeurope-5.in.applicationinsights.azure.com'],
    [` instrumentationkey = ${KEY} ; ingestionendpoint = https://a.example/base/ ;`, 'https://a.example/base'],
    [`InstrumentationKey=${KEY}`, 'https://dc.services.visualstudio.com'],
    [`InstrumentationKey=${KEY};EndpointSuffix=applicationinsights.azure.us;Location=west`, 'https://west.dc.applicationinsights.azure.us'],
    [`InstrumentationKey=${KEY};IngestionEndpoint=http://127.0.0.1:8080`, 'http://127.0.0.1:8080'],
  ])('take a connection string: %s', (text, ingestionUrl) => {
    expect(connected(text)).toEqual({ setting: 'APPLICATIONINSIGHTS_CONNECTION_STRING', instrumentationKey: KEY, ingestionUrl, role: 'trainyard' });
  });

  it('prefer the connection string', () => {
    expect(readTelemetry({ APP_INSIGHTS_INSTRUMENTATION_KEY: 'other', APPLICATIONINSIGHTS_CONNECTION_STRING: `InstrumentationKey=${KEY}` })).toMatchObject({ instrumentationKey: KEY });
  });

  it.each([
    [`IngestionEndpoint=https://a.example`, 'it has no InstrumentationKey=…'],
    [`${KEY}`, 'a part of it is not NAME=value'],
    [`InstrumentationKey=${KEY};IngestionEndpoint=a.example`, 'its IngestionEndpoint is not the URL of a server'],
    [`InstrumentationKey=${KEY};IngestionEndpoint=https://me:pass@a.example`, 'its IngestionEndpoint is not the URL of a server'],
    [`InstrumentationKey=${KEY};IngestionEndpoint=http://a.example`, 'its IngestionEndpoint must begin with https://'],
    ['InstrumentationKey=a key', 'the key has characters that no key has'],
  ])('refuse what cannot be one, without repeating it: %s', (text, problem) => {
    expect(() => connected(text)).toThrow(expect.objectContaining({ code: 'INVALID_SETTING', message: expect.stringMatching(new RegExp(`APPLICATIONINSIGHTS_CONNECTION_STRING.*${problem.replaceAll('.', '\\.')}`)) as string }) as Error);
    expect(() => connected(text)).not.toThrow(KEY);
  });
});
