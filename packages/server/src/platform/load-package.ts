import { TrainyardError } from '@trainyard/core/errors.ts';

/** Loads npm packages that are not installed with Trainyard. MISSING_PACKAGE says how to install them. */
export async function loadPackages<T>(setting: string, names: readonly string[], load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new TrainyardError('MISSING_PACKAGE', { setting, packages: names.join(' ') }, { cause: error });
  }
}
