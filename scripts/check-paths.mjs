// Every path, link, heading and npm script that a document names is there.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './install.mjs';
import { report, sourceFiles } from './source-files.mjs';

const documents = sourceFiles().filter((file) => file.endsWith('.md'));
const npmScripts = Object.keys(JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')).scripts);
/** What a path in backquotes may be relative to, beside the root and the document's own folder. */
const sourceRoots = ['packages', ...readdirSync(path.join(ROOT, 'packages')).map((name) => `packages/${name}/src`)];
const topFolders = new Set(sourceFiles().filter((file) => file.includes('/')).map((file) => file.split('/')[0]));
/** What is only there once `npm run bundle` has run, and spans in which something is to be filled in. */
const PLACEHOLDER = /^dist\/|[<>*{}…|]|\.\.\.|(^|\/)[xX]{1,3}(\/|\.|$)/;
const FILE_ENDING = /\.(ts|tsx|mjs|cjs|js|md|json|sql|ya?ml|toml|py|sh|csv|txt)$/;

report(documents.flatMap(problemsIn), `${documents.length} documents, every path and link is there`);

function problemsIn(document) {
  const text = readFileSync(path.join(ROOT, document), 'utf8');
  const prose = text.replace(/^```[\s\S]*?^```/gm, '');
  return [
    ...[...prose.matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g)].flatMap(([, target]) => linkProblems(document, target)),
    ...[...prose.matchAll(/`([^`\n]+)`/g)].flatMap(([, span]) => pathProblems(document, span)),
    ...[...text.matchAll(/\bnpm run ([\w:-]+)/g)].filter(([, name]) => !npmScripts.includes(name)).map(([, name]) => `${document}: there is no npm script '${name}'`),
  ];
}

function linkProblems(document, target) {
  if (/^[a-z][a-z+.-]*:/i.test(target)) return [];
  const [file, heading] = target.split('#');
  const absolute = file === '' ? path.join(ROOT, document) : path.resolve(ROOT, path.dirname(document), decodeURIComponent(file));
  if (!existsSync(absolute)) return [`${document}: the link '${target}' leads nowhere`];
  if (heading === undefined || !absolute.endsWith('.md')) return [];
  return headingsOf(absolute).includes(heading) ? [] : [`${document}: '${path.relative(ROOT, absolute)}' has no heading '#${heading}'`];
}

/** The ids a Markdown viewer gives to headings. */
function headingsOf(file) {
  const text = readFileSync(file, 'utf8').replace(/^```[\s\S]*?^```/gm, '');
  return [...text.matchAll(/^#{1,6}\s+(.+?)\s*$/gm)].map(([, title]) => title.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-'));
}

/** A span counts as a path of ours when it begins with one of our folders or has a file ending and a '/'. */
function pathProblems(document, span) {
  const name = span.replace(/:\d+$/, '').replace(/^@trainyard\/(\w+)\//, 'packages/$1/src/');
  if (PLACEHOLDER.test(name) || /[\s()=$,;'"]/.test(name) || /^([a-z]+:|\/|~|--)/i.test(name) || !name.includes('/')) return [];
  if (!topFolders.has(name.split('/')[0] ?? '') && !FILE_ENDING.test(name)) return [];
  const bases = [ROOT, path.join(ROOT, path.dirname(document)), ...sourceRoots.map((base) => path.join(ROOT, base))];
  return bases.some((base) => existsSync(path.join(base, name))) ? [] : [`${document}: there is no '${span}'`];
}
