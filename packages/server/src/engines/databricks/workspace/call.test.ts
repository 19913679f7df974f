import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { OutboundCall } from '../../../platform/outbound/outbound-http.ts';
import { callJson } from './call.ts';

/** What one call ends with when this is answered. */
function called(status: number, body: string, method: OutboundCall['method'] = 'POST', headers: Record<string, string> = {}): Promise<unknown> {
  const outbound = { request: () => Promise.resolve({ status, headers, body: Readable.from([Buffer.from(body)]) }) };
  return callJson(outbound, { url: 'https://w/api', method, timeoutMs: 1, maxBytes: 1_000 }, Date.parse('2026-01-01T00:00:00Z')).then(
    (answer) => answer,
    (error: unknown) => error,
  );
}

const trouble = (message: string | RegExp): object => ({ name: 'WorkspaceTrouble', answered: true, message: expect.stringMatching(message) });
const refusal = (code: string, message: string): object => ({ name: 'WorkspaceRefusal', code, message });
const said = (code: string, message: string): string => JSON.stringify({ error_code: code, message });

describe('an answer of the workspace', () => {
  it.each<[string, number, string]>([
    ['a gateway that has no origin', 522, ''],
    ['a site that is overloaded', 529, '{"message":"site overloaded"}'],
    ['a redirect', 302, ''],
    ['a redirect that says something', 307, said('MOVED', 'elsewhere')],
    ['a no without a word', 403, ''],
    ['a no of spaces', 400, ' \n'],
    ['a page of a proxy', 403, '<html>'],
    ['something that is not implemented by a proxy', 501, ''],
    ['a code that passes', 400, said('RESOURCE_EXHAUSTED', 'slow down')],
    ...['com.databricks.backend.manager.util.UnknownWorkerEnvironmentException: x', 'Workspace 1 does not have any associated worker environments', 'There is no worker environment with id 1', 'Unknown worker environment WorkerEnvId(1)', 'ClusterNotReadyException: wait', 'worker env 1 not found'].map((words): [string, number, string] => [words, 400, said('INVALID_STATE', words)]),
  ])('that is %s says nothing for good', async (_what, status, body) => {
    expect(await called(status, body)).toMatchObject(trouble(`^the workspace answered ${status}`));
  });

  it.each<[string, number, string, object]>([
    ['the API', 400, said('INVALID_PARAMETER_VALUE', 'no such node type'), refusal('INVALID_PARAMETER_VALUE', 'no such node type')],
    ['what is not there', 501, said('NOT_IMPLEMENTED', 'not here'), refusal('NOT_IMPLEMENTED', 'not here')],
    ['OAuth', 401, '{"error":"invalid_client","error_description":"who?"}', refusal('invalid_client', 'who?')],
    ['SCIM', 404, '{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"detail":"User not found.","status":"404"}', refusal('', 'User not found.')],
  ])('is a no in the words of %s', async (_what, status, body, error) => {
    expect(await called(status, body)).toMatchObject(error);
  });

  it('needs no body where it has nothing to say', async () => {
    expect(await Promise.all([called(200, ''), called(204, '', 'PUT'), called(200, '', 'HEAD'), called(204, '', 'DELETE')])).toEqual([{}, {}, {}, {}]);
    for (const method of ['HEAD', 'DELETE'] as const) expect(await called(404, '', method)).toMatchObject({ name: 'WorkspaceRefusal', status: 404 });
    expect(await called(200, '', 'GET')).toMatchObject(trouble('something that is not JSON'));
  });

  it('may ask for a pause, in seconds or until a date', async () => {
    expect(await called(503, '', 'GET', { 'retry-after': '7' })).toMatchObject({ retryAfterMs: 7_000 });
    expect(await called(429, '{}', 'GET', { 'retry-after': 'Thu, 01 Jan 2026 00:01:00 GMT' })).toMatchObject({ retryAfterMs: 60_000 });
    expect(await called(302, '', 'GET', { 'retry-after': 'soon' })).toMatchObject({ retryAfterMs: undefined });
  });
});

describe('a no of the workspace', () => {
  it.each([
    [400, said('INVALID_PARAMETER_VALUE', 'x'), 'bad_spec'],
    [400, said('QUOTA_EXCEEDED', 'The quota for the number of runs has been reached.'), 'could_not_start'],
    [401, said('UNAUTHENTICATED', 'x'), 'could_not_start'],
    [403, said('PERMISSION_DENIED', 'x'), 'could_not_start'],
  ])('with %i %s ends an attempt with %s', async (status, body, reason) => {
    expect(await called(status, body)).toMatchObject({ name: 'WorkspaceRefusal', reason });
  });

  it.each(['Run 1 does not exist.', "Run: 1 in job: 2 doesn't exist"])('is one about absence when it says %s', async (message) => {
    expect(await called(400, said('INVALID_PARAMETER_VALUE', message))).toMatchObject({ isAbsence: true });
  });
});
