const ALPHABET = new Set(Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'));
const PADDING = '='.charCodeAt(0);
const LINE_BREAKS: readonly (number | undefined)[] = [10, 13];

export type Decoded = { readonly text: string } | { readonly problem: string };

/** Standard base64 with padding → text; line breaks count for nothing. What is wrong is said as Go says it, which is what ODAHU's users know. */
export function decodeBase64(encoded: string): Decoded {
  const bytes = Buffer.from(encoded, 'utf8');
  const at = illegalByteOf(bytes);
  if (at !== undefined) return { problem: `illegal base64 data at input byte ${at}` };
  const decoded = Buffer.from(encoded.replace(/[\r\n]/g, ''), 'base64');
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(decoded) };
  } catch {
    // keys, passwords and known_hosts are text; anything else would come back changed
    return { problem: 'what it stands for is not UTF-8 text' };
  }
}

export function encodeBase64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

/** The byte that Go's decoder complains about, or undefined. Groups of four characters, as in its `decodeQuantum`. */
function illegalByteOf(bytes: Uint8Array): number | undefined {
  let at = 0;
  while (at < bytes.length) {
    for (let place = 0; place < 4; at++) {
      const byte = bytes[at];
      // an unfinished group is said to begin where it would have begun without line breaks
      if (byte === undefined) return place === 0 ? undefined : at - place;
      if (LINE_BREAKS.includes(byte)) continue;
      if (byte === PADDING) return illegalPadding(bytes, at, place);
      if (!ALPHABET.has(byte)) return at;
      place++;
    }
  }
  return undefined;
}

/** `at` is the first padding character, at this place of its group. */
function illegalPadding(bytes: Uint8Array, at: number, place: number): number | undefined {
  if (place < 2) return at;
  let next = behindLineBreaks(bytes, at + 1);
  if (place === 2) {
    if (next === bytes.length) return bytes.length;
    if (bytes[next] !== PADDING) return next - 1;
    next = behindLineBreaks(bytes, next + 1);
  }
  return next < bytes.length ? next : undefined;
}

function behindLineBreaks(bytes: Uint8Array, from: number): number {
  let at = from;
  while (LINE_BREAKS.includes(bytes[at])) at++;
  return at;
}
