import { withoutEndingSlashes } from '../ending-slashes.ts';

/** Where artifacts belong: the directory of a run or of a logged model. Nothing else can be addressed. */
export interface ArtifactPlace {
  readonly experimentId: string;
  readonly kind: 'run' | 'model';
  /** Id of the run or of the logged model. */
  readonly id: string;
}

export interface ArtifactAddress {
  readonly place: ArtifactPlace;
  /** Relative to the place, unchecked; empty for the place itself. */
  readonly path: string;
}

const SCHEME = 'mlflow-artifacts:/';
const EXPERIMENT = /^\d{1,19}$/;
const OWNER = /^[a-z0-9-]{1,64}$/;

/** `1/<run>/artifacts` or `1/models/<model>/artifacts`. */
export function placePath(place: ArtifactPlace): string {
  return place.kind === 'run' ? `${place.experimentId}/${place.id}/artifacts` : `${place.experimentId}/models/${place.id}/artifacts`;
}

/** The URI clients resolve against the server they talk to. */
export function artifactUri(place: ArtifactPlace): string {
  return `${SCHEME}${placePath(place)}`;
}

/** Reads what follows the scheme, or the proxy's path. Undefined for anything but a place and a path below it. */
export function parseArtifactPath(text: string): ArtifactAddress | undefined {
  const parts = text.split('/');
  const isModel = parts[1] === 'models';
  const [experimentId = '', id = '', marker] = isModel ? [parts[0], parts[2], parts[3]] : parts;
  if (!EXPERIMENT.test(experimentId) || !OWNER.test(id) || marker !== 'artifacts') return undefined;
  return { place: { experimentId, kind: isModel ? 'model' : 'run', id }, path: parts.slice(isModel ? 4 : 3).join('/') };
}

/** The address of an artifact URI of this server; undefined for one that is kept elsewhere. */
export function parseArtifactUri(uri: string): ArtifactAddress | undefined {
  return uri.startsWith(SCHEME) ? parseArtifactPath(withoutEndingSlashes(uri.slice(SCHEME.length))) : undefined;
}
