import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

/** The variables of a dotenv file; none when it is not there. They are not put into the environment of this process. */
export function readDotenv(path: string): Readonly<Record<string, string | undefined>> {
  try {
    return parseEnv(readFileSync(path, 'utf8'));
  } catch (error) {
    if (['ENOENT', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return {};
    throw error;
  }
}
