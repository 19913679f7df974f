#!/usr/bin/env node
// The one dispatcher. Plain JavaScript that any Node of this decade can read, so that an old one gets a sentence, not a stack.
import module from 'node:module';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED = 24;
/** Commands that run in the server's own process; their help and everything else is the CLI's. */
const SERVER_COMMANDS = [['up'], ['db', 'check'], ['db', 'backup'], ['secrets', 'rotate-key'], ['secret', 'rotate-key']];

const argv = process.argv.slice(2);
process.exitCode = Number.parseInt(process.versions.node, 10) < NEEDED ? await onOldNode() : await run();

async function run() {
  // not in the temporary directory, where Node would put it: who shares that could leave code for us there
  const cache = process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache');
  module.enableCompileCache?.(process.env.NODE_COMPILE_CACHE || path.join(cache, 'trainyard', 'compiled'));
  const wantsHelp = argv.includes('--help') || argv.includes('-h');
  if (!wantsHelp && SERVER_COMMANDS.some((words) => words.every((word, i) => argv[i] === word))) {
    const { runServer } = await import('@trainyard/server/main.ts');
    return await runServer(argv[0] === 'secret' ? ['secrets', ...argv.slice(1)] : argv, process.env);
  }
  const { processIo, runCli } = await import('../src/main.ts');
  return await runCli(argv, processIo());
}

async function onOldNode() {
  const { newerNode, runWith } = await import('./newer-node.mjs');
  const node = newerNode();
  if (node !== undefined) return await runWith(node, fileURLToPath(import.meta.url), argv);
  process.stderr.write(`error: trainyard needs Node ${NEEDED} or newer, this is Node ${process.versions.node} (${process.execPath})\n`);
  process.stderr.write('  hint: install a newer Node; in a clone of the project, npm run quickstart brings one\n');
  return 1;
}
