/** An argument list as a person would type it into a POSIX shell; for reading, never for running. */
export function commandText(argv: readonly string[]): string {
  return argv.map((argument) => (/^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`)).join(' ');
}
