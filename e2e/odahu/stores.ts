import { readFileSync } from 'node:fs';
import { AccountSASPermissions, AccountSASResourceTypes, AccountSASServices, generateAccountSASQueryParameters, StorageSharedKeyCredential } from '@azure/storage-blob';
import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import { startAzure } from '@trainyard/testkit/clouds/azurite.ts';
import { startGcs } from '@trainyard/testkit/clouds/fake-gcs.ts';
import { startHdfs } from '@trainyard/testkit/clouds/hdfs.ts';
import { startS3 } from '@trainyard/testkit/clouds/s3proxy.ts';

export interface Store {
  /** Leads to the directory `wine/` of the store. */
  readonly spec: ConnectionSpec;
  stop(): Promise<void>;
}

const DAY_MS = 86_400_000;

/** A real object store of each type, as connections of ODAHU describe it. */
export const STORES = {
  s3: async (): Promise<Store> => {
    const { env, wire, stop } = await startS3();
    const { AWS_ACCESS_KEY_ID: keyID, AWS_SECRET_ACCESS_KEY: keySecret } = env;
    return { spec: { type: 's3', uri: 's3://trainyard/wine/', region: 'us-east-1', keyID, keySecret, endpoint: wire.url, pathStyle: true, vital: false }, stop };
  },
  gcs: async (): Promise<Store> => {
    const { env, wire, stop } = await startGcs();
    const keySecret = readFileSync(env['GOOGLE_APPLICATION_CREDENTIALS'] ?? '', 'utf8');
    return { spec: { type: 'gcs', uri: 'gs://trainyard/wine/', region: 'europe-west1', keySecret, endpoint: wire.url, vital: false }, stop };
  },
  azureblob: async (): Promise<Store> => {
    const { env, endpoint, stop } = await startAzure();
    const credential = new StorageSharedKeyCredential('trainyard', env['AZURE_STORAGE_ACCESS_KEY'] ?? '');
    const rights = { permissions: AccountSASPermissions.parse('rwdlc'), resourceTypes: AccountSASResourceTypes.parse('sco').toString(), services: AccountSASServices.parse('b').toString() };
    const sas = generateAccountSASQueryParameters({ ...rights, expiresOn: new Date(Date.now() + DAY_MS) }, credential).toString();
    return { spec: { type: 'azureblob', uri: 'artifacts/wine/', keySecret: `${endpoint}?${sas}`, vital: false }, stop };
  },
  hdfs: async (): Promise<Store> => {
    const { url, token, stop } = await startHdfs();
    return { spec: { type: 'hdfs', uri: `hdfs://${new URL(url).host}/wine/`, token, vital: false }, stop };
  },
} as const;
