// `npm run bench -- <name>`: installs what is missing and runs bench/<name>.ts. Without a name: which there are.
// A bench prints one JSON line per measure on stdout: {"name","ours","peer","ratio","unit"}; talk goes to stderr.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { ensureInstalled, ROOT } from './install.mjs';

const DIR = path.join(ROOT, 'bench');

const [name, ...rest] = process.argv.slice(2);
if (name === undefined) list();
else if (benches().includes(name)) process.exitCode = await bench(name, rest);
else {
  console.error(`there is no bench '${name}'; there are: ${benches().join(', ') || 'none'}`);
  process.exitCode = 2;
}

function benches() {
  if (!existsSync(DIR)) return [];
  return readdirSync(DIR).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts')).map((file) => file.slice(0, -3)).sort();
}

function list() {
  for (const one of benches()) console.log(`npm run bench -- ${one}\n    ${sentenceOf(one)}`);
  if (benches().length === 0) console.log('there are no benches');
}

/** The first comment line of a bench says what it measures. */
function sentenceOf(one) {
  const line = readFileSync(path.join(DIR, `${one}.ts`), 'utf8').split('\n').find((text) => /^(\/\/|\/\*\*| \* )\s*\S/.test(text));
  return (line ?? '').replace(/^[/* ]+/, '').replace(/\s*\*\/$/, '');
}

async function bench(one, argv) {
  const { env, node } = await ensureInstalled({ dev: true, print: (line) => console.error(line) });
  const child = spawn(node, [path.join(DIR, `${one}.ts`), ...argv], { cwd: ROOT, env, stdio: ['inherit', 'pipe', 'inherit'] });
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
  let measures = 0;
  let wrong = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    console.log(line);
    if (isMeasure(line)) measures += 1;
    else wrong += 1;
  }
  const code = await ended;
  if (wrong > 0) console.error(`${wrong} line(s) of '${one}' are no measure: {"name","ours","peer","ratio","unit"}`);
  if (measures === 0) console.error(`'${one}' measured nothing`);
  return code !== 0 || wrong > 0 || measures === 0 ? 1 : 0;
}

/** `peer` and `ratio` are null where nothing stands beside ours. */
function isMeasure(line) {
  let value;
  try {
    value = JSON.parse(line);
  } catch {
    // not JSON is the answer
    return false;
  }
  const isFigure = (figure) => typeof figure === 'number' || figure === null;
  return typeof value?.name === 'string' && typeof value.unit === 'string' && typeof value.ours === 'number' && isFigure(value.peer) && isFigure(value.ratio);
}
