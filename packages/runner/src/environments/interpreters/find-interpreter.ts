import { StepFailure } from '../../step-failure.ts';
import type { PrepareContext } from '../environment.ts';
import { type Interpreter, InterpreterFacts } from './interpreter-facts.ts';
import { pythonPaths } from './python-paths.ts';
import { comparePythons, matchesPython, nearestPython } from './python-version.ts';

/** The oldest Python that environments are made with. */
const OLDEST = '3.10';

export interface PythonWish {
  /** Absent: any. */
  readonly python: string | undefined;
  /** File it was read from, for messages. */
  readonly from: string;
}

/**
 * The first Python of this machine that fits the wish. With `pythonMismatch: nearest` the nearest minor release will do, and a
 * warning goes to the run.
 *
 * Throws StepFailure 'bad_spec' that says what was asked, what there is and what to do.
 */
export async function findInterpreter({ python, from }: PythonWish, context: PrepareContext): Promise<Interpreter> {
  const others: Interpreter[] = [];
  for await (const interpreter of interpreters(context)) {
    const usable = comparePythons(interpreter.version, OLDEST) >= 0;
    if (usable && (python === undefined || matchesPython(python, interpreter.version))) return interpreter;
    others.push(interpreter);
  }
  const usable = others.filter(({ version }) => comparePythons(version, OLDEST) >= 0);
  if (usable.length === 0 || python === undefined) throw new StepFailure('bad_spec', noPython(from, others));
  const nearest = nearestPython(python, usable.map(({ version }) => version));
  const instead = usable.find(({ version }) => version === nearest);
  if (context.choice.pythonMismatch === 'fail' || instead === undefined) throw new StepFailure('bad_spec', notHere(python, from, usable));
  context.log.warn(`${from} asks for Python ${python}, which is not on this machine (${versionsOf(usable)}): using ${instead.version}, the nearest`);
  return instead;
}

/** Every Python of this machine, in order of preference; asks the next one only when it is wanted. */
export async function* interpreters(context: PrepareContext): AsyncGenerator<Interpreter> {
  const facts = new InterpreterFacts(context);
  for await (const path of pythonPaths(context.env)) {
    const interpreter = await facts.of(path);
    if (interpreter !== undefined) yield interpreter;
  }
}

function noPython(from: string, found: readonly Interpreter[]): string {
  const there = found.length === 0 ? 'there is no Python on this machine' : `this machine has Python ${versionsOf(found)} only`;
  return `${from} needs Python ${OLDEST} or newer, and ${there}. Install one with the package manager of your system (Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python) or with pyenv`;
}

function notHere(python: string, from: string, found: readonly Interpreter[]): string {
  const tooOld = matchesPython(`<${OLDEST}`, python.replace(/^[^\d]+|,.*$/g, '')) ? ` (Python before ${OLDEST} is not supported)` : '';
  return `${from} asks for Python ${python}, and this machine has ${versionsOf(found)}${tooOld}. Install that Python (for example with pyenv), change the version in ${from}, or allow another one with: environment: {pythonMismatch: nearest}`;
}

function versionsOf(found: readonly Interpreter[]): string {
  return [...new Set(found.map(({ version }) => version))].toSorted(comparePythons).join(', ');
}
