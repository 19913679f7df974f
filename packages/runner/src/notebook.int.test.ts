import type { AttemptFixture } from '@trainyard/testkit/attempt-fixture.ts';
import { describe, expect, it } from 'vitest';
import { anAttempt } from './an-attempt.int.ts';

interface CellText {
  readonly source: string;
  readonly tags?: readonly string[];
  readonly text?: boolean;
}

function ipynb(cells: readonly (string | CellText)[]): string {
  const all = cells.map((cell) => (typeof cell === 'string' ? { source: cell } : cell));
  return JSON.stringify({ nbformat: 4, metadata: { kernelspec: { language: 'python' } }, cells: all.map(({ source, tags = [], text }: CellText) => ({ cell_type: text === true ? 'markdown' : 'code', metadata: { tags }, source: source.split(/(?<=\n)/) })) });
}

async function ran(files: Readonly<Record<string, string>>, spec: Record<string, unknown> = {}): Promise<AttemptFixture> {
  const attempt = await anAttempt({ files, spec: { toolchain: 'notebook', entrypoint: 'train.ipynb', register: false, ...spec }, secrets: { API_KEY: 'very-secret-value' } });
  await attempt.carryOut();
  return attempt;
}

const log = ({ server }: AttemptFixture): string => server.log.toString('utf8');

describe('a notebook', () => {
  it('runs in one namespace, sees its parameters and gives its result', async () => {
    const cells = [{ source: '# Title', text: true }, 'dbutils.widgets.text("alpha", "1")\nalpha = float(dbutils.widgets.get("alpha"))', '%matplotlib inline\nalpha * 2', 'print("by", dbutils.widgets.getArgument("beta", "b"))', 'dbutils.notebook.exit({"alpha": alpha})', 'print("never")'];
    await using attempt = await ran({ 'train.ipynb': ipynb(cells) }, { hyperParameters: { alpha: '0.25' } });
    expect(attempt.server.outcome).toMatchObject({ ok: true });
    expect(attempt.server.facts).toMatchObject({ result: "{'alpha': 0.25}" });
    expect(log(attempt)).toMatch(/^0\.5\nby b\n/m);
    expect(log(attempt)).not.toContain('never');
    expect(Object.fromEntries(attempt.server.tracking.params)).toEqual({ alpha: '0.25' });
  });

  it('has a long result whole in its log, and its beginning with a mark on the run', async () => {
    await using attempt = await ran({ 'train.ipynb': ipynb(['print("no line end", end="")\ndbutils.notebook.exit("é" * 20_000 + "\\udc80")']) });
    expect(attempt.server.outcome).toMatchObject({ ok: true });
    expect((attempt.server.facts as { result: string }).result).toMatch(/^é{16000} … \(20001 characters; the log has them all\)$/);
    expect(log(attempt)).toMatch(/^no line end\né{20000}\\udc80\n/m);
  });

  it('has the parameters of papermill behind the cell that names them', async () => {
    const cells = [{ source: 'epochs = 1\nrate = 0.1\nname = "x"', tags: ['parameters'] }, 'print([epochs, rate, name])'];
    await using attempt = await ran({ 'deep/train.ipynb': ipynb(cells) }, { entrypoint: 'deep/train.ipynb', hyperParameters: { epochs: '20', rate: '0.5', name: 'wine', 'not-a-name': '1' } });
    expect(log(attempt)).toContain("[20, 0.5, 'wine']");
  });

  it('that fails says in which cell, with its trace in the log', async () => {
    await using attempt = await ran({ 'train.ipynb': ipynb(['def fit(x):\n    return 1 / x', { source: 'text', text: true }, 'fit(0)', 'print("never")']) });
    expect(attempt.server.outcome).toMatchObject({ ok: false, reason: 'exit_code', exitCode: 1, message: 'train.ipynb: cell 3 of 4 failed: ZeroDivisionError: division by zero' });
    expect(log(attempt)).toMatch(/File "<cell 3>", line 1, in <module>\n\s+fit\(0\)[^]*File "<cell 1>", line 2, in fit\n\s+return 1 \/ x/);
    expect(log(attempt)).not.toMatch(/run_notebook\.py", line|never\n/);
  });

  it.each([
    ['a syntax error', 'x = 1\nx = = 2', /cell 1 of 1 failed: SyntaxError/, 1],
    ['an exit code', 'import sys\nsys.exit(7)', /cell 1 of 1 failed: SystemExit: 7/, 7],
    ['a widget nobody has', 'dbutils.widgets.get("alpha")', /ValueError: No input widget named alpha is defined/, 1],
    ['what only Databricks has', 'dbutils.fs.ls("/")', /dbutils\.fs\.ls is there only on Databricks/, 1],
    ['Spark', 'spark.sql("select 1")', /NameError: name 'spark' is not defined \(Spark is there only on Databricks\)/, 1],
  ])('fails by %s', async (_, source, message, exitCode) => {
    await using attempt = await ran({ 'train.ipynb': ipynb([source]) });
    expect(attempt.server.outcome).toMatchObject({ ok: false, reason: 'exit_code', exitCode, message: expect.stringMatching(message) as string });
  });

  it('may wait at its top level, end by sys.exit(0), and be found by pickle', async () => {
    const cells = ['from __future__ import annotations\nimport asyncio, pickle\nclass Model:\n    x: Unknown = 1', 'await asyncio.sleep(0)\npickle.loads(pickle.dumps(Model())).x', 'import sys; sys.exit(0)'];
    await using attempt = await ran({ 'train.ipynb': ipynb(cells) });
    expect(attempt.server.outcome).toMatchObject({ ok: true });
    expect(log(attempt)).toMatch(/^1$/m);
  });

  it('is kept as it ran, without secrets', async () => {
    await using attempt = await ran({ 'train.ipynb': ipynb(['import os, sys\nprint(os.environ["API_KEY"])', 'print("seen", file=sys.stderr)', { source: '# the end', text: true }]) });
    const kept = attempt.server.tracking.runArtifact('notebook/train.ipynb')?.toString('utf8') ?? '{}';
    expect(kept).not.toContain('very-secret-value');
    expect(JSON.parse(kept)).toMatchObject({ nbformat: 4, cells: [{ cell_type: 'code', execution_count: 1, outputs: [{ name: 'stdout' }] }, { execution_count: 2, outputs: [{ name: 'stderr', text: 'seen\n' }] }, { cell_type: 'markdown', source: '# the end' }] });
  });
});

it('the source format of Databricks is a notebook too', async () => {
  const source = '# Databricks notebook source\n# MAGIC %md\n# MAGIC # Title\n\n# COMMAND ----------\n\n# DBTITLE 1,Fit\nx = 2\n\n# COMMAND ----------\n\nprint(x + 1)\n';
  await using attempt = await ran({ 'train.py': source }, { entrypoint: 'train.py' });
  expect(attempt.server.outcome).toMatchObject({ ok: true });
  expect(log(attempt)).toMatch(/^3$/m);
  expect(attempt.server.tracking.runArtifact('notebook/train.ipynb')).toBeDefined();
});
