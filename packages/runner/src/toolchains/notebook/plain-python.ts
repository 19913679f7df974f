import { StepFailure } from '../../step-failure.ts';
import { statementStarts } from './python-lines.ts';

/** Magics that are about the screen or the clock: the code is the same without them. */
const WITHOUT_EFFECT = ['matplotlib', 'config', 'load_ext', 'reload_ext', 'autoreload', 'autosave', 'precision'];
/** Cells that are no code. */
const PROSE = ['md', 'md-sandbox', 'markdown', 'html', 'latex', 'svg'];
/** In front of a whole cell, which is Python as it is. */
const AROUND_PYTHON = ['python', 'python3', 'time', 'capture'];

const ADVICE: Readonly<Record<string, string>> = {
  pip: 'name the packages in requirements.txt or python_env.yaml beside the notebook',
  conda: 'name the packages in conda.yaml beside the notebook',
  run: 'import the other file as a module',
  sh: "run shell commands in a training with the toolchain 'command'",
  bash: "run shell commands in a training with the toolchain 'command'",
};

/**
 * The source of a code cell without what only IPython and Databricks understand; undefined when the cell is no code. Every line
 * keeps its number. Throws StepFailure 'bad_spec' for what cannot be left out.
 */
export function plainPython(source: string, cell: number): string | undefined {
  const lines = source.split('\n');
  const first = lines.findIndex((line) => line.trim() !== '');
  const [, cellMagic] = /^%%?([\w-]+)/.exec(lines[first] ?? '') ?? [];
  if (cellMagic !== undefined && PROSE.includes(cellMagic)) return undefined;
  const isAround = cellMagic !== undefined && AROUND_PYTHON.includes(cellMagic) && (lines[first]?.startsWith('%%') === true || /^%python\s*$/.test(lines[first] ?? ''));
  if (isAround) lines[first] = `# ${lines[first]}`;
  const starts = statementStarts(lines);
  return lines.map((line, at) => (starts[at] === true ? plainLine(line, cell) : line)).join('\n');
}

function plainLine(line: string, cell: number): string {
  const [, indent = '', sign, name = '', rest = ''] = /^(\s*)(%%?|!)\s*([\w-]*)\s?(.*)$/.exec(line) ?? [];
  if (sign === undefined) return line;
  if (sign === '%' && WITHOUT_EFFECT.includes(name)) return `${indent}pass  # %${name} ${rest}`.trimEnd();
  if (sign === '%' && name === 'time' && rest !== '') return indent + rest;
  if (sign === '%' && (name === 'env' || name === 'set_env')) {
    const [, variable, value] = /^(\w+)[ =]\s*(.*)$/.exec(rest) ?? [];
    if (variable !== undefined) return `${indent}__import__("os").environ[${JSON.stringify(variable)}] = ${JSON.stringify(value)}`;
  }
  const what = sign === '!' ? 'a shell command (!)' : `'${sign}${name}'`;
  const advice = sign === '!' ? (/^!\s*pip\b/.test(line.trim()) ? ADVICE['pip'] : ADVICE['sh']) : ADVICE[name];
  throw new StepFailure('bad_spec', `cell ${cell} of the notebook has ${what}, which is not run here: ${advice ?? 'only Python and text are; take it out, or run the notebook on the engine it is made for'}`);
}
