import { describe, expect, it } from 'vitest';
import { artifactName, artifactNameProblem } from './artifact-name.ts';

const fields = { Name: 'wine', Version: '1.0', RandomUUID: 'u-1', CommitID: '' };

describe('the name of a trained model binary', () => {
  it.each([
    ['{{ .Name }}-{{ .Version }}-{{ .RandomUUID }}.zip', 'wine-1.0-u-1.zip'],
    ['{{.Name}}', 'wine'],
    ['{{- .Name -}}.zip', 'wine.zip'],
    ['constant.zip', 'constant.zip'],
  ])('renders %s', (template, name) => {
    expect(artifactNameProblem(template)).toBeUndefined();
    expect(artifactName(template, fields)).toBe(name);
  });

  it.each(['{{ .Name', '{{ .Foo }}', '{{ Name }}', 'a/b', 'a\\b', '..', '', '{{ if .Name }}'])('refuses %j', (template) => {
    expect(artifactNameProblem(template)).toBeTypeOf('string');
  });

  it('refuses one of half a megabyte as quickly', () => {
    expect(artifactNameProblem(`{{${' '.repeat(400_000)}`)).toBeTypeOf('string');
  });
});
