import { LIMITS } from './limits.ts';
import { checkLength, invalid, resolvePath } from './names.ts';

export function checkExperimentName(name: string): void {
  checkLength(name, { what: 'name', limit: LIMITS.experimentNameLength });
}

/**
 * Where an experiment keeps its artifacts when the client names a place. It is written down for clients, who go there by
 * themselves; the server opens nothing but its own store. A path that is not absolute is resolved against `workingDirectory`.
 */
export function checkArtifactLocation(location: string, workingDirectory: string): string {
  checkLength(location, { what: 'artifact_location', limit: LIMITS.uriLength });
  if (/[?#]/.test(location)) throw invalid("'artifact_location' URL can't include fragments or params.");
  if (location.startsWith('mlflow-artifacts:')) throw invalid(`Invalid value ${JSON.stringify(location)} for parameter 'artifact_location' supplied: this server gives each experiment its own place below mlflow-artifacts:/, leave it out.`);
  if (/^[a-z][a-z0-9+.-]*:/i.test(location)) return location;
  return resolvePath(location.startsWith('/') ? location : `${workingDirectory}/${location}`);
}

/** The id of an experiment as the store has it. */
export function parseExperimentId(text: string): string {
  if (!/^\d{1,15}$/.test(text)) throw invalid(`Invalid experiment ID '${text}'. Experiment ID must be a valid integer.`);
  return String(Number(text));
}
