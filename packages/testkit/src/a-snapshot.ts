import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

const TYPES = { file: '0', hardlink: '1', symlink: '2', 'character device': '3', 'block device': '4', directory: '5', fifo: '6' } as const;

export interface TarEntry {
  readonly path: string;
  readonly content?: string | Buffer;
  readonly type?: keyof typeof TYPES;
  /** Where a link leads. */
  readonly target?: string;
  readonly mode?: number;
}

export interface PackedSource {
  readonly digest: string;
  readonly bytes: Buffer;
}

/** A tar.gz of exactly these entries, also such that no honest program would pack. */
export function aSnapshot(entries: readonly TarEntry[]): PackedSource {
  const blocks = entries.flatMap((entry) => {
    const content = Buffer.from(entry.content ?? '');
    return [header(entry, content.length), content, Buffer.alloc((512 - (content.length % 512)) % 512)];
  });
  return packed(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

/** Any bytes as an upload. */
export function packed(content: Buffer): PackedSource {
  const bytes = gzipSync(content);
  return { digest: createHash('sha256').update(bytes).digest('hex'), bytes };
}

/** One block in the format ustar. */
function header({ path, type = 'file', target = '', mode = 0o644 }: TarEntry, sizeBytes: number): Buffer {
  const block = Buffer.alloc(512);
  const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`;
  block.write(path, 0, 100);
  block.write(octal(mode, 7) + octal(0, 7) + octal(0, 7) + octal(sizeBytes, 11) + octal(0, 11), 100, 'latin1');
  block.write('        ', 148, 'latin1'); // the checksum counts its own place as blanks
  block.write(TYPES[type], 156, 'latin1');
  block.write(target, 157, 100);
  block.write('ustar\u000000', 257, 'latin1');
  block.write(octal(block.reduce((sum, byte) => sum + byte, 0), 6), 148, 'latin1');
  return block;
}
