import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { Header } from 'tar';

export interface TarEntry {
  readonly path: string;
  readonly text?: string | Buffer;
  readonly type?: 'File' | 'Directory' | 'SymbolicLink' | 'Link' | 'CharacterDevice' | 'BlockDevice' | 'FIFO';
  readonly linkpath?: string;
  readonly mode?: number;
}

export interface PackedSource {
  readonly digest: string;
  readonly bytes: Buffer;
}

/** A tar.gz of exactly these entries, also such that no honest program would pack. */
export function aSnapshot(entries: readonly TarEntry[]): PackedSource {
  const parts = entries.flatMap(({ path, text = '', type = 'File', linkpath, mode = 0o644 }) => {
    const body = Buffer.from(text);
    const header = new Header({ path, type, size: body.length, mode, mtime: new Date(0), ...(linkpath === undefined ? {} : { linkpath }) });
    const block = Buffer.alloc(512);
    header.encode(block, 0);
    return [block, body, Buffer.alloc((512 - (body.length % 512)) % 512)];
  });
  const bytes = gzipSync(Buffer.concat([...parts, Buffer.alloc(1024)]));
  return { digest: createHash('sha256').update(bytes).digest('hex'), bytes };
}
