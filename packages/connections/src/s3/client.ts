import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import type { OpeningStore } from '../transfer/object-connection.ts';
import { assumeRole } from './assume-role.ts';
import type { AwsKeys } from './signed-headers.ts';

const CONNECT_MS = 10_000;

/** A client with the connection's credentials, or with a role that was assumed with them. */
export function s3Client(spec: ConnectionSpec, { agents, env, signal }: OpeningStore): S3Client {
  const region = spec.region ?? env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'] ?? 'us-east-1';
  return new S3Client({
    region,
    forcePathStyle: spec.pathStyle ?? spec.endpoint !== undefined,
    followRegionRedirects: true,
    // checksums of Amazon's own kind are refused by many services that speak S3; we send and compare MD5
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // the transfers repeat what may pass
    maxAttempts: 1,
    requestHandler: { httpAgent: agents.http, httpsAgent: agents.https, connectionTimeout: CONNECT_MS },
    ...(spec.endpoint === undefined ? {} : { endpoint: spec.endpoint }),
    ...credentialsOf(spec, { agents, env, signal, region }),
  });
}

type Asking = Pick<OpeningStore, 'agents' | 'env' | 'signal'> & { readonly region: string };

function credentialsOf(spec: ConnectionSpec, asking: Asking): S3ClientConfig {
  if (spec.credentials === 'anonymous') return { signer: { sign: async (request) => request }, credentials: { accessKeyId: '', secretAccessKey: '' } };
  const own = ownCredentials(spec, asking.env);
  const { role } = spec;
  if (role === undefined || role === '') return { credentials: own };
  return { credentials: async () => assumeRole({ role, endpoint: spec.endpoint, ...asking }, typeof own === 'function' ? await own() : own) };
}

/** The keys of the connection, those of the environment, or what Amazon's usual chain finds: profile, web identity, the machine's role. */
function ownCredentials(spec: ConnectionSpec, env: Asking['env']): AwsKeys | (() => Promise<AwsKeys>) {
  if (spec.credentials !== 'ambient') return { accessKeyId: spec.keyID ?? '', secretAccessKey: spec.keySecret ?? '', ...(spec.token === undefined ? {} : { sessionToken: spec.token }) };
  const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '', AWS_SESSION_TOKEN: sessionToken } = env;
  if (accessKeyId !== '' && secretAccessKey !== '') return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  const { AWS_PROFILE: profile, AWS_SHARED_CREDENTIALS_FILE: filepath, AWS_CONFIG_FILE: configFilepath } = env;
  return defaultProvider({ ...(profile === undefined ? {} : { profile }), ...(filepath === undefined ? {} : { filepath }), ...(configFilepath === undefined ? {} : { configFilepath }) });
}
