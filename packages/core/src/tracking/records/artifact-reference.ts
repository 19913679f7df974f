import { artifactSegments } from '../artifact-path.ts';
import { artifactUri, parseArtifactUri } from '../artifact-place.ts';

/** Whose artifacts a reference means. */
export interface ArtifactReference {
  readonly kind: 'run' | 'model';
  /** Of the run or of the logged model. */
  readonly id: string;
  /** Below the owner's directory; empty for the directory itself. */
  readonly path: string;
}

const SCHEME = 'artifacts:/';

/**
 * Artifacts in a record: `artifacts:/runs/<id>/<path>` or `artifacts:/models/<id>/<path>`. Unlike `mlflow-artifacts:/…` it has no
 * number of an experiment in it, which would be another one at the other end.
 */
export function referenceText({ kind, id, path }: ArtifactReference): string {
  return `${SCHEME}${kind === 'run' ? 'runs' : 'models'}/${id}${path === '' ? '' : `/${path}`}`;
}

/** Undefined for what is no reference. INVALID_PATH for one that climbs. */
export function parseReference(text: string): ArtifactReference | undefined {
  const match = /^artifacts:\/(runs|models)\/([a-z0-9-]{1,64})(?:\/(.*))?$/s.exec(text);
  if (match === null) return undefined;
  const [, owner, id = '', path = ''] = match;
  artifactSegments(path);
  return { kind: owner === 'runs' ? 'run' : 'model', id, path };
}

/** An artifact URI of this server as a reference; every other text as it is. */
export function toReference(uri: string): string {
  const address = parseArtifactUri(uri);
  return address === undefined ? uri : referenceText({ ...address.place, path: address.path });
}

/** A reference as an artifact URI, once it is known in which experiment its owner is. */
export function referenceUri(reference: ArtifactReference, experimentId: string): string {
  const uri = artifactUri({ experimentId, kind: reference.kind, id: reference.id });
  return reference.path === '' ? uri : `${uri}/${reference.path}`;
}
