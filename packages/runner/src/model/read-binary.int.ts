import { gunzipSync } from 'node:zlib';
import type { AttemptFixture } from '@trainyard/testkit/attempt-fixture.ts';
import { Header } from 'tar';

/** Name → bytes of the trained model binary that an attempt has stored; throws when it is no tar.gz of files. */
export function readBinary({ server }: AttemptFixture): Map<string, Buffer> {
  const { path } = server.facts['artifact'] as { path: string };
  const tar = gunzipSync(server.tracking.runArtifact(path) ?? Buffer.alloc(0));
  const files = new Map<string, Buffer>();
  for (let at = 0; ; ) {
    const header = new Header(tar, at);
    if (header.nullBlock) return files;
    if (!header.cksumValid || header.type !== 'File') throw new Error(`no file at ${at}: ${header.path}`);
    const size = header.size ?? 0;
    files.set(header.path ?? '', tar.subarray(at + 512, at + 512 + size));
    at += 512 * (1 + Math.ceil(size / 512));
  }
}
