const SAFE = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** One word for a POSIX shell, byte for byte what Python's `shlex.quote` writes, because MLproject commands are made with that. */
export function shellQuote(value: string): string {
  return SAFE.test(value) ? value : `'${value.replaceAll("'", `'"'"'`)}'`;
}
