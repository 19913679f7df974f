import { describe, expect, it } from 'vitest';
import { traceIn, withoutPlaces } from './trace.ts';

const ATTEMPT = `/data/attempts/${'a'.repeat(32)}-1`;
const TRACE = `Traceback (most recent call last):
  File "<cell 3>", line 1, in <module>
    fit(read())
  File "/data/cache/environments/0f/lib/python3.12/site-packages/sklearn/base.py", line 7, in fit
ValueError: no such column
which was 'x'`;
const SHOWN = TRACE.replace('/data/cache/environments/0f/lib/python3.12/site-packages/', '');

describe('the trace in the end of a log', () => {
  it('is the exception, without what was printed and said around it', () => {
    expect(traceIn(`password 1234\n${TRACE}\n[trainyard] warning: the log has reached its limit\n`)).toBe(SHOWN);
  });

  it('has the exceptions that led to it, but none that was printed before', () => {
    const chain = `Traceback (most recent call last):\nKeyError: 'a'\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\nOSError: b\n\nThe above exception was the direct cause of the following exception:\n\n${TRACE}`;
    expect(traceIn(`Traceback (most recent call last):\nRuntimeError: tried again\nloading 1\n${chain}`)).toBe(chain.replace(TRACE, SHOWN));
  });

  it.each([
    ['a syntax error, which has no head', 'printed\n  File "<cell 1>", line 2\n    x = = 2\nSyntaxError: invalid syntax', '  File "<cell 1>", line 2\n    x = = 2\nSyntaxError: invalid syntax'],
    ['one whose beginning is cut off', '    deep()\n  File "<cell 1>", line 9, in deep\nRecursionError: too deep', '  File "<cell 1>", line 9, in deep\nRecursionError: too deep'],
    ['one whose cause is cut off', `KeyError: 'a'\n\nDuring handling of the above exception, another exception occurred:\n\n${TRACE}`, `KeyError: 'a'\n\nDuring handling of the above exception, another exception occurred:\n\n${SHOWN}`],
    ['a group', 'printed\n  + Exception Group Traceback (most recent call last):\n  | ExceptionGroup: two (1 sub-exception)\n  +-+---------------- 1 ----------------\n    | Traceback (most recent call last):\n    | ValueError: a', '  + Exception Group Traceback (most recent call last):\n  | ExceptionGroup: two (1 sub-exception)\n  +-+---------------- 1 ----------------\n    | Traceback (most recent call last):\n    | ValueError: a'],
    ['none', 'epoch 1\n[trainyard] warning: x\nKilled', undefined],
    ['nothing', '', undefined],
  ])('may be %s', (_, lastLines, trace) => {
    expect(traceIn(lastLines)).toBe(trace);
  });
});

describe('a text without the places of this server', () => {
  it.each([
    ['a file of the training', `File "${ATTEMPT}/workspace/lib/read.py", line 1`, 'File "lib/read.py", line 1'],
    ['a file that is not there', `FileNotFoundError: '${ATTEMPT}/workspace/wine.csv'`, "FileNotFoundError: 'wine.csv'"],
    ['a package', "cannot import name 'x' from 'y' (/d/env/lib/python3.12/site-packages/y/__init__.py)", "cannot import name 'x' from 'y' (y/__init__.py)"],
    ['the library of Python', 'File "/usr/lib/python3.12/json/decoder.py", line 3', 'File "json/decoder.py", line 3'],
    ['any other path', 'no such table /shared/wine at https://host/x', 'no such table /shared/wine at https://host/x'],
  ])('names %s', (_, text, shown) => {
    expect(withoutPlaces(text)).toBe(shown);
  });

  it('is made in time that grows with its length only', () => {
    for (const text of ['/'.repeat(1_000_000), '/a'.repeat(500_000), `/${'a'.repeat(1_000_000)}`]) expect(withoutPlaces(text)).toBe(text);
  });
});
