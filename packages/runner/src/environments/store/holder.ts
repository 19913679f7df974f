import { isAlive, processStart } from '../../process/process-tree.ts';

/** This process as a word that names it for ever: a number alone may belong to another process later. */
export function ownHolder(): string {
  return `${process.pid}-${processStart(process.pid)}`;
}

export const HOLDER = /\d+-\d*/;

/** Is the process that this word names still there? Processes of other machines and containers cannot be seen: a cache directory belongs to one. */
export function isHolderAlive(holder: string): boolean {
  const [pid = '', start = ''] = holder.split('-');
  return isAlive(Number(pid)) && processStart(Number(pid)) === start;
}
