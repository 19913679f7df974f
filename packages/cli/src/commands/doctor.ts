import path from 'node:path';
import { Command } from 'commander';
import type { Cli } from '../cli.ts';
import type { Check } from '../doctor/check.ts';
import { exitCode } from '../exit-codes.ts';
import { withExamples } from '../help-text.ts';
import { type OutputFormat, outputOption } from '../output/format.ts';
import { safeLine } from '../output/safe-text.ts';
import type { Screen } from '../output/screen.ts';
import { VERSION } from './program/version.ts';

export function doctor(cli: Cli): Command {
  const command = new Command('doctor')
    .helpGroup('Setup:')
    .summary('check that everything needed is here')
    .description('Checks what training needs, and says how to get what is missing. Exit code 1 when something needed is.')
    .addOption(outputOption());
  return withExamples(command, [
    ['trainyard doctor', 'look'],
    ['trainyard doctor -o json', 'for a program'],
  ]).action(async ({ output }: { output: OutputFormat }) => {
    const checks = await examine(cli);
    const ok = checks.every(({ state }) => state !== 'missing');
    await cli.print({ ok, checks }, output, (screen) => checkLines(checks, screen));
    cli.exitCode = exitCode(ok ? 'ok' : 'failed');
  });
}

async function examine(cli: Cli): Promise<Check[]> {
  const [programs, { checkDisk }, { checkServer }] = await Promise.all([import('../doctor/programs.ts'), import('../doctor/disk.ts'), import('../doctor/server.ts')]);
  const { env, cwd, home } = cli.io;
  const given = env['TRAINYARD_DATA_DIR'] ?? '';
  const dataDir = given === '' ? path.join(home, '.trainyard') : path.resolve(cwd, given);
  const found = await Promise.all([programs.checkPython(env), programs.checkGit(env), programs.checkManagers(env), checkDisk(dataDir), checkServer(cli, VERSION)]);
  return [programs.checkNode(process.versions.node), ...found.flat()];
}

function checkLines(checks: readonly Check[], screen: Screen): string[] {
  const { style } = screen;
  const marks = { ok: style.good('✓'), missing: style.bad('✗'), warning: style.careful('!'), absent: style.quiet('–') };
  const lines = checks.flatMap(({ name, state, found, hint }) => [
    `  ${marks[state]} ${name.padEnd(12)}${state === 'absent' ? style.quiet(safeLine(found)) : safeLine(found)}`,
    ...(hint === undefined ? [] : [`    ${' '.repeat(12)}${style.quiet(screen.typed(safeLine(hint)))}`]),
  ]);
  const missing = checks.filter(({ state }) => state === 'missing').map(({ name }) => name);
  const verdict = missing.length === 0 ? style.good('Everything needed is here.') : style.bad(`Missing: ${missing.join(', ')}`);
  return [...lines, '', verdict];
}
