import type { Kind, Manifest } from '../manifest.ts';

/** A resource of a manifest, and where it was read. */
export interface Resource {
  readonly manifest: Manifest<Kind>;
  readonly where: string;
  /** Absolute directory of its file, which is the source of a training without one; undefined when it came from stdin. */
  readonly dir: string | undefined;
  /** Absolute. */
  readonly file?: string | undefined;
}

export type Action = 'create' | 'change' | 'run' | 'keep' | 'delete';

/** What is to become of a resource. */
export interface Planned {
  readonly kind: Kind;
  readonly id: string;
  readonly action: Action;
  /** What an action `change` changes, as people read it. */
  readonly changes: readonly string[];
  /** Absent when the resource is no longer in a manifest. */
  readonly resource?: Resource | undefined;
}

const WORDS: Readonly<Record<Kind, string>> = { Connection: 'connection', ToolchainIntegration: 'toolchain', ModelTraining: 'training' };

/** `connection 'wine'` */
export function nameOf({ kind, id }: Pick<Planned, 'kind' | 'id'>): string {
  return `${WORDS[kind]} '${id}'`;
}
