import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Config } from '../config/read-config.ts';
import { SETTINGS } from '../config/schema.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { odahuDialect, type OdahuParts } from '../dialects/odahu/dialect.ts';
import { VERSION } from '../version.ts';

interface OdahuNeeds extends Omit<OdahuParts, 'engine' | 'facts' | 'asksToLogIn'> {
  /** Names of the engines there are. */
  readonly engines: readonly string[];
}

/** ODAHU's API over the use cases of the native one. Throws INVALID_SETTING when its engine is none of them. */
export function composeOdahu({ engines, ...parts }: OdahuNeeds, config: Config): Dialect {
  if (!engines.includes(config.odahuEngine)) throw new TrainyardError('INVALID_SETTING', { setting: SETTINGS.odahuEngine.flag, problem: `there is no engine '${config.odahuEngine}' (known: ${engines.join(', ')})` });
  const facts = { groups: config.odahuApis, port: config.port, version: VERSION, outputConnection: config.odahuOutputConnection, nodePools: config.nodePools };
  return odahuDialect({ ...parts, engine: config.odahuEngine, facts, asksToLogIn: config.oidc !== undefined });
}
