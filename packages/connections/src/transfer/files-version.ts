import { createHash } from 'node:crypto';

export interface HashedFile {
  /** Relative, with slashes. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Hex. */
  readonly sha256: string;
}

/** One name for exactly these files, whatever place they came from: sha256 over path, size and sha256 of each, in the order of the paths. */
export function filesVersion(files: readonly HashedFile[]): string {
  const hash = createHash('sha256');
  for (const { path, sizeBytes, sha256 } of files.toSorted((a, b) => (a.path < b.path ? -1 : 1))) hash.update(`${JSON.stringify([path, sizeBytes, sha256])}\n`);
  return hash.digest('hex');
}
