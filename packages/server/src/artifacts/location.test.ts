import { describe, expect, it } from 'vitest';
import { parseLocation } from './location.ts';

describe('where artifacts are kept', () => {
  it.each([
    ['local', { kind: 'local' }],
    ['s3://bucket', { kind: 's3', bucket: 'bucket', prefix: '' }],
    ['s3://my.bucket-1/a/b/', { kind: 's3', bucket: 'my.bucket-1', prefix: 'a/b' }],
    ['gs://bucket_2/mlflow', { kind: 'gcs', bucket: 'bucket_2', prefix: 'mlflow' }],
    ['wasbs://models@account1.blob.core.windows.net/a', { kind: 'azureblob', account: 'account1', domain: 'blob.core.windows.net', container: 'models', prefix: 'a' }],
    ['wasbs://models@account1.blob.core.chinacloudapi.cn', { kind: 'azureblob', account: 'account1', domain: 'blob.core.chinacloudapi.cn', container: 'models', prefix: '' }],
  ])('is read from %s', (text, location) => {
    expect(parseLocation(text)).toEqual(location);
  });

  it.each(['', 'Local', '/srv/artifacts', 'file:///srv', 's3:/bucket/a', 's3://B', 's3://bucket//a', 's3://bucket/../a', 's3://bucket/a b', 'wasb://c@a.blob.core.windows.net', 'wasbs://c@a.example.org/x', 'azure://x'])('is refused when it is %j', (text) => {
    expect(() => parseLocation(text)).toThrow(expect.objectContaining({ code: 'INVALID_SETTING' }));
  });

  it('does not repeat a key that somebody put into it', () => {
    expect(() => parseLocation('s3://AKIAEXAMPLE:sesame@bucket')).toThrow(expect.not.stringMatching(/sesame|AKIA/));
  });
});
