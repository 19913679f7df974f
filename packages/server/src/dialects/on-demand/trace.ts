/** As Python begins what it says of an exception, also of a group of them; those inside of a group are indented. */
const HEAD = /^(?:Traceback| {2}\+ Exception Group Traceback) \(most recent call last\):$/;
/** A syntax error of a cell has no head; the beginning of a long trace may be cut off. */
const FRAME = /^ {2}File "/;
const CHAINED = ['During handling of the above exception, another exception occurred:', 'The above exception was the direct cause of the following exception:'];

/** The last exception in the end of a log, with those that led to it, and nothing of what was printed before; undefined when there is none. */
export function traceIn(lastLines: string): string | undefined {
  const lines = lastLines.split('\n').filter((line) => !line.startsWith('[trainyard] '));
  const heads = lines.flatMap((line, at) => (HEAD.test(line) ? [at] : []));
  let begin = heads.pop() ?? lines.findIndex((line) => FRAME.test(line));
  while (begin > 2 && CHAINED.includes(lines[begin - 2] ?? '')) {
    const before = heads.pop();
    // of a chain that begins before these lines, all of them
    if (before === undefined) return withoutPlaces(lines.join('\n').trimEnd());
    begin = before;
  }
  return begin < 0 ? undefined : withoutPlaces(lines.slice(begin).join('\n').trimEnd());
}

const PATH = /\/[^\s'"()<>:,]*/g;
/** What is behind one of these says which file it is: the packages of an environment, the library of Python, the directory of an attempt. */
const ROOT = /\/(?:site-packages|dist-packages|python3\.\d+|[0-9a-f]{32}-\d+(?:\/workspace)?)(?=\/)/g;

/** The text without where this server keeps its files: clients need no token to read it. */
export function withoutPlaces(text: string): string {
  return text.replace(PATH, (path) => {
    const root = [...path.matchAll(ROOT)].at(-1);
    return root === undefined ? path : path.slice(root.index + root[0].length + 1);
  });
}
