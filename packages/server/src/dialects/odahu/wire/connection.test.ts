import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import { describe, expect, it } from 'vitest';
import { ConnectionBody, connectionView, readConnection, withOwnFields } from './connection.ts';

function read(spec: Readonly<Record<string, unknown>>, keepsMask = false) {
  return readConnection(ConnectionBody.parse({ id: 'a', spec }), keepsMask);
}

const git = { type: 'git', uri: 'git@host:x' };

describe('a connection that comes', () => {
  it('has its secrets decoded, and null is nothing', () => {
    const { spec, problems } = read({ ...git, password: 'cHc=', keyID: 'aWQ=', keySecret: 'a2Vr\nCg==', publicKey: 'aG9zdA==', token: 'dG9r', region: null, role: '', vital: 'true', submodules: true });
    expect([spec, problems]).toEqual([{ ...git, password: 'pw', keyID: 'id', keySecret: 'kek\n', publicKey: 'host', token: 'tok', vital: true, submodules: true }, []]);
  });

  it('with secrets that are no base64 is told of all of them, in the order of the original', () => {
    expect(read({ ...git, publicKey: 'x', keyID: '*', keySecret: '*****', password: 'raw text' }).problems).toEqual([
      'password must be base64-encoded, error: illegal base64 data at input byte 3',
      'key secret must be base64-encoded, error: illegal base64 data at input byte 0',
      'key id must be base64-encoded, error: illegal base64 data at input byte 0',
      'public key must be base64-encoded, error: illegal base64 data at input byte 0',
    ]);
  });

  it('may keep a masked secret, but no masked host key', () => {
    const { spec, problems } = read({ ...git, keySecret: '*****', publicKey: '*****' }, true);
    expect(spec.keySecret).toBe('*****');
    expect(problems).toEqual(['public key must be base64-encoded, error: illegal base64 data at input byte 0']);
  });
});

describe('fields that ODAHU has no word for', () => {
  const before: ConnectionSpec = { type: 's3', uri: 's3://a', vital: false, endpoint: 'http://s3', pathStyle: true, token: '*****' };

  it('stay when an edit does not name them', () => {
    expect(withOwnFields({ type: 's3', uri: 's3://b', vital: false }, before, { spec: { uri: 's3://b', endpoint: null } })).toEqual({ type: 's3', uri: 's3://b', vital: false, pathStyle: true, token: '*****' });
  });

  it('mean nothing for another type', () => {
    expect(withOwnFields({ ...git, vital: false }, before, { spec: git })).toEqual({ ...git, vital: false });
  });
});

describe('a connection that goes', () => {
  const record = { id: 'a', spec: { ...git, vital: true, password: 'pw', publicKey: 'host', token: 'tok', region: '' }, createdAt: 0, updatedAt: 1 };

  it('shows no secret', () => {
    expect(connectionView(record, 'masked')).toEqual({ id: 'a', createdAt: '1970-01-01T00:00:00.000000000Z', updatedAt: '1970-01-01T00:00:00.001000000Z', spec: { ...git, password: '*****', publicKey: 'aG9zdA==', vital: true, token: '*****' }, status: {} });
  });

  it('shows them as base64 to whom may see them', () => {
    expect(connectionView(record, 'decrypted').spec).toEqual({ ...git, password: 'cHc=', publicKey: 'aG9zdA==', vital: true, token: 'dG9r' });
  });
});
