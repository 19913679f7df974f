import { routes } from '@trainyard/api/routes.ts';
import { toSpecBody, toTrainingSpec, TrainingSpecBody } from '@trainyard/api/schemas/training.ts';
import { bodyOf, type JsonSchema, typeText } from './contract.ts';
import { code, table } from './markdown.ts';

/** Answered by the server; taken and ignored so that an answer can be sent back. */
const ANSWERED_ONLY = ['status', 'createdAt', 'updatedAt'];

/** Every field of a training: type, default, sentence. */
export function trainingPage(): string {
  const rows = fieldRows(bodyOf(routes.createTraining) ?? {}, { spec: defaults() });
  return [
    '# Fields of a training',
    'A training is sent as JSON, or kept in a file as YAML or JSON. Numbers and booleans are taken where text is meant. A duration is `90s`, `15m`, `4h`, or a number of seconds. A field that is not in this table is refused, and the nearest name is suggested.',
    table(['field', 'type', 'default', 'what it is'], rows),
  ].join('\n\n');
}

/** The defaults as the server fills them in, in the form users write. */
function defaults(): unknown {
  const least = { model: { name: 'm', version: '1' }, toolchain: 'mlflow', algorithmSource: {} };
  const { model, ...spec } = toSpecBody(toTrainingSpec(TrainingSpecBody.parse(least)));
  return { ...spec, model: { artifactNameTemplate: model.artifactNameTemplate }, toolchain: undefined, algorithmSource: undefined };
}

/** A row for each field of a body that users write; `filled` has the defaults. */
export function fieldRows(schema: JsonSchema, filled: unknown): string[][] {
  return rowsOf(schema, '', filled).filter(([field]) => !ANSWERED_ONLY.includes(field?.replaceAll('`', '') ?? ''));
}

function rowsOf(schema: JsonSchema, above: string, filled: unknown): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const value = valueOf(filled, name);
    const inner = field.anyOf?.find((one) => one.properties !== undefined) ?? (field.items?.properties === undefined ? field : field.items);
    // a default that depends on other fields is told in the sentence
    const written = field.description?.includes('Default:') === true || (inner.properties !== undefined && field.items === undefined) ? '' : defaultText(value, schema.required?.includes(name) ?? false);
    const path = `${above}${name}${field.items?.properties === undefined ? '' : '[]'}`;
    return [[code(path), typeText(field), written, field.description ?? ''], ...rowsOf(inner, `${path}.`, value)];
  });
}

function valueOf(filled: unknown, name: string): unknown {
  return typeof filled === 'object' && filled !== null ? (filled as Readonly<Record<string, unknown>>)[name] : undefined;
}

function defaultText(value: unknown, required: boolean): string {
  if (value === undefined) return required ? '(required)' : '';
  return code(typeof value === 'string' ? value : JSON.stringify(value));
}
