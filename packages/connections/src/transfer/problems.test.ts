import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import { describe, expect, it } from 'vitest';
import { loadConnection } from '../catalog.ts';

const spec = (type: string, fields: Partial<ConnectionSpec>): ConnectionSpec => ({ type, uri: `${type}://bucket/path`, vital: false, ...fields });

describe('problems of object stores', () => {
  it.each<[ConnectionSpec, string[]]>([
    [spec('s3', {}), ['s3 type requires that region must be non-empty', 's3 type requires that keyID and keySecret parameters must be non-empty']],
    [spec('s3', { uri: '' }), ['empty uri', 's3 type requires that region must be non-empty', 's3 type requires that keyID and keySecret parameters must be non-empty']],
    [spec('s3', { region: 'r', keyID: 'a' }), ['s3 type requires that keyID and keySecret parameters must be non-empty']],
    [spec('s3', { region: 'r', credentials: 'ambient' }), []],
    [spec('s3', { credentials: 'anonymous', endpoint: 'https://minio.example.com' }), []],
    [spec('s3', { region: 'r', keyID: 'a', keySecret: 'b', role: 'arn:aws:iam::1:role/r' }), []],
    [spec('s3', { keyID: 'a', keySecret: 'b', endpoint: 'file:///etc' }), ['s3 type requires that endpoint is an http or https URL without credentials']],
    [spec('s3', { keyID: 'a', keySecret: 'b', endpoint: 'https://u:p@h' }), ['s3 type requires that endpoint is an http or https URL without credentials']],
    [spec('gcs', {}), ['gcs type requires that region must be non-empty', 'gcs type requires that keySecret parameter must be non-empty']],
    [spec('gcs', { region: 'r', role: 'x', keySecret: '{}' }), ['gcs type does not support role parameter yet must be non-empty']],
    [spec('gcs', { credentials: 'ambient' }), []],
    [spec('gcs', { credentials: 'ambient', endpoint: 'https://evil.example.com' }), ["gcs type does not send this machine's credentials to an endpoint that is not Google's"]],
    [spec('gcs', { credentials: 'ambient', endpoint: 'https://storage.googleapis.com.evil.example.com' }), ["gcs type does not send this machine's credentials to an endpoint that is not Google's"]],
    [spec('azureblob', { uri: 'container/path' }), ['azureblob type requires that keySecret parameter contains HTTP endpoint with SAS Token']],
    [spec('azureblob', { uri: 'container/path', keySecret: 'https://a.blob.core.windows.net/?sig=x' }), []],
    [spec('azureblob', { credentials: 'ambient' }), ['azureblob type requires the name of the account in username, or its URL in endpoint']],
    [spec('azureblob', { credentials: 'ambient', username: 'account' }), []],
    [spec('azureblob', { credentials: 'ambient', endpoint: 'https://a.blob.core.windows.net.evil.example.com' }), ["azureblob type does not send this machine's credentials to an endpoint that is not Azure's"]],
    [spec('hdfs', { uri: 'hdfs://name:8020/data' }), []],
    [spec('hdfs', { uri: 'hdfs://user:secret@name/data' }), ['hdfs type requires a uri of the form hdfs://<name node>:<port>/<path>, webhdfs://…, swebhdfs://…, http://… or https://…, without credentials']],
    [spec('hdfs', { uri: 'ftp://name/data' }), ['hdfs type requires a uri of the form hdfs://<name node>:<port>/<path>, webhdfs://…, swebhdfs://…, http://… or https://…, without credentials']],
    [spec('hdfs', { uri: 'hdfs://name/', credentials: 'ambient' }), ['hdfs type knows no credentials of the machine: set username, or token']],
  ])('%j', async (given, problems) => {
    expect((await loadConnection(given.type)).problems(given)).toEqual(problems);
  });
});
