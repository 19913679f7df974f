import { ERROR_KINDS, ERRORS, type ErrorKind } from '@trainyard/core/errors.ts';
import { code, table } from './markdown.ts';

/** Every error a caller can meet, by kind. */
export function errorsPage(): string {
  const kinds = Object.entries(ERROR_KINDS) as [ErrorKind, number][];
  const sections = kinds.map(([kind, status]) => {
    const rows = Object.entries(ERRORS).filter(([, error]) => error.kind === kind).map(([name, error]) => [code(name), error.text, error.hint]);
    return `## ${kind} (HTTP ${status})\n\n${rows.length === 0 ? 'None at present.' : table(['code', 'what is said', 'what to do'], rows)}`;
  });
  return ['# Errors', 'An answer that is an error has the body `{ "error": { "code", "message", "hint" } }`. The code is stable, the words are not.', ...sections].join('\n\n');
}
