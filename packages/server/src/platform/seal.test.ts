import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KeyFile } from './key-file.ts';
import { Seal } from './seal.ts';

const keyPath = (): string => join(mkdtempSync(join(tmpdir(), 'trainyard-keys-')), 'keys.json');

describe('a seal', () => {
  it('opens what it closed, also after a restart', () => {
    const path = keyPath();
    const sealed = new Seal(new KeyFile(path)).close('the secret ü', 'secret a');
    expect(sealed).not.toContain('the secret');
    expect(new Seal(new KeyFile(path)).open(sealed, 'secret a')).toBe('the secret ü');
  });

  it('closes the same text differently each time', () => {
    const seal = new Seal(new KeyFile(keyPath()));
    expect(seal.close('x', 'c')).not.toBe(seal.close('x', 'c'));
  });

  it('refuses another context, a changed text and a foreign key', () => {
    const seal = new Seal(new KeyFile(keyPath()));
    const sealed = seal.close('x', 'secret a');
    expect(() => seal.open(sealed, 'secret b')).toThrow(/auth/i);
    expect(() => seal.open(`${sealed.slice(0, -2)}AA`, 'secret a')).toThrow(/auth/i);
    expect(() => new Seal(new KeyFile(keyPath())).open(sealed, 'secret a')).toThrow(/not in the key file/);
  });

  it('keeps its keys in a file of its owner alone', () => {
    const path = keyPath();
    new KeyFile(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const before = readFileSync(path, 'utf8');
    new KeyFile(path);
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  it('opens old texts after a rotation until the old key is forgotten', () => {
    const path = keyPath();
    const keys = new KeyFile(path);
    const seal = new Seal(keys);
    const old = seal.close('x', 'c');
    const { signingKey } = keys;
    keys.rotate();
    expect(seal.open(old, 'c')).toBe('x');
    const fresh = seal.close('x', 'c');
    keys.forgetOld();
    expect(() => seal.open(old, 'c')).toThrow(/not in the key file/);
    expect(new Seal(new KeyFile(path)).open(fresh, 'c')).toBe('x');
    expect(keys.signingKey).toEqual(signingKey);
  });

  it('says so when the key file is no key file', () => {
    const path = keyPath();
    writeFileSync(path, 'rubbish');
    expect(() => new KeyFile(path)).toThrow(/JSON/);
  });
});
