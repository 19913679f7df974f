import { type Document, isAlias, isMap, isScalar, isSeq, type Node } from 'yaml';

/*
 * A default of an MLproject reaches the command as Python's `str()` of what Python's YAML 1.1 loader made of it, and is logged
 * like that. The training's own code often logs the same parameter again, and MLflow refuses a text that differs: `1e-05` and
 * `0.00001` are the same number and not the same text. So the text is made exactly as Python would.
 */

const NULL = /^(~|null|Null|NULL|)$/;
const TRUE = /^(yes|Yes|YES|true|True|TRUE|on|On|ON)$/;
const FALSE = /^(no|No|NO|false|False|FALSE|off|Off|OFF)$/;
const BINARY = /^([-+]?)0b([01_]+)$/;
const OCTAL = /^([-+]?)0([0-7_]+)$/;
const HEXADECIMAL = /^([-+]?)0x([0-9a-fA-F_]+)$/;
const DECIMAL = /^([-+]?)(0|[1-9][0-9_]*)$/;
// YAML 1.1 wants a dot, and a sign in the exponent: `1e5` is text to Python's loader
const FLOAT = /^([-+]?)([0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)([eE][-+][0-9]+)?$/;
const SEXAGESIMAL = /^([-+]?)([0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?)$/;
const INFINITE = /^([-+]?)\.(inf|Inf|INF)$/;
const NOT_A_NUMBER = /^\.(nan|NaN|NAN)$/;

/** `None` is undefined: a parameter whose default is null has none. */
export function pythonText(node: Node | null | undefined, document: Document): string | undefined {
  const value = read(node, document);
  return value === null ? undefined : typeof value === 'string' ? value : value.code;
}

/** Does Python's loader make text of it? */
export function isPythonText(node: unknown): boolean {
  return isScalar(node) && typeof readScalar(node) === 'string';
}

/** Text, None, or anything else as the Python code that `str()` shows for it. */
type PythonValue = string | null | { readonly code: string };

function read(node: Node | null | undefined, document: Document): PythonValue {
  if (isAlias(node)) return read(node.resolve(document), document);
  if (isScalar(node)) return readScalar(node);
  if (isSeq<Node>(node)) return { code: `[${node.items.map((item) => code(item, document)).join(', ')}]` };
  if (isMap<Node, Node | null>(node)) return { code: `{${node.items.map(({ key, value }) => `${code(key, document)}: ${code(value, document)}`).join(', ')}}` };
  return null;
}

function code(node: Node | null, document: Document): string {
  const value = read(node, document);
  if (value === null) return 'None';
  return typeof value === 'string' ? quoted(value) : value.code;
}

function readScalar(node: { readonly value?: unknown; readonly type?: string | undefined; readonly tag?: string | undefined }): PythonValue {
  const text = typeof node.value === 'string' ? node.value : '';
  if (node.type !== 'PLAIN' || node.tag !== undefined) return text;
  if (NULL.test(text)) return null;
  if (TRUE.test(text)) return { code: 'True' };
  if (FALSE.test(text)) return { code: 'False' };
  return integer(text) ?? float(text) ?? text;
}

function integer(text: string): PythonValue | undefined {
  for (const [form, prefix] of [[BINARY, '0b'], [OCTAL, '0o'], [HEXADECIMAL, '0x'], [DECIMAL, '']] as const) {
    const [, sign, digits] = form.exec(text) ?? [];
    const bare = digits?.replaceAll('_', '') ?? '';
    if (bare === '') continue;
    const value = BigInt(prefix + bare);
    return { code: String(sign === '-' ? -value : value) };
  }
  const [, sign, groups] = SEXAGESIMAL.exec(text) ?? [];
  if (groups === undefined || groups.includes('.') || groups.startsWith('0')) return undefined;
  return { code: String(Number(`${sign === '-' ? '-' : ''}1`) * inSixties(groups)) };
}

function float(text: string): PythonValue | undefined {
  const [, sign, mantissa, exponent = ''] = FLOAT.exec(text) ?? [];
  if (mantissa !== undefined) return { code: pythonFloat(Number(`${sign === '-' ? '-' : ''}${mantissa.replaceAll('_', '')}${exponent}`)) };
  const [, sixtiesSign, groups] = SEXAGESIMAL.exec(text) ?? [];
  if (groups?.includes('.') === true) return { code: pythonFloat((sixtiesSign === '-' ? -1 : 1) * inSixties(groups)) };
  const infinite = INFINITE.exec(text);
  if (infinite !== null) return { code: infinite[1] === '-' ? '-inf' : 'inf' };
  return NOT_A_NUMBER.test(text) ? { code: 'nan' } : undefined;
}

function inSixties(groups: string): number {
  return groups.split(':').reduce((sum, digits) => sum * 60 + Number(digits.replaceAll('_', '')), 0);
}

/** Both languages print the shortest digits that read back as the same number; they differ in when an exponent is used, and how. */
function pythonFloat(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : value < 0 ? '-inf' : 'nan';
  const [digits = '', power = '0'] = value.toExponential().split('e');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  const plain = Object.is(value, -0) ? '-0' : String(value);
  return plain.includes('.') ? plain : `${plain}.0`;
}

function quoted(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t');
  return `${mark}${mark === "'" ? escaped.replaceAll("'", "\\'") : escaped}${mark}`;
}
