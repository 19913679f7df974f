/** A value of a column: whole numbers are exact, beyond 2^53 as bigint. */
export type Value = string | number | bigint | boolean | null;
export type Row = Readonly<Record<string, Value>>;

/** Reads a database that is not ours. Parameters stand as `?`. Nothing is ever written. */
export interface SqlReader {
  readonly kind: 'sqlite' | 'postgresql';
  all(text: string, values?: readonly Value[]): Promise<readonly Row[]>;
  /** Rows one after the other, however many there are. */
  stream(text: string, values?: readonly Value[]): AsyncIterable<Row>;
  /** The columns of a table; none when it is not there. */
  columns(table: string): Promise<ReadonlySet<string>>;
  close(): Promise<void>;
}

export function text(row: Row, column: string): string {
  const value = row[column];
  return value === null || value === undefined ? '' : String(value);
}

export function textOrNull(row: Row, column: string): string | null {
  const value = row[column];
  return value === null || value === undefined ? null : String(value);
}

/** A time or a count: exact, and zero when it is not there. */
export function whole(row: Row, column: string): number {
  return Number(row[column] ?? 0);
}

export function int64(row: Row, column: string): number | bigint {
  return int64OrNull(row, column) ?? 0;
}

export function int64OrNull(row: Row, column: string): number | bigint | null {
  const value = row[column];
  return typeof value === 'number' || typeof value === 'bigint' ? value : null;
}

/** `?, ?, ?` */
export function marks(values: readonly unknown[]): string {
  return values.map(() => '?').join(', ');
}
