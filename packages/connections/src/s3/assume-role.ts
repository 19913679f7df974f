import { createHash, createHmac } from 'node:crypto';
import type { OpeningStore } from '../transfer/object-connection.ts';
import { httpCall, textOf } from '../transfer/http-call.ts';
import { storeFailure } from '../transfer/store-failure.ts';

export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

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
  const answer = await httpCall(agents, { method: 'POST', url, headers: signedHeaders({ url, body, region, keys }), body, signal });
  const text = await textOf(answer, signal);
  const { statusCode: status = 0 } = answer;
  const [accessKeyId, secretAccessKey, sessionToken, expiration] = ['AccessKeyId', 'SecretAccessKey', 'SessionToken', 'Expiration'].map((name) => elementOf(text, name));
  if (status !== 200 || accessKeyId === undefined || secretAccessKey === undefined || sessionToken === undefined) throw storeFailure({ status: status === 200 ? 500 : status, code: elementOf(text, 'Code') ?? 'AssumeRole' });
  return { accessKeyId, secretAccessKey, sessionToken, expiration: new Date(expiration ?? Date.now()) };
}

/** Texts in it are base64, dates and codes: nothing that XML would have to escape but `&`. */
function elementOf(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]?.replaceAll('&amp;', '&');
}

/** Amazon's signature (version 4) of a POST to its token service. */
function signedHeaders({ url, body, region, keys }: { readonly url: URL; readonly body: string; readonly region: string; readonly keys: AwsKeys }): Record<string, string> {
  const now = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const scope = `${now.slice(0, 8)}/${region}/sts/aws4_request`;
  const headers: Record<string, string> = { 'content-type': 'application/x-www-form-urlencoded', host: url.host, 'x-amz-date': now, ...(keys.sessionToken === undefined ? {} : { 'x-amz-security-token': keys.sessionToken }) };
  const names = Object.keys(headers).join(';');
  const canonical = ['POST', url.pathname, '', ...Object.entries(headers).map(([name, value]) => `${name}:${value}`), '', names, sha256(body)].join('\n');
  const key = scope.split('/').reduce<string | Buffer>((secret, part) => createHmac('sha256', secret).update(part).digest(), `AWS4${keys.secretAccessKey}`);
  const signature = createHmac('sha256', key).update(['AWS4-HMAC-SHA256', now, scope, sha256(canonical)].join('\n')).digest('hex');
  return { ...headers, authorization: `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}` };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
