import { readFile } from 'node:fs/promises';
import { messageOf } from '@trainyard/core/errors.ts';
import { StepFailure } from '../../step-failure.ts';

export interface Cell {
  /** Counted from 1, text between them included. */
  readonly number: number;
  readonly code: boolean;
  readonly source: string;
  /** Papermill's way to say where parameters go in. */
  readonly tags: readonly string[];
}

const SOURCE_HEADER = '# Databricks notebook source';

/** The cells of an .ipynb, or of a .py in the source format of Databricks. Throws StepFailure 'bad_spec' that says what is wrong with the file. */
export async function readNotebook(path: string, name: string): Promise<Cell[]> {
  const text = (await readFile(path, 'utf8')).replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
  return name.endsWith('.py') ? sourceCells(text, name) : jsonCells(text, name);
}

function sourceCells(text: string, name: string): Cell[] {
  const [header = '', ...lines] = text.split('\n');
  if (header.trimEnd() !== SOURCE_HEADER) throw wrong(name, `its first line must be '${SOURCE_HEADER}'; run a plain program with the toolchain 'command' or 'mlflow'`);
  return lines
    .join('\n')
    .split(/^# COMMAND -{10}\s*$/m)
    .map((source, at) => ({ number: at + 1, code: true, source: withoutMagicMarks(source), tags: [] }));
}

/** What is no Python stands behind `# MAGIC`; the title of a cell behind `# DBTITLE`, which is a comment. */
function withoutMagicMarks(source: string): string {
  return source.trim().replaceAll(/^# MAGIC ?/gm, '');
}

interface NotebookFile {
  readonly nbformat?: unknown;
  readonly cells?: unknown;
  readonly metadata?: { readonly kernelspec?: { readonly language?: unknown }; readonly language_info?: { readonly name?: unknown } };
}

function jsonCells(text: string, name: string): Cell[] {
  const { nbformat, cells, metadata } = fileOf(text, name);
  if (!Array.isArray(cells)) throw wrong(name, `it has no cells (nbformat ${String(nbformat)}; 4 is read)`);
  const language = metadata?.kernelspec?.language ?? metadata?.language_info?.name ?? 'python';
  if (language !== 'python') throw wrong(name, `it is written in ${String(language)}, and only Python is run here`);
  return cells.map((cell: unknown, at) => cellOf(cell, at + 1, name));
}

function fileOf(text: string, name: string): NotebookFile {
  try {
    const file: unknown = JSON.parse(text);
    if (typeof file === 'object' && file !== null) return file as NotebookFile;
  } catch (error) {
    throw wrong(name, `it is not JSON: ${messageOf(error)}`);
  }
  throw wrong(name, 'it is no JSON object');
}

function cellOf(cell: unknown, number: number, name: string): Cell {
  const { cell_type: type, source, metadata } = (cell ?? {}) as { readonly cell_type?: unknown; readonly source?: unknown; readonly metadata?: { readonly tags?: unknown } };
  const text = Array.isArray(source) ? source.join('') : source;
  if (typeof text !== 'string') throw wrong(name, `cell ${number} has no source`);
  const tags = Array.isArray(metadata?.tags) ? metadata.tags.filter((tag) => typeof tag === 'string') : [];
  return { number, code: type === 'code', source: text, tags };
}

function wrong(name: string, problem: string): StepFailure {
  return new StepFailure('bad_spec', `'${name}' is not a notebook that can be run: ${problem}`);
}
