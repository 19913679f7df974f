/**
 * Points as bytes. A header of 8 bytes (version, how timestamps and steps are written, their number), then values,
 * timestamps and steps, each column aligned to 8 bytes and in the order of bytes of every processor Node runs on here.
 * Steps mostly count evenly and timestamps lie close together: a point takes 12 bytes then rather than 24.
 */
import { type Columns, type Int64Column, narrowed } from './columns.ts';

const VERSION = 1;
const HEADER_BYTES = 8;

/** How a column of integers is written. */
const EVEN = 0; // the first one and the distance: two doubles
const OFFSETS = 1; // the least one as a double, then how far each is above it in 32 bits
const DOUBLES = 2;
const INT64S = 3;
type Form = typeof EVEN | typeof OFFSETS | typeof DOUBLES | typeof INT64S;

export function encodePoints(columns: Columns): Uint8Array<ArrayBuffer> {
  const count = columns.values.length;
  const timestamps = narrowed(columns.timestamps);
  const steps = narrowed(columns.steps);
  const forms = [formOf(timestamps), formOf(steps)] as const;
  const bytes = new Uint8Array(HEADER_BYTES + 8 * count + sizeOf(forms[0], count) + sizeOf(forms[1], count));
  bytes.set([VERSION, ...forms]);
  new Uint32Array(bytes.buffer, 4, 1)[0] = count;
  new Float64Array(bytes.buffer, HEADER_BYTES, count).set(columns.values);
  let at = HEADER_BYTES + 8 * count;
  write(bytes.buffer, at, timestamps, forms[0]);
  at += sizeOf(forms[0], count);
  write(bytes.buffer, at, steps, forms[1]);
  return bytes;
}

/** Throws on bytes that are no points. The columns may be views of `bytes`, which must not be changed afterwards. */
export function decodePoints(bytes: Uint8Array): Columns {
  // drivers hand out pieces of larger buffers, at any offset
  const { buffer, byteOffset, length } = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes);
  const header = new Uint8Array(buffer, byteOffset, Math.min(HEADER_BYTES, length));
  const [version, timestamps, steps] = header;
  if (version !== VERSION || !isForm(timestamps) || !isForm(steps) || length < HEADER_BYTES) throw new Error('these bytes are no points of a metric');
  const count = new Uint32Array(buffer, byteOffset + 4, 1)[0] ?? 0;
  if (length !== HEADER_BYTES + 8 * count + sizeOf(timestamps, count) + sizeOf(steps, count)) throw new Error(`${length} bytes do not hold ${count} points of a metric`);
  const from = byteOffset + HEADER_BYTES;
  return {
    values: new Float64Array(buffer, from, count),
    timestamps: read(buffer, from + 8 * count, timestamps, count),
    steps: read(buffer, from + 8 * count + sizeOf(timestamps, count), steps, count),
  };
}

function isForm(form: number | undefined): form is Form {
  return form !== undefined && form <= INT64S;
}

function sizeOf(form: Form, count: number): number {
  switch (form) {
    case EVEN:
      return 16;
    case OFFSETS:
      return 8 + Math.ceil(count / 2) * 8;
    case DOUBLES:
    case INT64S:
      return 8 * count;
    default:
      return form satisfies never;
  }
}

function formOf(column: Int64Column): Form {
  if (column instanceof BigInt64Array) return INT64S;
  if (isEven(column)) return EVEN;
  let least = Infinity;
  let greatest = -Infinity;
  for (const value of column) {
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  return greatest - least < 2 ** 32 ? OFFSETS : DOUBLES;
}

/** Whether each one is as far from the one before it: exactly what reading will compute. */
export function isEven(column: Float64Array): boolean {
  const first = column[0] ?? 0;
  const distance = (column[1] ?? first) - first;
  for (let index = 0; index < column.length; index++) if (column[index] !== first + index * distance) return false;
  return true;
}

function write(buffer: ArrayBuffer, at: number, column: Int64Column, form: Form): void {
  if (column instanceof BigInt64Array) {
    new BigInt64Array(buffer, at, column.length).set(column);
    return;
  }
  const first = column[0] ?? 0;
  switch (form) {
    case EVEN:
      new Float64Array(buffer, at, 2).set([first, (column[1] ?? first) - first]);
      return;
    case OFFSETS: {
      const least = column.reduce((a, b) => (a < b ? a : b), first);
      new Float64Array(buffer, at, 1)[0] = least;
      const offsets = new Uint32Array(buffer, at + 8, column.length);
      for (let index = 0; index < column.length; index++) offsets[index] = (column[index] ?? least) - least;
      return;
    }
    case DOUBLES:
    case INT64S:
      new Float64Array(buffer, at, column.length).set(column);
      return;
    default:
      form satisfies never;
  }
}

function read(buffer: ArrayBufferLike, at: number, form: Form, count: number): Int64Column {
  switch (form) {
    case EVEN: {
      const [first = 0, distance = 0] = new Float64Array(buffer, at, 2);
      const column = new Float64Array(count);
      for (let index = 0; index < count; index++) column[index] = first + index * distance;
      return column;
    }
    case OFFSETS: {
      const least = new Float64Array(buffer, at, 1)[0] ?? 0;
      const offsets = new Uint32Array(buffer, at + 8, count);
      const column = new Float64Array(count);
      for (let index = 0; index < count; index++) column[index] = least + (offsets[index] ?? 0);
      return column;
    }
    case DOUBLES:
      return new Float64Array(buffer, at, count);
    case INT64S:
      return new BigInt64Array(buffer, at, count);
    default:
      return form satisfies never;
  }
}
