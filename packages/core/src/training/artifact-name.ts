import { didYouMean } from '../nearest.ts';

export interface ArtifactNameFields {
  readonly Name: string;
  readonly Version: string;
  readonly RandomUUID: string;
  readonly CommitID: string;
}

const FIELDS: readonly (keyof ArtifactNameFields)[] = ['Name', 'Version', 'RandomUUID', 'CommitID'];

/** Renders the Go template of ODAHU's `artifactNameTemplate`: literal text and `{{ .Field }}`. Call `artifactNameProblem` first. */
export function artifactName(template: string, fields: ArtifactNameFields): string {
  return template.replace(/\{\{-?\s*\.(\w+)\s*-?\}\}/g, (whole, field: string) => fields[field as keyof ArtifactNameFields] ?? whole);
}

/** What is wrong with the template, or undefined. The result must be one file name of at most 255 bytes, so no separators. */
export function artifactNameProblem(template: string): string | undefined {
  // first of all: what follows takes long for a long row of blanks
  if (template.trim() === '' || template.length > 128) return 'it must have 1 to 128 characters';
  for (const [, field = ''] of template.matchAll(/\{\{-?\s*([^{}]*?)\s*-?\}\}/g)) {
    if (!FIELDS.some((name) => `.${name}` === field)) return `'${field}' is not one of ${FIELDS.map((name) => `.${name}`).join(', ')}${didYouMean(field.replace(/^\./, ''), FIELDS)}`;
  }
  const literal = template.replace(/\{\{[^{}]*\}\}/g, '');
  if (/\{\{|\}\}/.test(literal)) return "'{{' and '}}' do not pair";
  if (/[/\\\u0000-\u001f]/.test(literal) || literal === '.' || literal === '..') return 'it must be one file name, without separators';
  return undefined;
}
