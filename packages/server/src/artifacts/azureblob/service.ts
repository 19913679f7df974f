import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { loadPackages } from '../../platform/load-package.ts';

interface ServiceOptions {
  readonly account: string;
  readonly domain: string;
  readonly endpoint: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const SETTINGS = { retryOptions: { maxTries: 4, retryDelayInMs: 300, maxRetryDelayInMs: 5_000 } };

/** The account, with the credentials MLflow's users have: a connection string, an access key, or the identity of the machine. */
export async function openService({ account, domain, endpoint, env }: ServiceOptions): Promise<BlobServiceClient> {
  const { AZURE_STORAGE_CONNECTION_STRING: connection = '', AZURE_STORAGE_ACCESS_KEY: key = '' } = env;
  const url = endpoint ?? `https://${account}.${domain}`;
  try {
    if (connection !== '') return BlobServiceClient.fromConnectionString(connection, SETTINGS);
    if (key !== '') return new BlobServiceClient(url, new StorageSharedKeyCredential(account, key), SETTINGS);
  } catch {
    // its own words may quote the key
    throw new TrainyardError('INVALID_SETTING', { setting: connection === '' ? 'AZURE_STORAGE_ACCESS_KEY' : 'AZURE_STORAGE_CONNECTION_STRING', problem: 'it is not one' });
  }
  return new BlobServiceClient(url, await machineIdentity(), SETTINGS);
}

type Credential = BlobServiceClient['credential'];

/** A package of its own, which is needed for nothing else. */
const IDENTITY = '@azure/identity';

async function machineIdentity(): Promise<Credential> {
  const { DefaultAzureCredential } = await loadPackages('wasbs://…, without AZURE_STORAGE_CONNECTION_STRING and AZURE_STORAGE_ACCESS_KEY,', [IDENTITY], async () => (await import(IDENTITY)) as { DefaultAzureCredential: new () => Credential });
  return new DefaultAzureCredential();
}
