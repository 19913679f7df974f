/**
 * Files that the clusters of a workspace see under the same absolute path as is used here. Each call throws WorkspaceRefusal or
 * WorkspaceTrouble; each may be repeated.
 */
export interface RemoteFiles {
  /** The directory for everything of ours, without a trailing slash. */
  root(): Promise<string>;
  has(path: string): Promise<boolean>;
  /** Makes the directory as well. What is there is written over. */
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** A directory with the files in it, which are named; what is gone already is fine. */
  remove(dir: string, names: readonly string[]): Promise<void>;
}
