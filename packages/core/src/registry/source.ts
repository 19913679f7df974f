import { TrainyardError } from '../errors.ts';
import { parseVersion } from './names.ts';
import { parseArtifactUri, type ArtifactAddress } from '../tracking/artifact-place.ts';
import { LIMITS } from '../tracking/limits.ts';
import { checkLength, invalid } from '../tracking/names.ts';

/** Where a version comes from. Only what this server keeps itself is ever opened; `elsewhere` is a note for clients. */
export type Source =
  | { readonly kind: 'logged_model'; readonly modelId: string }
  | { readonly kind: 'version'; readonly name: string; readonly version: number }
  | { readonly kind: 'alias'; readonly name: string; readonly alias: string }
  | { readonly kind: 'run'; readonly runId: string; readonly path: string }
  | { readonly kind: 'artifacts'; readonly address: ArtifactAddress }
  | { readonly kind: 'elsewhere' };

const MAX_DECODINGS = 5;

/**
 * Reads the source of a version. Paths of the server's machine are refused in every spelling (`/x`, `x`, `file:`, `C:`), so is
 * a remote one with `..` or NUL in it, however often it was percent-encoded.
 */
export function parseSource(source: string): Source {
  checkLength(source, { what: 'source', limit: LIMITS.uriLength });
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(source)?.[1]?.toLowerCase();
  if (scheme === undefined) throw refuseLocal(source);
  if (scheme === 'file') {
    const host = /^file:\/\/([^/]+)/i.exec(source)?.[1];
    if (host !== undefined && host !== 'localhost') throw new TrainyardError('NOT_A_REMOTE_URI', { source });
    throw refuseLocal(source);
  }
  if (climbs(source)) throw refuseRelative(source);
  if (scheme === 'models') return parseModels(source);
  if (scheme === 'runs') return parseRuns(source);
  const address = parseArtifactUri(source);
  return address === undefined ? { kind: 'elsewhere' } : { kind: 'artifacts', address };
}

function parseModels(source: string): Source {
  const rest = source.slice('models:/'.length);
  const [name = '', version, ...more] = rest.split('/');
  const [aliased = '', alias] = rest.split('@');
  if (version === undefined && /^m-[a-z0-9-]{1,62}$/.test(rest)) return { kind: 'logged_model', modelId: rest };
  if (version === undefined && alias !== undefined && aliased !== '') return { kind: 'alias', name: aliased, alias };
  if (version !== undefined && more.length === 0 && name !== '') return { kind: 'version', name, version: parseVersion(version, name) };
  throw invalid(`Invalid model version source: '${source}'. Expected models:/<logged model id>, models:/<name>/<version> or models:/<name>@<alias>.`);
}

function parseRuns(source: string): Source {
  const [runId = '', ...path] = source.slice('runs:/'.length).split('/');
  if (!source.startsWith('runs:/') || runId === '' || path.length === 0) throw invalid(`Invalid model version source: '${source}'. Expected runs:/<run id>/<path of the model>.`);
  return { kind: 'run', runId, path: path.join('/') };
}

function climbs(source: string): boolean {
  let text = source;
  for (let round = 0; round <= MAX_DECODINGS; round++) {
    if (text.includes('\u0000') || text.split(/[/\\?#]/).includes('..')) return true;
    const next = text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    if (next === text) return false;
    text = next;
  }
  return true;
}

function refuseLocal(source: string): Error {
  return invalid(`Invalid model version source: '${source}'. To use a local path as a model version source, the run_id request parameter has to be specified and the local path has to be contained within the artifact directory of the run specified by the run_id.`);
}

function refuseRelative(source: string): Error {
  return invalid(`Invalid model version source: '${source}'. If supplying a source as an http, https, local file path, ftp, objectstore, or mlflow-artifacts uri, an absolute path must be provided without relative path references present. Please provide an absolute path.`);
}
