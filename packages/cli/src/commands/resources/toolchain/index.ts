import { Command } from 'commander';
import type { Cli } from '../../../cli.ts';
import { toolchainDelete } from './delete.ts';
import { toolchainGet } from './get.ts';
import { toolchainList } from './list.ts';
import { toolchainCreate, toolchainEdit } from './put.ts';

export function toolchain(cli: Cli): Command {
  const command = new Command('toolchain').aliases(['toolchains', 'ti']).summary('toolchain integrations: create, list, change, delete').description('Toolchain integrations: ways to train that you add, a program in an image; and the variables of the built-in ones.').helpGroup('Resources:');
  for (const make of [toolchainCreate, toolchainGet, toolchainList, toolchainEdit, toolchainDelete]) command.addCommand(make(cli));
  return command;
}
