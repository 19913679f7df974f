import { nearest } from '@trainyard/core/nearest.ts';
import { type Kind, KINDS } from './manifest.ts';
import { documentsOf } from './parse-manifest.ts';

/** What a file is that lies among manifests. */
export type Standing =
  | { readonly is: 'manifest' }
  /** One of ours with a mistake in its kind: to be read, so that the mistake is told. */
  | { readonly is: 'misspelt'; readonly meant: Kind | undefined }
  /** Somebody else's, or nobody knows: left alone, with a word. */
  | { readonly is: 'foreign' | 'doubtful'; readonly why: string }
  /** It says nothing about a kind: an environment, a file of data. */
  | { readonly is: 'other' };

/** The first that is found in a file decides. */
const ORDER: readonly Standing['is'][] = ['manifest', 'misspelt', 'doubtful', 'foreign', 'other'];

/** Without one of these nothing below can be found: a large file of data need not be parsed. */
const WORTH_READING = /(?:^|[\s{,[])["']?(?:kind|spec)["']?\s*:/i;

/** Looks at a file of YAML or JSON that nobody named: only what means to be a manifest of one of the kinds may be wrong. */
export function recognise(text: string, kinds: readonly string[]): Standing {
  if (!WORTH_READING.test(text)) return { is: 'other' };
  const values = valuesOf(text);
  const found = values === undefined ? [ofBroken(text, kinds)] : values.map((value) => standingOf(value, kinds));
  return found.toSorted((a, b) => ORDER.indexOf(a.is) - ORDER.indexOf(b.is))[0] ?? { is: 'other' };
}

function valuesOf(text: string): unknown[] | undefined {
  try {
    return documentsOf(text, '').map(({ value }) => value);
  } catch {
    // whose file it is has to be seen first; if it is ours it is read again, and the error told
    return undefined;
  }
}

function standingOf(value: unknown, kinds: readonly string[]): Standing {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { is: 'other' };
  const fields = value as Readonly<Record<string, unknown>>;
  const name = Object.keys(fields).find((one) => one.toLowerCase() === 'kind') ?? 'kind';
  const kind = fields[name];
  const shaped = fields['id'] !== undefined && fields['spec'] !== undefined;
  if (typeof kind !== 'string') return shaped ? { is: 'misspelt', meant: undefined } : { is: 'other' };
  if (name === 'kind' && kinds.includes(kind)) return { is: 'manifest' };
  if (name === 'kind' && KINDS.some((one) => one === kind)) return { is: 'other' };
  return ofUnknown(kind, { shaped, apiVersion: fields['apiVersion'] });
}

function ofUnknown(kind: string, { shaped, apiVersion }: { readonly shaped: boolean; readonly apiVersion: unknown }): Standing {
  const meant = meantBy(kind);
  if (shaped || (meant !== undefined && apiVersion === undefined)) return { is: 'misspelt', meant };
  if (apiVersion !== undefined) return { is: 'foreign', why: `${kind} of ${String(apiVersion)} is none of ours` };
  return { is: 'doubtful', why: `the kind '${kind}' is not known here` };
}

/** Half a name is too little here: `kind: model` may well be somebody else's word. */
function meantBy(kind: string): Kind | undefined {
  const name = nearest(kind, KINDS);
  return KINDS.find((one) => one === name && kind.length >= one.length - 3);
}

/** What cannot be read at all: a template of another program, or a manifest with a mistake. */
function ofBroken(text: string, kinds: readonly string[]): Standing {
  const [, name, kind = ''] = /(?:^|[{,])\s*["']?(kind)["']?\s*:\s*["']?(\w*)/im.exec(text) ?? [];
  if (name === undefined) return { is: 'other' };
  const standing = standingOf({ [name]: kind, apiVersion: /^\s*apiVersion\s*:/m.test(text) ? 'an apiVersion' : undefined }, kinds);
  return standing.is === 'doubtful' ? { is: 'doubtful', why: 'it is neither JSON nor YAML' } : standing;
}
