import { isTrainyardError } from '@trainyard/core/errors.ts';
import type { ServerAnswerError } from '@trainyard/api/client.ts';

/** What the exit codes of every command mean. A command that waits for a run ends with the run's own code instead. */
export const EXIT_CODES = {
  ok: { code: 0, text: 'done' },
  failed: { code: 1, text: 'it failed' },
  usage: { code: 2, text: 'the command line, a manifest or a field of it is wrong' },
  unreachable: { code: 3, text: 'the server cannot be reached' },
  notFound: { code: 4, text: 'what was named does not exist' },
  conflict: { code: 5, text: 'it is there already, or in a state that forbids this' },
  interrupted: { code: 130, text: 'stopped or interrupted' },
} as const satisfies Record<string, { code: number; text: string }>;

export type ExitName = keyof typeof EXIT_CODES;

export function exitCode(name: ExitName): number {
  return EXIT_CODES[name].code;
}

/** The exit code an error ends the command with. */
export function exitCodeOf(error: unknown): number {
  if (isTrainyardError(error)) return exitCode(byStatus(error.status, error.code));
  if (isServerAnswer(error)) return exitCode(byStatus(error.status, error.code));
  return exitCode('failed');
}

/** Told by name: the class comes with the client, which a command that needs no server never loads. */
export function isServerAnswer(error: unknown): error is ServerAnswerError {
  return error instanceof Error && error.name === 'ServerAnswerError' && 'status' in error;
}

const NOBODY_THERE = ['SERVER_UNREACHABLE', 'SHUTTING_DOWN'];

function byStatus(status: number, code: string): ExitName {
  if (NOBODY_THERE.includes(code) || status === 502 || status === 504) return 'unreachable';
  switch (status) {
    case 400:
    case 413:
      return 'usage';
    case 404:
    case 410:
      return 'notFound';
    case 409:
      return 'conflict';
    default:
      return 'failed';
  }
}
