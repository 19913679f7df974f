import { Command } from 'commander';
import type { Cli } from '../../cli.ts';
import { trainCreate } from './create.ts';
import { trainDelete } from './delete.ts';
import { trainEdit } from './edit.ts';
import { trainGet } from './get.ts';
import { trainList } from './list.ts';
import { trainRerun } from './rerun.ts';
import { trainRun } from './run.ts';

export function train(cli: Cli): Command {
  const command = new Command('train').summary('train a model; list, change and delete trainings').description('Trainings: what is to be trained, kept with all its runs.').helpGroup('Trainings:');
  for (const make of [trainRun, trainGet, trainList, trainCreate, trainEdit, trainDelete, trainRerun]) command.addCommand(make(cli));
  return command;
}
