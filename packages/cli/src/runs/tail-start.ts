import type { Connection } from '../connection/connection.ts';

export interface Tail {
  readonly runId: string;
  readonly attempt: number;
  /** Bytes the log has. */
  readonly logBytes: number;
  readonly lines: number;
}

const TYPICAL_LINE_BYTES = 200;
/** A log without line ends is shown from here, not read as a whole. */
const MAX_WINDOW_BYTES = 64 * 1024 * 1024;
const LINE_END = 0x0a;

/** The byte the last `lines` lines begin at. Known as a byte, a tail can be gone on with after a dropped connection. */
export async function tailStart(connection: Connection, { runId, attempt, logBytes, lines }: Tail): Promise<number> {
  if (lines === 0) return logBytes;
  for (let windowBytes = Math.max(4096, lines * TYPICAL_LINE_BYTES); ; windowBytes *= 8) {
    const from = Math.max(0, logBytes - Math.min(windowBytes, MAX_WINDOW_BYTES));
    const response = await connection.open('runLog', { params: { id: runId }, query: { attempt, fromByte: from } });
    const bytes = Buffer.from(await response.arrayBuffer()).subarray(0, logBytes - from);
    const start = startOfLast(bytes, lines);
    if (start !== undefined) return from + start;
    if (from === 0 || windowBytes >= MAX_WINDOW_BYTES) return from;
  }
}

/** Undefined when the bytes may begin in the middle of the first of these lines. */
function startOfLast(bytes: Buffer, lines: number): number | undefined {
  // a line end at the very end closes the last line, it does not open another
  let end = bytes.at(-1) === LINE_END ? bytes.length - 1 : bytes.length;
  for (let found = 0; found < lines; found++) {
    end = end === 0 ? -1 : bytes.lastIndexOf(LINE_END, end - 1);
    if (end < 0) return undefined;
  }
  return end + 1;
}
