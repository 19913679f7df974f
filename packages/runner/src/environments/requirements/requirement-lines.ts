/** Logical lines of a requirements file: continued lines joined, comments and empty lines left out. */
export function requirementLines(text: string): readonly string[] {
  return text
    .replace(/^\uFEFF/, '')
    .replace(/\\\r?\n/g, '')
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');
}

/** `-r x`, `-rx`, `--requirement x`, `--requirement=x` → the option's long name and its value; undefined for a requirement. */
export function optionOf(line: string): { readonly name: string; readonly value: string } | undefined {
  const [, long, longValue = ''] = /^(--[a-z][a-z-]*)(?:[=\s]\s*(.*))?$/i.exec(line) ?? [];
  if (long !== undefined) return { name: long.toLowerCase(), value: unquoted(longValue) };
  const [, short = '', value = ''] = /^(-[a-z])[=\s]*(.*)$/i.exec(line) ?? [];
  const name = LONG_NAMES[short];
  return name === undefined ? undefined : { name, value: unquoted(value) };
}

const LONG_NAMES: Readonly<Record<string, string>> = {
  '-r': '--requirement',
  '-c': '--constraint',
  '-e': '--editable',
  '-i': '--index-url',
  '-f': '--find-links',
};

function unquoted(value: string): string {
  return value.trim().replace(/^(["'])(.*)\1$/, '$2');
}
