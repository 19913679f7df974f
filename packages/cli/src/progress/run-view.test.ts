import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { Screen } from '../output/screen.ts';
import { anAttempt, aRunDetail, aStep } from '../test-data.ts';
import { LiveLine } from './live-line.ts';
import { resultLines } from './result-lines.ts';
import { RunView } from './run-view.ts';

function view({ columns }: { columns?: number } = {}): { view: RunView; screen: Screen; shown: () => string; raw: () => string } {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  Object.assign(stream, columns === undefined ? {} : { isTTY: true, columns });
  const screen = new Screen(stream, { coloured: columns !== undefined, program: 'trainyard' });
  return { view: new RunView(new LiveLine(screen)), screen, raw: () => chunks.join(''), shown: () => chunks.map(stripVTControlCharacters).join('') };
}

const chunk = (text: string) => ({ bytes: Buffer.from(text), position: { attempt: 1, byte: 0 } });
const source = aStep({ name: 'source', endedAt: '2026-01-02T03:04:05.200Z' });
const skipped = aStep({ name: 'data', state: 'skipped', message: 'the training binds no data' });

describe('RunView in a pipe', () => {
  test('tells each step once, when it has ended, with the log above it', async () => {
    const { view: run, shown } = view();
    const active = anAttempt({ state: 'active', steps: [source, skipped, aStep({ state: 'running' })] });
    await run.began(aRunDetail());
    await run.run(aRunDetail({ state: 'running', step: 'train', attempts: [active] }));
    await run.log(chunk('[trainyard] train: python train.py\nepoch 1\nepo'));
    await run.log(chunk('ch 2'));
    await run.run(aRunDetail({ state: 'running', step: 'train', attempts: [active] }));
    await run.run(aRunDetail({ attempts: [anAttempt({ steps: [source, skipped, aStep()] })] }));
    expect(shown().split('\n')).toEqual([
      'Run 7 of wine  0123456789abcdef0123456789abcdef',
      '  ✓ source             0.2 s',
      '  – data                       the training binds no data',
      '    · train: python train.py',
      '  ▸ train',
      '    │ epoch 1',
      '    │ epoch 2',
      '  ✓ train              2.5 s',
      '',
    ]);
  });

  test('lines of a step that come before the news of it wait for the end of the step before', async () => {
    const { view: run, shown } = view();
    const environment = aStep({ name: 'environment', state: 'running' });
    await run.run(aRunDetail({ state: 'preparing', step: 'environment', attempts: [anAttempt({ state: 'active', steps: [environment] })] }));
    await run.log(chunk('[trainyard] environment abc: ready\n[trainyard] train: python train.py\nepoch 1\n'));
    expect(shown()).not.toContain('epoch');
    await run.run(aRunDetail({ state: 'running', step: 'train', attempts: [anAttempt({ state: 'active', steps: [aStep({ name: 'environment' }), aStep({ state: 'running' })] })] }));
    expect(shown().split('\n').slice(0, -1)).toEqual(['    · environment abc: ready', '  ✓ environment        2.5 s', '    · train: python train.py', '  ▸ train', '    │ epoch 1']);
  });

  test('they do not wait for ever', async () => {
    const { view: run, shown } = view();
    await run.run(aRunDetail({ state: 'preparing', step: 'environment', attempts: [anAttempt({ state: 'active', steps: [] })] }));
    await run.log(chunk(`[trainyard] train: x\n${'tick\n'.repeat(1001)}`));
    expect(shown().match(/tick/g)).toHaveLength(1001);
  });

  test('a warning is told once, whether it comes as note, in the run or in the log', async () => {
    const { view: run, shown } = view();
    await run.note({ level: 'warning', message: 'Python 3.11 instead of 3.9' });
    await run.log(chunk('[trainyard] warning: Python 3.11 instead of 3.9\n'));
    await run.run(aRunDetail({ warnings: ['Python 3.11 instead of 3.9'], attempts: [] }));
    expect(shown().match(/Python 3\.11/g)).toHaveLength(1);
  });

  test('another attempt says why', async () => {
    const { view: run, shown } = view();
    const first = anAttempt({ state: 'failed', reason: 'host_lost', message: 'the machine went away', steps: [source] });
    await run.run(aRunDetail({ state: 'queued', attempt: 1, attempts: [first] }));
    await run.run(aRunDetail({ attempt: 2, attempts: [first, anAttempt({ number: 2, steps: [source, aStep()] })] }));
    expect(shown().split('\n').slice(0, -1)).toEqual(['  ✓ source             0.2 s', '  ↻ attempt 1 ended: the machine went away', '    trying again (attempt 2)', '  ✓ source             0.2 s', '  ✓ train              2.5 s']);
  });

  test('nothing moves in a pipe', async () => {
    const { view: run, raw } = view();
    await run.run(aRunDetail({ state: 'running', attempts: [anAttempt({ state: 'active', steps: [aStep({ state: 'running' })] })] }));
    run.lost(60_000);
    run.back();
    expect(raw()).not.toMatch(/[\u001b\r]/);
    expect(raw()).toMatch(/does not answer; the run goes on without it, trying again for 1 m 00 s[^]*the server is back/);
  });
});

