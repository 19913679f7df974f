import { AnonymousCredential, ContainerClient, newPipeline, type RequestPolicyFactory, StorageSharedKeyCredential } from '@azure/storage-blob';
import type { OpeningStore } from '../transfer/object-connection.ts';
import { ConnectionError } from '../connection.ts';
import type { Account } from './account.ts';
import { machineToken } from './machine-token.ts';

/** A client that uses our connections and repeats nothing: the transfers do. */
export function azureContainer(account: Account, { agents, env }: OpeningStore): ContainerClient {
  const pipeline = newPipeline(credentialOf(account), { retryOptions: { maxTries: 1 }, keepAliveOptions: { enable: true } });
  const url = new URL(account.containerUrl);
  pipeline.factories.push(onEveryRequest((request) => {
    request.agent = agents.of(url);
  }));
  if (account.kind === 'machine') {
    const token = machineToken(agents, env);
    pipeline.factories.push(onEveryRequest(async (request) => {
      request.headers.set('authorization', `Bearer ${await token(request.abortSignal as AbortSignal | undefined)}`);
    }));
  }
  return new ContainerClient(account.containerUrl, pipeline);
}

type Request = Parameters<ReturnType<RequestPolicyFactory['create']>['sendRequest']>[0];

function onEveryRequest(change: (request: Request) => void | Promise<void>): RequestPolicyFactory {
  return {
    create: (next) => ({
      async sendRequest(request) {
        await change(request);
        return next.sendRequest(request);
      },
    }),
  };
}

function credentialOf(account: Account): AnonymousCredential | StorageSharedKeyCredential {
  if (account.kind !== 'key') return new AnonymousCredential();
  // Azure's keys are 64 bytes; the library would sign with anything
  if (!/^[A-Za-z0-9+/]{86}==$/.test(account.key)) throw new ConnectionError('invalid', 'keySecret is neither a SAS URL nor an account key (88 characters of base64): copy one of them from the portal of Azure');
  return new StorageSharedKeyCredential(account.name, account.key);
}
