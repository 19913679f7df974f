import { readFile } from 'node:fs/promises';
import { type HttpCall, httpCall, textOf } from '../transfer/http-call.ts';
import type { HttpAgents } from '../transfer/http-agents.ts';
import { StoreFailure, storeFailure } from '../transfer/store-failure.ts';

const RESOURCE = 'https://storage.azure.com/';
/** A token is asked for anew when it has less than this left. */
const SPARE_MS = 300_000;

type Env = Readonly<Record<string, string>>;
type TokenCall = Omit<HttpCall, 'signal'>;

/**
 * A token of the identity this machine has: workload identity (a file of the cluster), a service principal of the environment,
 * the identity of an App Service, or that of a virtual machine. In the names Azure's own tools use.
 */
export function machineToken(agents: HttpAgents, env: Env): (signal: AbortSignal | undefined) => Promise<string> {
  let last: { readonly token: string; readonly untilMs: number } | undefined;
  return async (signal = new AbortController().signal) => {
    if (last !== undefined && last.untilMs - Date.now() > SPARE_MS) return last.token;
    const answer = await httpCall(agents, { ...(await callFor(env)), signal });
    const text = await textOf(answer, signal);
    const { statusCode: status = 0 } = answer;
    const { access_token: token, expires_in: seconds, error } = parsed(text);
    if (status !== 200 || typeof token !== 'string') throw refusedOr(storeFailure({ status: status === 200 ? 500 : status, code: String(error ?? '') }));
    last = { token, untilMs: Date.now() + Number(seconds ?? 0) * 1000 };
    return token;
  };
}

async function callFor(env: Env): Promise<TokenCall> {
  const { AZURE_TENANT_ID: tenant, AZURE_CLIENT_ID: client, AZURE_FEDERATED_TOKEN_FILE: file, AZURE_CLIENT_SECRET: secret, IDENTITY_ENDPOINT: service, IDENTITY_HEADER: header } = env;
  if (tenant !== undefined && client !== undefined && (file !== undefined || secret !== undefined)) {
    const proof: Record<string, string> = file === undefined ? { client_secret: secret ?? '' } : { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion: (await tokenIn(file)).trim() };
    const url = new URL(`/${encodeURIComponent(tenant)}/oauth2/v2.0/token`, env['AZURE_AUTHORITY_HOST'] ?? 'https://login.microsoftonline.com');
    const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: client, scope: `${RESOURCE}.default`, ...proof }).toString();
    return { method: 'POST', url, headers: { 'content-type': 'application/x-www-form-urlencoded' }, body };
  }
  const whose = { resource: RESOURCE, ...(client === undefined ? {} : { client_id: client }) };
  if (service !== undefined && header !== undefined) return { method: 'GET', url: withQuery(service, { 'api-version': '2019-08-01', ...whose }), headers: { 'x-identity-header': header } };
  const metadata = env['AZURE_POD_IDENTITY_AUTHORITY_HOST'] ?? 'http://169.254.169.254';
  return { method: 'GET', url: withQuery(`${metadata}/metadata/identity/oauth2/token`, { 'api-version': '2018-02-01', ...whose }), headers: { metadata: 'true' } };
}

async function tokenIn(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => {
    throw new StoreFailure('refused', 'the file AZURE_FEDERATED_TOKEN_FILE cannot be read');
  });
}

function withQuery(url: string, query: Readonly<Record<string, string>>): URL {
  const whole = new URL(url);
  for (const [name, value] of Object.entries(query)) whole.searchParams.set(name, value);
  return whole;
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** An identity service that knows no identity for us says 400 or 404. */
function refusedOr(failure: StoreFailure): StoreFailure {
  return failure.kind === 'invalid' || failure.kind === 'missing' ? new StoreFailure('refused', `this machine has no identity of Azure, ${failure.word}`) : failure;
}
