// File names and sizes of the sources: what CONTRIBUTING.md promises under "Names and sizes".
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './install.mjs';
import { report, sourceFiles } from './source-files.mjs';

const CODE = /^(packages|scripts|bench|e2e)\/.*\.(ts|tsx|mjs|cjs|js)$/;
const TEST = /(\.(test|contract)|(^|\/)test-[a-z-]+)\.ts$/;
const NAME = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|int|contract|golden|config|d))*\.(ts|tsx|mjs|cjs)$/;
const DRAWER = /^(utils?|helpers?|common|misc|shared|lib|tools|manager|base|types)$/;
const MAX_LINES = 500;
const MANY_LINES = 300;
const MAX_ENTRIES = 20;
const MAX_DEPTH = 3;

const files = sourceFiles().filter((file) => CODE.test(file));
for (const line of files.flatMap(longish)) console.warn(line);
report([...files.flatMap(nameProblems), ...files.flatMap(sizeProblems), ...folderProblems(files)], `${files.length} files, all named and sized as they should be`);

function nameProblems(file) {
  const parts = file.split('/');
  const name = parts.at(-1) ?? '';
  const drawers = parts.map((part) => part.replace(/\..*$/, '')).filter((part) => DRAWER.test(part));
  return [
    ...drawers.map((drawer) => `${file}: '${drawer}' is a drawer; name it after the one thing in it`),
    ...(NAME.test(name) ? [] : [`${file}: file names are kebab-case, tests end in .test.ts, .int.test.ts or .contract.test.ts`]),
  ];
}

function sizeProblems(file) {
  const lines = linesOf(file);
  return lines > MAX_LINES ? [`${file}: ${lines} lines, ${MAX_LINES} is the limit`] : [];
}

function longish(file) {
  const lines = linesOf(file);
  return lines > MANY_LINES && lines <= MAX_LINES ? [`warning: ${file} has ${lines} lines; more than ${MANY_LINES} is a lot`] : [];
}

function folderProblems(all) {
  const entries = new Map();
  const problems = [];
  for (const file of all.filter((one) => !TEST.test(one))) {
    const parts = file.split('/');
    for (let i = 1; i < parts.length; i++) {
      const folder = parts.slice(0, i).join('/');
      entries.set(folder, (entries.get(folder) ?? new Set()).add(parts[i]));
    }
    const below = parts.indexOf('src');
    if (below >= 0 && parts.length - 2 - below > MAX_DEPTH) problems.push(`${file}: folders are nested more than ${MAX_DEPTH} deep below src`);
  }
  for (const [folder, names] of entries) if (names.size > MAX_ENTRIES) problems.push(`${folder}: ${names.size} entries, ${MAX_ENTRIES} is the limit`);
  return problems;
}

function linesOf(file) {
  return readFileSync(path.join(ROOT, file), 'utf8').split('\n').length - 1;
}
