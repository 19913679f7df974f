import { describe, expect, it } from 'vitest';
import { elsewhere, readLocation, toSource } from './artifact-location.ts';

const RUN = 'a'.repeat(32);

describe('an artifact location of MLflow', () => {
  it.each([
    ['s3://bucket/1', { kind: 'elsewhere', uri: 's3://bucket/1' }],
    ['dbfs:/1', { kind: 'elsewhere', uri: 'dbfs:/1' }],
    ['mlflow-artifacts:/1/x/artifacts', { kind: 'proxied', path: '1/x/artifacts' }],
    ['mlflow-artifacts://host:5000/1/x/artifacts/', { kind: 'proxied', path: '1/x/artifacts' }],
    ['/srv/mlruns/1', { kind: 'local', path: '/srv/mlruns/1' }],
    ['./mlruns/1', { kind: 'local', path: './mlruns/1' }],
    ['file:///srv/ml%20runs', { kind: 'local', path: '/srv/ml runs' }],
    ['file://localhost/srv', { kind: 'local', path: '/srv' }],
    ['file:/srv/100%', { kind: 'local', path: '/srv/100%' }],
    ['C:\\mlruns', { kind: 'local', path: 'C:\\mlruns' }],
  ])('%s', (uri, location) => {
    expect(readLocation(uri)).toEqual(location);
  });

  it('is only written down when clients go there by themselves', () => {
    expect([elsewhere('gs://b/x'), elsewhere('/srv'), elsewhere('mlflow-artifacts:/1'), elsewhere(null)]).toEqual(['gs://b/x', null, null, null]);
  });
});

describe('the source of a version', () => {
  it.each([
    [`/srv/mlruns/1/${RUN}/artifacts/model`, `artifacts:/runs/${RUN}/model`],
    [`file:///srv/mlruns/1/${RUN}/artifacts/model/`, `artifacts:/runs/${RUN}/model`],
    [`mlflow-artifacts:/1/${RUN}/artifacts`, `artifacts:/runs/${RUN}`],
    [`mlflow-artifacts:/1/models/m-${RUN}/artifacts`, `artifacts:/models/m-${RUN}`],
    [`runs:/${RUN}/model`, `runs:/${RUN}/model`],
    [`s3://bucket/1/${RUN}/artifacts/model`, `s3://bucket/1/${RUN}/artifacts/model`],
    ['/etc/passwd', '/etc/passwd'],
  ])('%s', (uri, source) => {
    expect(toSource(uri)).toBe(source);
  });
});
