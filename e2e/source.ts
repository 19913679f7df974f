import type { Client } from '@trainyard/api/client.ts';
import { aSnapshot } from '@trainyard/testkit/a-snapshot.ts';

/** Uploads files (path → content) as the CLI would; answers the digest. */
export async function uploadSource(client: Client, files: Readonly<Record<string, string>>): Promise<string> {
  const { digest, bytes } = aSnapshot(Object.entries(files).map(([path, text]) => ({ path, content: text })));
  await client.call('putSnapshot', { params: { digest }, bytes: new Uint8Array(bytes) });
  return digest;
}
