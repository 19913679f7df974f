import { describe, expect, it } from 'vitest';
import { artifactUri, parseArtifactPath, parseArtifactUri } from './artifact-place.ts';

const run = { experimentId: '1', kind: 'run', id: 'a'.repeat(32) } as const;
const model = { experimentId: '1', kind: 'model', id: `m-${'a'.repeat(32)}` } as const;

describe('places of artifacts', () => {
  it('are read back from their URI, with what is below them', () => {
    expect(artifactUri(run)).toBe(`mlflow-artifacts:/1/${run.id}/artifacts`);
    expect(parseArtifactUri(artifactUri(run))).toEqual({ place: run, path: '' });
    expect(parseArtifactUri(`${artifactUri(model)}/a/b/`)).toEqual({ place: model, path: 'a/b' });
    expect(parseArtifactPath(`1/models/${model.id}/artifacts/MLmodel`)).toEqual({ place: model, path: 'MLmodel' });
  });

  it.each(['', '1', '1/', `1/${run.id}`, `1/${run.id}/other/x`, `x/${run.id}/artifacts`, '1/../artifacts/x', '1/models/artifacts/x', `1/MODELS/${model.id}/artifacts`, `1/${'A'.repeat(32)}/artifacts`, `/1/${run.id}/artifacts`, '1/models/../artifacts/x'])('are nothing else: %j', (path) => {
    expect(parseArtifactPath(path)).toBeUndefined();
  });

  it('are found in a moment in front of a long row of slashes', () => {
    expect(parseArtifactUri(`${artifactUri(run)}${'/'.repeat(400_000)}`)).toEqual({ place: run, path: '' });
    expect(parseArtifactUri(`mlflow-artifacts:/${'/'.repeat(400_000)}x`)).toBeUndefined();
  });

  it.each(['s3://bucket/1/x/artifacts', '/srv/1/x/artifacts', `mlflow-artifacts://host/1/${run.id}/artifacts`])('are not elsewhere: %j', (uri) => {
    expect(parseArtifactUri(uri)).toBeUndefined();
  });
});
