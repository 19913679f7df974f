import { expect, it } from 'vitest';
import { plainPython } from './plain-python.ts';

it.each([
  ['code', 'x = 1\nx', 'x = 1\nx'],
  ['a magic about the screen', '%matplotlib inline\nx', 'pass  # %matplotlib inline\nx'],
  ['one in a block', 'if x:\n    %autoreload 2', 'if x:\n    pass  # %autoreload 2'],
  ['a magic around Python', '%%time\nx', '# %%time\nx'],
  ['the language it is in', '\n%python\nx', '\n# %python\nx'],
  ['a timed statement', '%time fit(x)', 'fit(x)'],
  ['a variable', '%env A=b c', '__import__("os").environ["A"] = "b c"'],
  ['text that looks like a magic', 'x = """\n%sql\n!ls\n"""', 'x = """\n%sql\n!ls\n"""'],
  ['a comment with a quote', "# don't\n%matplotlib inline", "# don't\npass  # %matplotlib inline"],
  ['a remainder over two lines', 'x = (5\n%3)', 'x = (5\n%3)'],
  ['one behind a backslash', 'x = 5 \\\n%3', 'x = 5 \\\n%3'],
  ['a quote in a text', 'x = "a\\"("\n%config x', 'x = "a\\"("\npass  # %config x'],
])('leaves what is Python: %s', (_, source, plain) => {
  expect(plainPython(source, 1)).toBe(plain);
});

it.each(['%md\n# Title', '%%html\n<b>', '\n\n%md-sandbox x'])('is nothing for prose: %j', (source) => {
  expect(plainPython(source, 1)).toBeUndefined();
});

it.each([
  ['%sql select 1', "'%sql'", 'only Python'],
  ['x\n%pip install y', "'%pip'", 'requirements.txt'],
  ['!pip install y', 'a shell command', 'requirements.txt'],
  ['x\n  !ls', 'a shell command', "toolchain 'command'"],
  ['%run ./other', "'%run'", 'import'],
  ['%%bash\nls', "'%%bash'", "toolchain 'command'"],
  ['%%timeit\nx', "'%%timeit'", 'only Python'],
])('refuses %j with its cell and an advice', (source, what, advice) => {
  expect(() => plainPython(source, 7)).toThrow(expect.objectContaining({ reason: 'bad_spec', message: expect.stringMatching(new RegExp(`cell 7.*${RegExp.escape(what)}.*${RegExp.escape(advice)}`)) as string }));
});
