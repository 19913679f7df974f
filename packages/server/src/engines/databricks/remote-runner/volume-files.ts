import { posix } from 'node:path';
import type { WorkspaceCalls } from '../workspace/workspace-calls.ts';
import { WorkspaceRefusal } from '../workspace/workspace-error.ts';
import type { RemoteFiles } from './remote-files.ts';

const OURS = '.trainyard';

/** Files of a Unity Catalog volume: for workspaces that have no workspace files, or keep them off some clusters. */
export class VolumeFiles implements RemoteFiles {
  readonly #calls: WorkspaceCalls;
  readonly #directory: string;

  /** `directory`: /Volumes/<catalog>/<schema>/<volume>, and perhaps more. */
  constructor(calls: WorkspaceCalls, directory: string) {
    this.#calls = calls;
    this.#directory = directory;
  }

  root(): Promise<string> {
    return Promise.resolve(`${this.#directory}/${OURS}`);
  }

  has(path: string): Promise<boolean> {
    return this.#unlessGone(() => this.#calls.file('HEAD', `/api/2.0/fs/files${encoded(path)}`));
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    await this.#calls.file('PUT', `/api/2.0/fs/directories${encoded(posix.dirname(path))}`);
    await this.#calls.file('PUT', `/api/2.0/fs/files${encoded(path)}?overwrite=true`, bytes);
  }

  /** A directory must be empty to go. */
  async remove(dir: string, names: readonly string[]): Promise<void> {
    for (const name of names) await this.#unlessGone(() => this.#calls.file('DELETE', `/api/2.0/fs/files${encoded(`${dir}/${name}`)}`));
    await this.#unlessGone(() => this.#calls.file('DELETE', `/api/2.0/fs/directories${encoded(dir)}`));
  }

  async #unlessGone(call: () => Promise<void>): Promise<boolean> {
    try {
      await call();
      return true;
    } catch (error) {
      if (error instanceof WorkspaceRefusal && error.status === 404) return false;
      throw error;
    }
  }
}

function encoded(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
