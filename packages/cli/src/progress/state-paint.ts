import type { RunState } from '@trainyard/core/training/states.ts';
import type { Style } from '../output/style.ts';

/** The colour of a state of a run; `none` is a training that has not been run. */
export function statePaint(state: RunState | 'none', style: Style): (text: string) => string {
  switch (state) {
    case 'succeeded':
      return style.good;
    case 'failed':
      return style.bad;
    case 'stopped':
      return style.careful;
    case 'preparing':
    case 'running':
      return style.busy;
    case 'queued':
    case 'none':
      return style.quiet;
    default:
      return state satisfies never;
  }
}
