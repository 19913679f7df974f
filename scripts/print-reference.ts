// docs/reference/ is printed from the code: `node scripts/print-reference.ts` writes it, with --check it only compares.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cliPage } from './reference/cli-page.ts';
import { configPage } from './reference/config-page.ts';
import { errorsPage } from './reference/errors-page.ts';
import { httpPage } from './reference/http-page.ts';
import { permissionsPage } from './reference/permissions-page.ts';
import { resourcesPage } from './reference/resources-page.ts';
import { statesPage } from './reference/states-page.ts';
import { trainingPage } from './reference/training-page.ts';

const DIR = path.join(import.meta.dirname, '..', 'docs', 'reference');
const NOTE = '<!-- Printed from the code: change it there, then run `node scripts/print-reference.ts`. -->';

const PAGES: Readonly<Record<string, () => string>> = {
  'cli.md': cliPage,
  'config.md': configPage,
  'errors.md': errorsPage,
  'http.md': httpPage,
  'permissions.md': permissionsPage,
  'resources.md': resourcesPage,
  'states.md': statesPage,
  'training.md': trainingPage,
};

const printed = Object.entries(PAGES).map(([name, page]) => ({ name, text: `${NOTE}\n\n${page()}\n` }));

/** Pages that compare us with another program; nobody can print those from our code. */
const WRITTEN = ['export-format.md', 'mlflow.md', 'odahu.md', 'toolchain-mlflow.md'];

if (process.argv.includes('--check')) check();
else write();

function write(): void {
  mkdirSync(DIR, { recursive: true });
  for (const { name, text } of printed) writeFileSync(path.join(DIR, name), text);
  console.log(`${printed.length} pages written to docs/reference`);
}

function check(): void {
  const stale = printed.filter(({ name, text }) => readOrNothing(path.join(DIR, name)) !== text).map(({ name }) => name);
  const strange = readdirSync(DIR).filter((name) => !(name in PAGES) && !WRITTEN.includes(name));
  for (const name of stale) console.error(`docs/reference/${name} is not what the code says: run node scripts/print-reference.ts`);
  for (const name of strange) console.error(`docs/reference/${name} is printed by nothing: remove it, or add it to scripts/print-reference.ts`);
  if (stale.length + strange.length > 0) process.exitCode = 1;
  else console.log(`${printed.length} pages, all as the code says`);
}

function readOrNothing(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // a page that is not there is as stale as an old one
    return undefined;
  }
}
