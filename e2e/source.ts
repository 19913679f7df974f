import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Client } from '@trainyard/api/client.ts';

/** Packs files (path → content) as the CLI would and uploads them; answers the digest. */
export async function uploadSource(client: Client, files: Readonly<Record<string, string>>): Promise<string> {
  const blocks = Object.entries(files).flatMap(([path, text]) => entry(path, Buffer.from(text)));
  const bytes = gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
  const digest = createHash('sha256').update(bytes).digest('hex');
  await client.call('putSnapshot', { params: { digest }, bytes });
  return digest;
}

/** One file of a ustar archive. */
function entry(path: string, content: Buffer): Buffer[] {
  const header = Buffer.alloc(512);
  header.write(path, 0);
  header.write('0000755\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  header.write(`${header.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0')}\0 `, 148);
  return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
}
