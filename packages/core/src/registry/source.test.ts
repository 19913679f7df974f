import { describe, expect, it } from 'vitest';
import { parseSource } from './source.ts';

const run = 'a'.repeat(32);

describe('the source of a version', () => {
  it.each([
    [`models:/m-${run}`, { kind: 'logged_model', modelId: `m-${run}` }],
    ['models:/wine/3', { kind: 'version', name: 'wine', version: 3 }],
    ['models:/wine@champion', { kind: 'alias', name: 'wine', alias: 'champion' }],
    ['runs:/run_id/model/sub', { kind: 'run', runId: 'run_id', path: 'model/sub' }],
    [`mlflow-artifacts:/1/${run}/artifacts/model`, { kind: 'artifacts', address: { place: { experimentId: '1', kind: 'run', id: run }, path: 'model' } }],
    ['s3://bucket/....//x', { kind: 'elsewhere' }],
    ['https://host/a%20b', { kind: 'elsewhere' }],
  ])('may be %j', (source, parsed) => {
    expect(parseSource(source)).toEqual(parsed);
  });

  it.each(['/etc/passwd', 'x', './x', '../x', '\\\\?\\x', 'C:/x', 'C:\\x', 'file:///etc/passwd', 'FILE:/etc/passwd', 'file://localhost/etc/passwd'])('is no path of this machine: %j', (source) => {
    expect(() => parseSource(source)).toThrow(`Invalid model version source: '${source}'. To use a local path`);
  });

  it.each(['s3://b/../x', 'http://h/..%2fx', 'http://h/%2e%2e/x', 'http://h/%252e%252e/x', 'https://h/a%00', 'dbfs:/x?y=/../z', 'mlflow-artifacts:/../x', 'http://h/a#/../x', `runs:/${run}/../x`, 's3://b/%5c..%5cx'])('does not climb: %j', (source) => {
    expect(() => parseSource(source)).toThrow(/^Invalid model version source: .*If supplying a source as an http, https,/);
  });

  it('has a length', () => {
    expect(parseSource(`s3://b/${'x'.repeat(2041)}`)).toEqual({ kind: 'elsewhere' });
    expect(() => parseSource(`s3://b/${'x'.repeat(2042)}`)).toThrow("'source' exceeds the maximum length of 2048 characters");
  });

  it('is no file of another host', () => {
    expect(() => parseSource('file://host/etc')).toThrow('is not a valid remote uri');
  });

  it.each([
    ['models:/', 'Expected models:/<logged model id>'],
    ['models:/wine', 'Expected models:/<logged model id>'],
    ['models:/wine/1/2', 'Expected models:/<logged model id>'],
    ['runs:/x', 'Expected runs:/<run id>/<path of the model>'],
    ['models:/a/b', "Parameter 'version' must be an integer, got 'b'"],
  ])('is well formed: not %j', (source, problem) => {
    expect(() => parseSource(source)).toThrow(problem);
  });
});
