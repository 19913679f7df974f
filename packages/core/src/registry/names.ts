import { TrainyardError } from '../errors.ts';
import { LIMITS } from '../tracking/limits.ts';
import { checkKey, checkLength, invalid } from '../tracking/names.ts';
import type { Pair } from '../tracking/batch.ts';

export function checkModelName(name: string): void {
  if (name.trim() === '') throw invalid("Missing value for required parameter 'name'.");
  if (/[/:]/.test(name)) throw invalid(`Invalid model name '${name}'. Names cannot contain '/' or ':'.`);
}

export function checkAlias(alias: string): void {
  if (!/^[\w-]+$/.test(alias)) throw invalid(`Invalid alias name: '${alias}'. Names may only contain alphanumerics, underscores (_), and dashes (-).`);
  checkLength(alias, { what: 'Registered model alias name', limit: LIMITS.aliasLength });
  if (alias.toLowerCase() === 'latest') throw invalid("'latest' alias name (case insensitive) is reserved.");
  if (/^v\d+$/i.test(alias)) throw invalid(`Version alias name '${alias}' is reserved.`);
}

export function checkRegistryTag(tag: Pair): void {
  checkKey(tag.key, { parameter: 'key', what: 'key' });
  checkLength(tag.value, { what: 'value', limit: LIMITS.registryTagValueLength });
}

/** The number of a version. Versions travel as strings. */
export function parseVersion(text: string, name: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw invalid(`Parameter 'version' must be an integer, got '${text}'.`);
  const version = Number(text);
  if (!Number.isSafeInteger(version) || version < 1 || version > 2_147_483_647) throw new TrainyardError('MODEL_VERSION_NOT_FOUND', { name, version: text });
  return version;
}
