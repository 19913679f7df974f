import { TrainyardError } from '../errors.ts';

const MAX_LENGTH = 2048;
const MAX_DECODINGS = 5;

/**
 * The segments of a relative path from outside, which was decoded once; empty for an empty path. Refused is whatever could
 * mean another place: absolute, with empty, `.` or `..` segments, with a drive, backslash or control character, and whatever
 * would become one of these if somebody decoded it again. A plain `%` is a character like others: MLflow's own image names have it.
 */
export function artifactSegments(path: string): string[] {
  if (path === '') return [];
  const text = path.normalize('NFC');
  const segments = text.split('/');
  if (text.length > MAX_LENGTH || /[\\\u0000-\u001f\u007f]/.test(text) || /^[A-Za-z]:/.test(text) || segments.some(isUnsafe)) throw new TrainyardError('INVALID_PATH', { path });
  if (changesWhenDecoded(text)) throw new TrainyardError('INVALID_PATH', { path });
  return segments;
}

function isUnsafe(segment: string): boolean {
  return segment === '' || segment === '.' || segment === '..';
}

/** Decodes until nothing changes: hidden separators, dots, backslashes and NULs come out, harmless percent signs do not matter. */
function changesWhenDecoded(text: string): boolean {
  let before = text;
  for (let round = 0; round < MAX_DECODINGS; round++) {
    const after = before.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    if (after === before) return false;
    if (/[\\\u0000]/.test(after) || after.split('/').length !== text.split('/').length || after.split('/').some(isUnsafe)) return true;
    before = after;
  }
  return true;
}
