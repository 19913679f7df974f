// docs/dependencies.md has one line for every npm package that a package.json asks for, and none for another.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './install.mjs';
import { report, sourceFiles } from './source-files.mjs';

const DOCUMENT = 'docs/dependencies.md';

const wanted = new Map();
for (const file of sourceFiles().filter((one) => /^(packages\/[^/]+\/)?package\.json$/.test(one))) {
  const { dependencies, devDependencies, optionalDependencies, peerDependencies } = JSON.parse(readFileSync(path.join(ROOT, file), 'utf8'));
  const names = [dependencies, devDependencies, optionalDependencies, peerDependencies].flatMap((some) => Object.keys(some ?? {}));
  for (const name of names) if (!/^(@trainyard\/|trainyard$)/.test(name)) wanted.set(name, [...(wanted.get(name) ?? []), file]);
}

const rows = readFileSync(path.join(ROOT, DOCUMENT), 'utf8').matchAll(/^\| `([^`]+)` \|(.*)\|$/gm);
const explained = new Map([...rows].map(([, name, reason]) => [name, reason.replaceAll('|', '').trim()]));

report(
  [
    ...[...wanted].filter(([name]) => !explained.has(name)).map(([name, files]) => `${DOCUMENT}: no line for '${name}' (${files.join(', ')})`),
    ...[...explained.keys()].filter((name) => !wanted.has(name)).map((name) => `${DOCUMENT}: '${name}' is in no package.json`),
    ...[...explained].filter(([, reason]) => reason === '').map(([name]) => `${DOCUMENT}: '${name}' has no reason`),
  ],
  `${wanted.size} dependencies, each with its reason`,
);
