import { sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import { ConnectionError } from '../connection.ts';
import { StoreFailure } from '../transfer/store-failure.ts';
import type { Bearer } from './store.ts';

const SCOPE = 'https://www.googleapis.com/auth/devstorage.read_write';
const LIFE_S = 3600;
/** A token is made anew when it has less than this left. */
const SPARE_S = 300;

interface ServiceAccount {
  readonly client_email: string;
  readonly private_key: string;
  readonly private_key_id?: string;
}

/** Who calls: the connection's service account, the machine's identity, or nobody. */
export async function bearerOf(spec: ConnectionSpec, env: Readonly<Record<string, string>>): Promise<Bearer> {
  const credentials = spec.credentials ?? 'keys';
  switch (credentials) {
    case 'anonymous':
      return async () => undefined;
    case 'ambient':
      return machineBearer(env);
    case 'keys':
      // other kinds of such files name programs, files and URLs that this process would run, read and call for whoever wrote them
      return accountBearer(requireAccount(serviceAccountIn(spec.keySecret ?? '')));
    default:
      return credentials satisfies never;
  }
}

/** A service account signs its tokens itself: no call to another host. */
function accountBearer({ client_email, private_key, private_key_id }: ServiceAccount): Bearer {
  let made: { readonly token: string; readonly until: number } | undefined;
  return async () => {
    const now = Math.floor(Date.now() / 1000);
    if (made !== undefined && made.until - now > SPARE_S) return made.token;
    const header = { alg: 'RS256', typ: 'JWT', ...(private_key_id === undefined ? {} : { kid: private_key_id }) };
    const claims = { iss: client_email, sub: client_email, scope: SCOPE, iat: now, exp: now + LIFE_S };
    const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    made = { token: `${text}.${signed(text, private_key)}`, until: now + LIFE_S };
    return made.token;
  };
}

function signed(text: string, key: string): string {
  try {
    return sign('sha256', Buffer.from(text), key).toString('base64url');
  } catch {
    // its own words may quote the key
    throw new ConnectionError('invalid', 'the private_key in keySecret is none: copy the whole JSON key of the service account');
  }
}

/** Application default credentials: the file of the environment, the one `gcloud` made, workload identity, the machine's service account. */
async function machineBearer(env: Readonly<Record<string, string>>): Promise<Bearer> {
  const file = env['GOOGLE_APPLICATION_CREDENTIALS'];
  const account = file === undefined ? undefined : serviceAccountIn(await readFile(file, 'utf8').catch(() => ''));
  if (account !== undefined) return accountBearer(account);
  const { GoogleAuth } = await import('google-auth-library');
  const auth = new GoogleAuth({ scopes: SCOPE, ...(file === undefined ? {} : { keyFile: file }) });
  return async (signal) => {
    try {
      return (await auth.getAccessToken()) ?? undefined;
    } catch {
      signal.throwIfAborted();
      throw new StoreFailure('refused', 'this machine has no credentials of Google');
    }
  };
}

function requireAccount(account: ServiceAccount | undefined): ServiceAccount {
  if (account !== undefined) return account;
  throw new ConnectionError('invalid', 'keySecret is not the JSON key of a service account: make one in the console of Google Cloud, or set credentials to ambient');
}

function serviceAccountIn(text: string): ServiceAccount | undefined {
  try {
    const { type, client_email, private_key, private_key_id } = JSON.parse(text) as Record<string, unknown>;
    if (type !== 'service_account' || typeof client_email !== 'string' || typeof private_key !== 'string') return undefined;
    return { client_email, private_key, ...(typeof private_key_id === 'string' ? { private_key_id } : {}) };
  } catch {
    return undefined;
  }
}
