import { TrainyardError, messageOf } from '@trainyard/core/errors.ts';
import { didYouMean } from '@trainyard/core/nearest.ts';
import { type Document, LineCounter, parseAllDocuments, type Scalar, visit } from 'yaml';
import { type FoundManifest, KINDS, type Manifest, ODAHUS_OTHER_KINDS } from './manifest.ts';

/** Everything below these fields is text in the end, so that `flag: True` reaches the training as it was written. */
const TEXT_FIELDS = new Set(['hyperParameters', 'envs', 'args', 'tags', 'additionalEnvironments', 'nodeSelector']);

/**
 * The resources, of some kinds, of a text that is JSON or YAML (several documents, or one list). A number is given as the text that was
 * written wherever the two differ: `version: 1.0` means "1.0", not 1.
 *
 * @throws TrainyardError INVALID_YAML or INVALID_MANIFEST, naming the file and the line
 */
export function parseManifests<K extends string>(text: string, file: string, kinds: readonly K[]): FoundManifest<K>[] {
  const values = documentsOf(text, file);
  if (values.length === 0) throw new TrainyardError('INVALID_MANIFEST', { file, problem: 'it is empty' });
  return values.map(({ value, line }, i) => {
    const where = values.length === 1 ? file : `${file}, document ${i + 1}`;
    return { manifest: checked(value, `${where}, line ${line}`, kinds), where };
  });
}

interface Value {
  readonly value: unknown;
  readonly line: number;
}

/**
 * What a text that is JSON or YAML holds: each document, or each element of a list.
 *
 * @throws TrainyardError INVALID_YAML
 */
export function documentsOf(text: string, file: string): Value[] {
  return jsonValues(text) ?? yamlValues(text, file);
}

function jsonValues(text: string): Value[] | undefined {
  try {
    // the third argument holds the text of the number: the language has it, its types do not yet
    const keepText = (_key: string, value: unknown, context?: { source?: string }): unknown => asWritten(value, context?.source);
    const value = JSON.parse(text, keepText as Parameters<typeof JSON.parse>[1]) as unknown;
    return (Array.isArray(value) ? value : [value]).map((one) => ({ value: one as unknown, line: 1 }));
  } catch {
    // not JSON, so it is YAML or its errors are the ones to tell
    return undefined;
  }
}

function yamlValues(text: string, file: string): Value[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  // `parseAllDocuments` gives an empty object for an empty text
  if (!Array.isArray(documents)) return [];
  return (documents as Document[]).flatMap((document) => {
    const problem = document.errors[0] ?? document.warnings[0];
    if (problem !== undefined) {
      const { line, col } = lines.linePos(problem.pos[0]);
      throw new TrainyardError('INVALID_YAML', { file, problem: `line ${line}, column ${col}: ${problem.message}` });
    }
    keepNumbersAsWritten(document);
    const value = plain(document, file);
    // what stands behind a last `---`, or a file of comments
    if (value === null || value === undefined) return [];
    const { line } = lines.linePos(document.contents?.range?.[0] ?? 0);
    return (Array.isArray(value) ? value : [value]).map((one) => ({ value: one as unknown, line }));
  });
}

function plain(document: Document, file: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    // aliases that multiply beyond reason, or that refer to nothing
    throw new TrainyardError('INVALID_YAML', { file, problem: messageOf(error) }, { cause: error });
  }
}

function keepNumbersAsWritten(document: Document): void {
  visit(document, {
    Pair: (_, pair) => (TEXT_FIELDS.has(String((pair.key as Scalar | null)?.value)) ? textBelow(pair.value) : undefined),
    Scalar: (key, node) => {
      if (key !== 'key') node.value = asWritten(node.value, node.source);
    },
  });
}

function textBelow(value: unknown): void {
  if (value === null || typeof value !== 'object') return;
  visit(value as Document, {
    Scalar: (key, node) => {
      if (key !== 'key' && node.value !== null && node.source !== undefined && typeof node.value !== 'string') node.value = node.source;
    },
  });
}

function asWritten(value: unknown, source: string | undefined): unknown {
  return typeof value === 'number' && source !== undefined && source !== String(value) ? source : value;
}

function checked<K extends string>(value: unknown, where: string, kinds: readonly K[]): Manifest<K> {
  const wrong = (problem: string): TrainyardError => new TrainyardError('INVALID_MANIFEST', { file: where, problem });
  const choice = kinds.map((kind) => `'kind: ${kind}'`).join(' or ');
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(`expected a mapping that begins with ${choice}, found ${found(value)}`);
  const { kind, id, spec } = value as Record<string, unknown>;
  const otherCase = Object.keys(value).find((name) => name.toLowerCase() === 'kind');
  if (kind === undefined) throw wrong(otherCase === undefined ? `'kind' is missing: write ${choice}` : `write 'kind' in place of '${otherCase}'`);
  const known = kinds.find((one) => one === kind);
  if (known === undefined) throw wrong(`the kind ${found(kind)} is not known here${whatInstead(String(kind), kinds) || `; write ${choice}`}`);
  if (typeof id !== 'string' && typeof id !== 'number') throw wrong(id === undefined ? "'id' is missing" : `'id' must be a text, found ${found(id)}`);
  if (typeof spec !== 'object' || spec === null || Array.isArray(spec)) throw wrong(spec === undefined ? "'spec' is missing" : `'spec' must be a mapping, found ${found(spec)}`);
  // fields beside these are the server's to refuse, with the nearest name
  return { ...(value as Record<string, unknown>), kind: known, id: String(id), spec: spec as Record<string, unknown> };
}

function whatInstead(kind: string, kinds: readonly string[]): string {
  if (KINDS.some((one) => one === kind)) return '; files of several kinds are for: trainyard apply -f FILE';
  if (ODAHUS_OTHER_KINDS.some((one) => one === kind)) return '; --odahu of trainyard apply leaves out what lies outside of training';
  return didYouMean(kind, kinds);
}

function found(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
