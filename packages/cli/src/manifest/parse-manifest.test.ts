import { describe, expect, test } from 'vitest';
import { parseManifests } from './parse-manifest.ts';

const TRAINING = ['ModelTraining'] as const;

function spec(text: string): unknown {
  return parseManifests(`kind: ModelTraining\nid: wine\nspec:\n${text}`, 'train.yaml', TRAINING)[0]?.manifest.spec;
}

function problem(text: string): string {
  try {
    parseManifests(text, 'train.yaml', TRAINING);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it was accepted');
}

describe('numbers reach the server as they were written', () => {
  test.each([
    ['1.0', '1.0'],
    ['0.10', '0.10'],
    ['1e3', '1e3'],
    ['0x10', '0x10'],
    ['12345678901234567890', '12345678901234567890'],
    ['.5', '.5'],
    ['+1', '+1'],
    ['3', 3],
    ['0.5', 0.5],
    ['-7', -7],
    ['true', true],
    ['"1.0"', '1.0'],
    ['1.0.2', '1.0.2'],
  ])('version: %s', (written, sent) => {
    expect(spec(`  version: ${written}\n`)).toEqual({ version: sent });
  });

  test('below fields of text also booleans keep their writing', () => {
    expect(spec('  hyperParameters: {flag: True, off: false, n: 010}\n  args: [No, 1.50, TRUE]\n  register: {tags: {a: FALSE}}\n  run: True\n')).toEqual({
      hyperParameters: { flag: 'True', off: 'false', n: '010' },
      args: ['No', '1.50', 'TRUE'],
      register: { tags: { a: 'FALSE' } },
      run: true,
    });
  });

  test('in JSON as well', () => {
    const [found] = parseManifests('{"kind":"ModelTraining","id":"wine","spec":{"version":1.0,"n":10,"big":12345678901234567890}}', 'train.json', TRAINING);
    expect(found?.manifest.spec).toEqual({ version: '1.0', n: 10, big: '12345678901234567890' });
  });
});

describe('documents', () => {
  test('several of one file, with where each stands', () => {
    const one = (id: string): string => `kind: ModelTraining\nid: ${id}\nspec: {}\n`;
    const found = parseManifests(`${one('a')}---\n${one('b')}---\n`, 'all.yaml', TRAINING);
    expect(found.map(({ manifest, where }) => [manifest.id, where])).toEqual([
      ['a', 'all.yaml, document 1'],
      ['b', 'all.yaml, document 2'],
    ]);
  });

  test('a list counts as several', () => {
    expect(parseManifests('[{"kind":"ModelTraining","id":"a","spec":{}},{"kind":"ModelTraining","id":"b","spec":{}}]', 'x', TRAINING).map(({ manifest }) => manifest.id)).toEqual(['a', 'b']);
  });

  test('fields the command line does not know are left to the server', () => {
    expect(parseManifests('kind: ModelTraining\nid: a\nspec: {}\nspecc: 1\n', 'x', TRAINING)[0]?.manifest).toMatchObject({ specc: 1 });
  });

  test('anchors are resolved', () => {
    expect(spec('  a: &x {v: 1.0}\n  b: *x\n')).toEqual({ a: { v: '1.0' }, b: { v: '1.0' } });
  });
});

describe('what is wrong is named with file and line', () => {
  test.each([
    ['bad YAML', 'kind: ModelTraining\nid: wine\nspec:\n  model: {name: wine\n  toolchain: mlflow\n', /^train\.yaml is neither JSON nor YAML: line 5, column \d+: /],
    ['a field twice', 'kind: ModelTraining\nid: a\nid: b\nspec: {}\n', /line 3, column 1: Map keys must be unique/],
    ['a tag that runs code elsewhere', 'kind: ModelTraining\nid: a\nspec: {x: !!python/object:os.system ls}\n', /line 3, column \d+: Unresolved tag/],
    ['a text', 'hello\n', /^train\.yaml, line 1: expected a mapping that begins with 'kind: ModelTraining', found "hello"/],
    ['no kind', '\n\nid: wine\nspec: {}\n', /^train\.yaml, line 3: 'kind' is missing: write 'kind: ModelTraining'/],
    ['nearly the kind', 'kind: ModelTrainin\nid: a\nspec: {}\n', /the kind "ModelTrainin" is not known here; did you mean 'ModelTraining'\?/],
    ['another kind', 'kind: Connection\nid: a\nspec: {}\n', /the kind "Connection" is not known here; files of several kinds are for: trainyard apply -f FILE/],
    ['a kind of nobody', 'kind: Pod\nid: a\nspec: {}\n', /the kind "Pod" is not known here; write 'kind: ModelTraining'/],
    ['a kind in another case', 'Kind: ModelTraining\nid: a\nspec: {}\n', /write 'kind' in place of 'Kind'/],
    ['a kind of ODAHU outside of training', 'kind: ModelPackaging\nid: a\nspec: {}\n', /"ModelPackaging" is not known here; --odahu of trainyard apply leaves out/],
    ['no id', 'kind: ModelTraining\nspec: {}\n', /'id' is missing/],
    ['no spec', 'kind: ModelTraining\nid: a\n', /'spec' is missing/],
    ['a list as spec', 'kind: ModelTraining\nid: a\nspec: [1]\n', /'spec' must be a mapping, found \[1\]/],
    ['the second document', 'kind: ModelTraining\nid: a\nspec: {}\n---\nid: b\nspec: {}\n', /^train\.yaml, document 2, line 5: 'kind' is missing/],
    ['nothing', '', /train\.yaml: it is empty/],
    ['only a comment', '# later\n', /train\.yaml: it is empty/],
  ])('%s', (_, text, message) => {
    expect(problem(text)).toMatch(message);
  });

  test('aliases that multiply beyond reason', () => {
    const levels = Array.from({ length: 9 }, (_, i) => `${'abcdefghij'[i + 1]}: &${'abcdefghij'[i + 1]} [${Array(9).fill(`*${'abcdefghij'[i]}`).join(',')}]`);
    expect(problem(`kind: ModelTraining\nid: a\nspec: {}\na: &a [x]\n${levels.join('\n')}\n`)).toMatch(/Excessive alias count/);
  });
});
