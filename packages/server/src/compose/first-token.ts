import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ADMIN_EVERYWHERE } from '@trainyard/core/access/roles.ts';
import { isTrainyardError } from '@trainyard/core/errors.ts';
import type { Authenticator } from '../auth/authenticate.ts';
import { writePrivate } from '../platform/write-private.ts';
import type { Tokens } from '../usecases/tokens.ts';

export interface FirstTokenParts {
  readonly tokens: Pick<Tokens, 'create' | 'putFirst'>;
  readonly authenticator: Pick<Authenticator, 'identify'>;
  readonly config: { readonly dataDir: string; readonly token?: string | undefined };
}

/** The token the CLI gets: the one that was given, the one of earlier starts, or a new random one. In a private file. */
export async function firstToken({ tokens, authenticator, config }: FirstTokenParts): Promise<string> {
  const file = join(config.dataDir, 'token');
  const kept = config.token ?? (existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined);
  if (kept !== undefined && (await isValid(authenticator, kept))) return kept;
  if (config.token !== undefined) {
    await tokens.putFirst(config.token);
    return config.token;
  }
  const { token } = await tokens.create('cli', ADMIN_EVERYWHERE);
  writePrivate(file, `${token}\n`);
  return token;
}

async function isValid(authenticator: FirstTokenParts['authenticator'], token: string): Promise<boolean> {
  try {
    return (await authenticator.identify(token)).kind === 'user';
  } catch (error) {
    // not a token of this database: a new one is made. A database that does not answer says nothing about the token
    if (isTrainyardError(error) && error.kind === 'unauthenticated') return false;
    throw error;
  }
}
