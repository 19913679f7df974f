/** Azure's blob storage: Azurite. It checks shared keys and shared access signatures. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { installOnce } from '../install-once.ts';
import { runProgram } from '../run-program.ts';
import type { Cloud } from './cloud.ts';
import { type Service, type ServiceProgram, withService } from './service.ts';
import { Wire } from './wire.ts';

const VERSION = '3.36.0';
const [ACCOUNT, CONTAINER, DOMAIN] = ['trainyard', 'artifacts', 'blob.core.windows.net'];

export async function startAzure(): Promise<Cloud> {
  const home = await installOnce(`azurite-${VERSION}`, fetchPackage);
  const key = randomBytes(64).toString('base64');
  return withService(programOf(home, key), (service) => cloudOf(service, key));
}

function programOf(home: string, key: string): ServiceProgram {
  return {
    name: 'azurite',
    command: ({ dir, port }) => ({
      program: process.execPath,
      argv: [join(home, 'node_modules', 'azurite', 'dist', 'src', 'blob', 'main.js'), '--blobHost', '127.0.0.1', '--blobPort', String(port), '--location', dir, '--disableTelemetry', '--skipApiVersionCheck', '--silent'],
      env: { AZURITE_ACCOUNTS: `${ACCOUNT}:${key}` },
    }),
    isReady: async (url) => /azurite/i.test((await fetch(`${url}/${ACCOUNT}?comp=list`)).headers.get('server') ?? ''),
  };
}

async function cloudOf(service: Service, key: string): Promise<Cloud> {
  const wire = await Wire.to(service.port);
  const endpoint = `${wire.url}/${ACCOUNT}`;
  await new BlobServiceClient(endpoint, new StorageSharedKeyCredential(ACCOUNT, key)).createContainer(CONTAINER);
  const wrong = randomBytes(64).toString('base64');
  return {
    name: 'Azure',
    location: `wasbs://${CONTAINER}@${ACCOUNT}.${DOMAIN}`,
    missingLocation: `wasbs://nowhere@${ACCOUNT}.${DOMAIN}`,
    endpoint,
    env: { AZURE_STORAGE_ACCESS_KEY: key },
    wrongEnv: { AZURE_STORAGE_ACCESS_KEY: wrong },
    secrets: [key, wrong],
    wire,
    stop: async () => {
      await wire.close();
      await service.stop();
    },
  };
}

async function fetchPackage(dir: string): Promise<void> {
  writeFileSync(join(dir, 'package.json'), '{"private":true}');
  await runProgram('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts', '--prefix', dir, `azurite@${VERSION}`], { cwd: dir, missing: 'the tests of Azure need npm, which comes with Node' });
}
