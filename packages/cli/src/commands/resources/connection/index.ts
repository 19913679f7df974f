import { Command } from 'commander';
import type { Cli } from '../../../cli.ts';
import { connectionCheck } from './check.ts';
import { connectionCreate } from './create.ts';
import { connectionDelete } from './delete.ts';
import { connectionEdit } from './edit.ts';
import { connectionGet } from './get.ts';
import { connectionList } from './list.ts';

export function connection(cli: Cli): Command {
  const command = new Command('connection').aliases(['connections', 'conn']).summary('places with credentials: create, check, list, change, delete').description('Connections: places that sources and data come from and models go to, with their credentials sealed on the server.').helpGroup('Resources:');
  for (const make of [connectionCreate, connectionCheck, connectionGet, connectionList, connectionEdit, connectionDelete]) command.addCommand(make(cli));
  return command;
}