describe('RunView on a terminal', () => {
  test('a living line shows the step and the progress bar, and is gone at the end', async () => {
    const { view: run, raw } = view({ columns: 60 });
    await run.run(aRunDetail({ state: 'running', step: 'train', attempts: [anAttempt({ state: 'active', steps: [aStep({ state: 'running' })] })] }));
    await run.log(chunk('[trainyard] train: x\n\r 40% |####   |'));
    await run.run(aRunDetail({ state: 'running', step: 'train', attempts: [anAttempt({ state: 'active', steps: [aStep({ state: 'running' })] })] }));
    expect(stripVTControlCharacters(raw())).toMatch(/⠋ train .* 40% \|####/);
    await run.run(aRunDetail({ attempts: [anAttempt()] }));
    expect(raw().endsWith('\u001b[2K')).toBe(true);
  });

  test('the output of an installer passes by and is not kept', async () => {
    const { view: run, shown } = view({ columns: 80 });
    await run.run(aRunDetail({ state: 'preparing', step: 'environment', attempts: [anAttempt({ state: 'active', steps: [aStep({ name: 'environment', state: 'running' })] })] }));
    await run.log(chunk('[trainyard] environment abc: building with uv\n + numpy==2.4\n + scipy==1.16\n[trainyard] train: python train.py\nrmse 0.7\n'));
    await run.run(aRunDetail({ attempts: [anAttempt({ steps: [aStep({ name: 'environment' }), aStep()] })] }));
    expect(shown()).toContain('│ rmse 0.7');
    expect(shown()).not.toContain('│  + numpy');
  });
});

describe('resultLines', () => {
  const lines = (run: Parameters<typeof aRunDetail>[0], printed: readonly string[] = []): string[] => resultLines(aRunDetail(run), view().screen, printed);

  test('what a success left, and what to do next', () => {
    const shown = lines({
      endedAt: '2026-01-02T03:04:25.000Z',
      metrics: { rmse: 0.7412345678, n: 3673, tiny: 0.00001234 },
      params: { name: 'x', alpha: '0.5' },
      model: { name: 'wine', version: '3' },
      artifact: { name: 'wine.zip', path: 'out/wine 1.zip', sizeBytes: 2_345_678, sha256: 'x' },
    });
    expect(shown).toEqual([
      '',
      '✓ Run 7 of wine succeeded in 20.0 s',
      '  metrics       rmse=0.741235  n=3673  tiny=0.00001234',
      '  model         wine version 3  models:/wine/3',
      '  artifact      out/wine 1.zip  2.3 MB',
      '',
      '  look at it    trainyard run 7  trainyard logs 7   trainyard artifacts 7',
      "  download      trainyard download 7 'out/wine 1.zip'",
      '  train again   trainyard train rerun wine -P alpha=0.25',
    ]);
  });

  test('who came with npx is told to type npx', () => {
    const terminal = new Screen(Object.assign(new Writable(), { isTTY: true, columns: 200 }), { coloured: true, program: 'npx trainyard' });
    const shown = resultLines(aRunDetail(), terminal, []).map(stripVTControlCharacters).join('\n');
    expect(shown.match(/(?<!npx )trainyard /g)).toBeNull();
    expect(shown).toContain('npx trainyard train rerun wine');
  });

  const failure = { state: 'failed', step: 'train', reason: 'exit_code', exitCode: 3, message: 'it ended with exit code 3', lastLines: 'Traceback\nValueError: x\n' } as const;

  test('why it failed, with the last lines of the log', () => {
    expect(lines(failure).join('\n')).toMatch(/✗ Run 7 of wine failed\n {2}step +train {2}exit code 3\n {2}reason +exit_code {2}the training ended[^]*│ Traceback\n {4}│ ValueError: x\n\n[^]*trainyard retry 7/);
  });

  test('lines that stand above already are not repeated', () => {
    expect(lines(failure, ['Traceback', 'ValueError: x']).join('\n')).not.toContain('ValueError');
  });
});
