import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One call that is sent to two servers, as it stands in a `.calls` file. */
export interface RecordedCall {
  /** File and title; unique. */
  readonly name: string;
  readonly method: string;
  /** Absolute; `<variable>` stands for what an earlier answer had. */
  readonly path: string;
  /** As it is sent, variables aside. */
  readonly body: string | undefined;
  /** Of the body; JSON unless the call says otherwise. */
  readonly contentType: string;
  /** Variable → where its value stands in the answer: `run.info.run_id`. */
  readonly keep: Readonly<Record<string, string>>;
  /** Set when the answers are not the same. */
  readonly difference: Difference | undefined;
}

export interface Difference {
  /** What Trainyard answers: status, and the code of an error. */
  readonly here: string;
  /** Row of the table of differences in docs/reference/mlflow.md that argues it. */
  readonly row: string;
}

const API = '/api/2.0/mlflow/';

/**
 * Reads all `.calls` files of a directory, in order of their names. A call is a block:
 *
 *     title, unique in the file
 *       METHOD path [body]           a path without a slash in front is one below /api/2.0/mlflow
 *       as content/type              optional; bodies are JSON otherwise
 *       keep name = path.in.answer   any number of times; later calls of the file say <name>
 *       differs 400 CODE: row        when the answers differ: ours, and the row of the documentation that says why
 *
 * Lines that begin with `#` are comments. `<text * 300 "x">` is a long text, `<list * 300 {"key":"k#"}>` a long list with `#` as the index.
 */
export function readCalls(directory: string): RecordedCall[] {
  const files = readdirSync(directory).filter((name) => name.endsWith('.calls')).toSorted();
  return files.flatMap((name) => readFile(name.replace('.calls', ''), readFileSync(join(directory, name), 'utf8')));
}

function readFile(file: string, text: string): RecordedCall[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const blocks: string[][] = [];
  for (const line of lines) {
    if (line.startsWith(' ')) blocks.at(-1)?.push(line.trim());
    else blocks.push([line.trim()]);
  }
  return blocks.map(([title = '', request = '', ...rest]) => readBlock(`${file}: ${title}`, request, rest));
}

function readBlock(name: string, request: string, rest: readonly string[]): RecordedCall {
  const [, method, path = '', body] = /^([A-Z]+) (\S+)(?: (.*))?$/.exec(grown(request)) ?? [];
  if (method === undefined) throw new Error(`${name}: '${request}' is no request`);
  const keep: Record<string, string> = {};
  let contentType = 'application/json';
  let difference: Difference | undefined;
  for (const line of rest) {
    const [, verb, left = '', right = ''] = /^(as|keep|differs) ([^=:]+?)(?: ?[=:] ?(.*))?$/.exec(line) ?? [];
    if (verb === 'as') contentType = left;
    else if (verb === 'keep') keep[left] = right;
    else if (verb === 'differs') difference = { here: left, row: right };
    else throw new Error(`${name}: what does '${line}' mean?`);
  }
  return { name, method, path: path.startsWith('/') ? path : `${API}${path}`, body, contentType, keep, difference };
}

function grown(request: string): string {
  return request
    .replace(/<text \* (\d+) "(.*?)">/g, (_, count: string, text: string) => text.repeat(Number(count)))
    .replace(/<list \* (\d+) (.*?)>/g, (_, count: string, item: string) => `[${Array.from({ length: Number(count) }, (_unused, index) => item.replaceAll('#', String(index))).join(',')}]`);
}
