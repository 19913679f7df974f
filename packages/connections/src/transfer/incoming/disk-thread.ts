/** One of `node:crypto`. */
export type Algorithm = 'sha256' | 'md5';

/** Answered with the digests in hex, in the order of the algorithms; a `hash` that is not the last one with none. */
export type DiskTask =
  /** Makes a file of these bytes, and the directories above it. */
  | { readonly kind: 'store'; readonly file: string; readonly bytes: Uint8Array; readonly algorithms: readonly Algorithm[] }
  /** Goes on hashing an open file up to a byte. */
  | { readonly kind: 'hash'; readonly fd: number; readonly algorithm: Algorithm; readonly end: number; readonly isLast: boolean };

export type DiskAnswer = { readonly values: string[] } | { readonly message: string; readonly code: string | undefined };

/** The program of a thread, run from its text: it must not use anything from outside of it. */
export function diskThread(): void {
  const fs = process.getBuiltinModule('node:fs');
  const { dirname } = process.getBuiltinModule('node:path');
  const crypto = process.getBuiltinModule('node:crypto');
  const { parentPort: port } = process.getBuiltinModule('node:worker_threads');
  const hashes = new Map<string, { readonly hash: ReturnType<typeof crypto.createHash>; position: number }>();
  const buffer = Buffer.allocUnsafeSlow(1024 * 1024);

  function openNew(file: string): number {
    try {
      return fs.openSync(file, 'wx', 0o644);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      fs.mkdirSync(dirname(file), { recursive: true });
      return fs.openSync(file, 'wx', 0o644);
    }
  }

  function store({ file, bytes, algorithms }: DiskTask & { kind: 'store' }): string[] {
    const fd = openNew(file);
    try {
      // a disk may take less than it was given
      for (let written = 0; written < bytes.length; ) written += fs.writeSync(fd, bytes, written);
    } finally {
      fs.closeSync(fd);
    }
    return algorithms.map((algorithm) => crypto.hash(algorithm, bytes));
  }

  function hash({ fd, algorithm, end, isLast }: DiskTask & { kind: 'hash' }): string[] {
    const key = `${algorithm} ${fd}`;
    const state = hashes.get(key) ?? { hash: crypto.createHash(algorithm), position: 0 };
    hashes.set(key, state);
    while (state.position < end) {
      const bytesRead = fs.readSync(fd, buffer, 0, Math.min(buffer.length, end - state.position), state.position);
      if (bytesRead === 0) throw new Error('a file became shorter while it was being fetched');
      state.hash.update(buffer.subarray(0, bytesRead));
      state.position += bytesRead;
    }
    if (!isLast) return [];
    hashes.delete(key);
    return [state.hash.digest('hex')];
  }

  port?.on('message', (task: DiskTask) => {
    try {
      port.postMessage({ values: task.kind === 'store' ? store(task) : hash(task) } satisfies DiskAnswer);
    } catch (error) {
      const { message, code } = error as NodeJS.ErrnoException;
      port.postMessage({ message, code } satisfies DiskAnswer);
    }
  });
}
