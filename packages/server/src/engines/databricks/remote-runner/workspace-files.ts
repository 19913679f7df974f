import { posix } from 'node:path';
import { fields, text } from '../workspace/run-view.ts';
import type { WorkspaceCalls } from '../workspace/workspace-calls.ts';
import { WorkspaceRefusal, WorkspaceTrouble } from '../workspace/workspace-error.ts';
import type { RemoteFiles } from './remote-files.ts';

/** Where clusters see the files of the workspace; its API does without. */
const SEEN_AT = '/Workspace';
const OURS = '.trainyard';

/** Workspace files. Unless a directory is named they lie in the home of whoever the server is there, which beside it only administrators may read. */
export class WorkspaceFiles implements RemoteFiles {
  readonly #calls: WorkspaceCalls;
  readonly #directory: string | undefined;
  #home: Promise<string> | undefined;

  constructor(calls: WorkspaceCalls, directory: string | undefined) {
    this.#calls = calls;
    this.#directory = directory;
  }

  async root(): Promise<string> {
    return `${this.#directory ?? (await this.#ownHome())}/${OURS}`;
  }

  async has(path: string): Promise<boolean> {
    try {
      await this.#calls.get('/api/2.0/workspace/get-status', { path: inApi(path) });
      return true;
    } catch (error) {
      if (error instanceof WorkspaceRefusal && error.isAbsence) return false;
      throw error;
    }
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    await this.#calls.post('/api/2.0/workspace/mkdirs', JSON.stringify({ path: inApi(posix.dirname(path)) }));
    // AUTO: a file of Python without the first line of a notebook, and whatever is no source at all, stay files
    await this.#calls.post('/api/2.0/workspace/import', JSON.stringify({ path: inApi(path), format: 'AUTO', overwrite: true, content: Buffer.from(bytes).toString('base64') }));
  }

  async remove(dir: string): Promise<void> {
    try {
      await this.#calls.post('/api/2.0/workspace/delete', JSON.stringify({ path: inApi(dir), recursive: true }));
    } catch (error) {
      if (!(error instanceof WorkspaceRefusal && error.isAbsence)) throw error;
    }
  }

  #ownHome(): Promise<string> {
    this.#home ??= this.#askHome().catch((error: unknown) => {
      this.#home = undefined;
      throw error;
    });
    return this.#home;
  }

  async #askHome(): Promise<string> {
    const name = text(fields(await this.#calls.get('/api/2.0/preview/scim/v2/Me', {}))['userName']);
    // it becomes part of a path
    if (name === undefined || !/^[^/\\\u0000-\u001f]{1,255}$/.test(name) || /^\.+$/.test(name)) throw new WorkspaceTrouble('the workspace did not say who the server is there', { answered: true });
    return `${SEEN_AT}/Users/${name}`;
  }
}

function inApi(path: string): string {
  return path.startsWith(`${SEEN_AT}/`) ? path.slice(SEEN_AT.length) : path;
}
