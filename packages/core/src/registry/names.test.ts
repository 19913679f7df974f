import { describe, expect, it } from 'vitest';
import { lineageTags } from './lineage.ts';
import { checkAlias, checkModelName, parseVersion } from './names.ts';
import { checkArchiving, parseStage } from './stages.ts';

describe('names of the registry', () => {
  it('of models have no slash and no colon', () => {
    expect(() => checkModelName('wine 2.0')).not.toThrow();
    for (const name of ['a/b', 'a:b']) expect(() => checkModelName(name)).toThrow(`Invalid model name '${name}'`);
  });

  it('of aliases are words, and not what versions are called', () => {
    expect(() => checkAlias('champ-1_x')).not.toThrow();
    expect(() => checkAlias('a b')).toThrow("Invalid alias name: 'a b'");
    expect(() => checkAlias('Latest')).toThrow('is reserved');
    for (const alias of ['v1', 'V12']) expect(() => checkAlias(alias)).toThrow(`Version alias name '${alias}' is reserved.`);
    expect(() => checkAlias('x'.repeat(256))).toThrow('maximum length of 255');
  });

  it('of versions are positive integers', () => {
    expect(parseVersion('12', 'wine')).toBe(12);
    for (const text of ['abc', '1.5', '']) expect(() => parseVersion(text, 'wine')).toThrow(`Parameter 'version' must be an integer, got '${text}'.`);
    for (const text of ['0', '-1', '99999999999']) expect(() => parseVersion(text, 'wine')).toThrow('not found');
  });

  it('of stages are read in any case; only active ones archive the others', () => {
    expect([parseStage('production'), parseStage('NONE')]).toEqual(['Production', 'None']);
    expect(() => parseStage('foo')).toThrow('Invalid Model Version stage: foo. Value must be one of None, Staging, Production, Archived.');
    expect(() => checkArchiving('None')).toThrow('not an Active stage');
    expect(() => checkArchiving('Staging')).not.toThrow();
  });

  it('of lineage are tags of ours', () => {
    expect(lineageTags({ run: 'r', commit: 'c' })).toEqual({ 'trainyard.run': 'r', 'trainyard.commit': 'c' });
  });
});
