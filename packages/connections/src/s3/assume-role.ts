import type { OpeningStore } from '../transfer/object-connection.ts';
import { httpCall, textOf } from '../transfer/http-call.ts';
import { storeFailure } from '../transfer/store-failure.ts';
import { elementOf } from './answer.ts';
import { type AwsKeys, signedHeaders } from './signed-headers.ts';

interface RoleRequest extends Pick<OpeningStore, 'agents' | 'env' | 'signal'> {
  readonly role: string;
  readonly region: string;
  /** Of a service that speaks S3: such ones give roles at the same address. */
  readonly endpoint: string | undefined;
}

/** Asks the token service for the role's credentials; the SDK begins again when they are over. Throws StoreFailure. */
export async function assumeRole({ role, region, endpoint, agents, env, signal }: RoleRequest, keys: AwsKeys): Promise<AwsKeys & { readonly expiration: Date }> {
  const url = new URL(env['AWS_ENDPOINT_URL_STS'] ?? endpoint ?? `https://sts.${region}.amazonaws.com`);
  const body = new URLSearchParams({ Action: 'AssumeRole', Version: '2011-06-15', RoleArn: role, RoleSessionName: 'trainyard' }).toString();
  const headers = signedHeaders({ method: 'POST', url, headers: { 'content-type': 'application/x-www-form-urlencoded' }, body }, { region, service: 'sts', keys, at: new Date() });
  const answer = await httpCall(agents, { method: 'POST', url, headers, body, signal });
  const text = await textOf(answer, signal);
  const { statusCode: status = 0 } = answer;
  const [accessKeyId, secretAccessKey, sessionToken, expiration] = ['AccessKeyId', 'SecretAccessKey', 'SessionToken', 'Expiration'].map((name) => elementOf(text, name));
  if (status !== 200 || accessKeyId === undefined || secretAccessKey === undefined || sessionToken === undefined) throw storeFailure({ status: status === 200 ? 500 : status, code: elementOf(text, 'Code') ?? 'AssumeRole' });
  return { accessKeyId, secretAccessKey, sessionToken, expiration: new Date(expiration ?? Date.now()) };
}
