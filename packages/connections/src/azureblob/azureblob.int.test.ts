import { AccountSASPermissions, AccountSASResourceTypes, AccountSASServices, BlobServiceClient, ContainerSASPermissions, generateAccountSASQueryParameters, generateBlobSASQueryParameters, StorageSharedKeyCredential } from '@azure/storage-blob';
import { startAzure } from '@trainyard/testkit/clouds/azurite.ts';
import { HttpGate } from '@trainyard/testkit/clouds/http-gate.ts';
import { objectConnectionContract, type TestBucket } from '../transfer/object-connection.contract.ts';
import { connection } from './connection.ts';

const DAY_MS = 86_400_000;
const [ACCOUNT, CONTAINER] = ['trainyard', 'artifacts'];

objectConnectionContract(connection, async (): Promise<TestBucket> => {
  const cloud = await startAzure();
  const gate = await HttpGate.to(Number(new URL(cloud.wire.url).port));
  const { AZURE_STORAGE_ACCESS_KEY: key = '' } = cloud.env;
  const credential = new StorageSharedKeyCredential(ACCOUNT, key);
  const container = new BlobServiceClient(cloud.endpoint, credential).getContainerClient(CONTAINER);
  const sasUrl = (url: string, expiresOn: Date): string => {
    const sas = generateAccountSASQueryParameters({ permissions: AccountSASPermissions.parse('rwdlc'), resourceTypes: AccountSASResourceTypes.parse('sco').toString(), services: AccountSASServices.parse('b').toString(), expiresOn }, credential);
    return `${url}/${ACCOUNT}?${sas.toString()}`;
  };
  // ODAHU's way: a SAS URL, and a container without a scheme
  const spec = (path: string): ReturnType<TestBucket['spec']> => ({ type: 'azureblob', uri: `${CONTAINER}/${path}`, keySecret: sasUrl(gate.url, new Date(Date.now() + DAY_MS)), vital: false });
  const byKey = { ...spec('good'), endpoint: `${gate.url}/${ACCOUNT}`, username: ACCOUNT };
  const readOnly = generateBlobSASQueryParameters({ containerName: CONTAINER, permissions: ContainerSASPermissions.parse('l'), expiresOn: new Date(Date.now() - DAY_MS) }, credential);
  return {
    spec,
    missingBucket: { ...spec(''), uri: 'wasbs://nowhere/good' },
    denied: [{ ...spec('good'), keySecret: sasUrl(gate.url, new Date(Date.now() - DAY_MS)) }, { ...byKey, keySecret: cloud.wrongEnv['AZURE_STORAGE_ACCESS_KEY'] }, { ...spec('good'), keySecret: `${gate.url}/${ACCOUNT}/${CONTAINER}?${readOnly.toString()}` }],
    at: (host, port) => ({ ...spec('good'), keySecret: sasUrl(`http://${host}:${port}`, new Date(Date.now() + DAY_MS)) }),
    write: async (name, bytes) => void (await container.getBlockBlobClient(name).uploadData(bytes)),
    read: async (name) => container.getBlobClient(name).downloadToBuffer().catch(() => undefined),
    remove: async (name) => void (await container.deleteBlob(name)),
    sentBytes: () => gate.sentBytes,
    calls: gate.calls,
    isRead: (call, name) => call.startsWith(`GET /${ACCOUNT}/${CONTAINER}/${name}`),
    setFault: (fault) => void (gate.fault = fault ?? (() => undefined)),
    breakAfter: (bytes) => cloud.wire.breakAfter(bytes),
    stop: async () => {
      await gate.close();
      await cloud.stop();
    },
  };
});
