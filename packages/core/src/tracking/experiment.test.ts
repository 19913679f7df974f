import { describe, expect, it } from 'vitest';
import { checkArtifactLocation, parseExperimentId } from './experiment.ts';

describe('experiments', () => {
  it('keep the place a client names, relative to the working directory', () => {
    expect(checkArtifactLocation('s3://bucket/x', '/srv')).toBe('s3://bucket/x');
    expect(checkArtifactLocation('my_location', '/srv')).toBe('/srv/my_location');
    expect(checkArtifactLocation('../x', '/srv/a')).toBe('/srv/x');
  });

  it('refuse fragments, queries and places of others below our own scheme', () => {
    for (const location of ['s3://b/x#y', 's3://b/x?y']) expect(() => checkArtifactLocation(location, '/')).toThrow("URL can't include fragments or params");
    expect(() => checkArtifactLocation(`s3://b/${'x'.repeat(2048)}`, '/')).toThrow("'artifact_location' exceeds the maximum length of 2048 characters");
    expect(() => checkArtifactLocation('mlflow-artifacts:/7', '/')).toThrow('its own place');
  });

  it('have ids of digits', () => {
    expect([parseExperimentId('007'), parseExperimentId('0')]).toEqual(['7', '0']);
    for (const id of ['', 'abc', '-1', '1.5', '9'.repeat(16)]) expect(() => parseExperimentId(id)).toThrow('Experiment ID must be a valid integer.');
  });
});
