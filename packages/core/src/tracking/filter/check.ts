import { invalid } from '../names.ts';
import { type Condition, type Entity, LIST_OPERATORS, NULL_OPERATORS, NUMBER_OPERATORS, type SortKey, type Subject, type Test, TEXT_OPERATORS } from './condition.ts';
import { type Clause, type Identifier, type Operand, parseFilter, parseOrder } from './parse.ts';

/** What values a thing has and which comparisons it allows. */
export interface Comparable {
  readonly type: 'text' | 'number';
  readonly operators: readonly string[];
}

/** What one kind of search may ask about. */
export interface SearchRules<Column extends string> {
  /** Every spelling of an attribute → its column. */
  readonly attributes: Readonly<Record<string, Column>>;
  readonly columns: Readonly<Record<Column, Comparable>>;
  /** Attributes it may be sorted by; the filter's when absent. */
  readonly sortable?: Readonly<Record<string, Column>>;
  readonly entities: Partial<Readonly<Record<Entity, Comparable>>>;
  /** Entities it may be sorted by. */
  readonly sortableEntities: readonly Entity[];
  /** Keys an entity is limited to. */
  readonly keys?: Partial<Readonly<Record<Entity, readonly string[]>>>;
}

const SPELLINGS: Readonly<Record<string, Entity | 'attribute'>> = {
  metric: 'metric', metrics: 'metric',
  param: 'param', params: 'param', parameter: 'param', parameters: 'param',
  tag: 'tag', tags: 'tag',
  dataset: 'dataset', datasets: 'dataset',
  attribute: 'attribute', attributes: 'attribute', attr: 'attribute', run: 'attribute',
};

const MAX_LIST = 10_000;
/** Longer than any value that is stored and searched, shorter than the longest pattern SQLite takes. */
const MAX_TEXT = 20_000;

export const numeric: Comparable = { type: 'number', operators: NUMBER_OPERATORS };
export const textual: Comparable = { type: 'text', operators: TEXT_OPERATORS };
export const textualOrNull: Comparable = { type: 'text', operators: [...TEXT_OPERATORS, ...NULL_OPERATORS] };
export const textualOrListed: Comparable = { type: 'text', operators: [...TEXT_OPERATORS, ...LIST_OPERATORS] };

/** Parses and checks a filter; INVALID_TRACKING_VALUE says what is wrong with it. */
export function readFilter<Column extends string>(filter: string, rules: SearchRules<Column>): Condition<Column>[] {
  return parseFilter(filter).map((clause) => readClause(clause, rules));
}

/** Parses and checks sort clauses. */
export function readOrder<Column extends string>(clauses: readonly string[], rules: SearchRules<Column>): SortKey<Column>[] {
  return clauses.map((text) => {
    const { subject, ascending } = parseOrder(text);
    const entity = entityOf(subject, rules);
    if (entity === 'attribute') return { subject: { entity, column: columnOf(subject.key, rules.sortable ?? rules.attributes) }, ascending };
    if (!rules.sortableEntities.includes(entity)) throw invalid(`Invalid order_by entity: ${entity}`);
    return { subject: { entity, key: subject.key }, ascending };
  });
}

function readClause<Column extends string>(clause: Clause, rules: SearchRules<Column>): Condition<Column> {
  const entity = entityOf(clause.subject, rules);
  const { key } = clause.subject;
  if (entity === 'attribute') {
    const column = columnOf(key, rules.attributes);
    if (clause.operand.kind === 'list' && !isListable(rules.columns[column])) throw invalid(`Only ${listed(listable(rules))} attributes support comparison with a list of quoted string values.`);
    return { subject: { entity, column }, test: readTest(clause, rules.columns[column], { noun: 'attribute', shown: `numeric attribute: ${key}` }) };
  }
  const keys = rules.keys?.[entity];
  if (keys !== undefined && !keys.includes(key)) throw invalid(`Invalid ${entity} key '${key}' specified. Valid keys are ${listed(keys)}`);
  const subject: Subject<Column> = { entity, key };
  return { subject, test: readTest(clause, rules.entities[entity] ?? textual, { noun: entity === 'param' ? 'parameter' : entity, shown: entity }) };
}

function entityOf<Column extends string>(subject: Identifier, rules: SearchRules<Column>): Entity | 'attribute' {
  if (subject.entity === undefined) return 'attribute';
  const entity = Object.hasOwn(SPELLINGS, subject.entity) ? SPELLINGS[subject.entity] : undefined;
  if (entity === 'attribute' || (entity !== undefined && rules.entities[entity] !== undefined)) return entity;
  throw invalid(`Invalid entity type '${subject.entity}'. Valid values are ${listed([...Object.keys(rules.entities).map((name) => (name === 'param' ? 'parameter' : name)), 'attribute'])}`);
}

function columnOf<Column extends string>(key: string, attributes: Readonly<Record<string, Column>>): Column {
  const column = Object.hasOwn(attributes, key) ? attributes[key] : undefined;
  if (column === undefined) throw invalid(`Invalid attribute key '${key}' specified. Valid keys are ${listed(Object.keys(attributes))}`);
  return column;
}

function isListable({ operators }: Comparable): boolean {
  return operators.includes('IN');
}

function listable<Column extends string>({ attributes, columns }: SearchRules<Column>): string[] {
  return Object.entries<Column>(attributes).filter(([, column]) => isListable(columns[column])).map(([name]) => name);
}

interface Words {
  /** `metric`, `parameter`, `attribute` … */
  readonly noun: string;
  /** How a number's place is named. */
  readonly shown: string;
}

function readTest(clause: Clause, comparable: Comparable, words: Words): Test {
  const { operator, operand } = clause;
  if (NULL_OPERATORS.includes(operator) && !comparable.operators.includes(operator)) throw invalid(`IS NULL / IS NOT NULL is only supported for tags and params, not for '${words.noun}' '${clause.subject.key}'`);
  if (comparable.type === 'number' && operand.kind !== 'number') throw invalid(`Expected numeric value type for ${words.shown}. Found ${operand.text}`);
  if (operand.kind === 'list' && comparable.type === 'text' && !isListable(comparable)) throw refuseText(operand, words);
  if (!comparable.operators.includes(operator)) throw invalid(`Invalid comparator '${operator}' not one of ${listed(comparable.operators)}`);
  if (operator === 'IS NULL' || operator === 'IS NOT NULL') return { operator };
  if (operator === 'IN' || operator === 'NOT IN') return { operator, texts: readList(operand) };
  if (operand.kind === 'number' && comparable.type === 'number') return { operator: operator as '=', number: operand.value };
  return { operator: operator as '=', text: readText(operand, words) };
}

function readText(operand: Operand, words: Words): string {
  if (operand.kind === 'text' && operand.value.length > MAX_TEXT) throw invalid(`Expected at most ${MAX_TEXT} characters in a string value. Got ${operand.value.length}`);
  if (operand.kind === 'text') return operand.value;
  if (operand.kind === 'word') throw invalid(`Parameter value is either not quoted or unidentified quote types used for string value ${operand.text}. Use either single or double quotes.`);
  throw refuseText(operand, words);
}

function refuseText(operand: Operand, { noun }: Words): Error {
  return invalid(`Expected a quoted string value for ${noun === 'attribute' ? 'attributes' : `${noun} (e.g. 'my-value')`}. Got value ${operand.text}`);
}

function readList(operand: Operand): string[] {
  if (operand.kind !== 'list') throw invalid(`While parsing a list in the query, expected a list of string values, but got ${operand.text}`);
  if (operand.items.length === 0) throw invalid('While parsing a list in the query, expected a non-empty list of string values, but got empty list');
  // more than a database takes in one statement
  if (operand.items.length > MAX_LIST) throw invalid(`While parsing a list in the query, expected at most ${MAX_LIST} values, but got ${operand.items.length}`);
  return operand.items.map((item) => {
    if (item.kind !== 'text') throw invalid(`While parsing a list in the query, expected string value, punctuation, or whitespace, but got different type in list: ${operand.text}`);
    return item.value;
  });
}

function listed(names: readonly string[]): string {
  return `[${names.map((name) => `'${name}'`).join(', ')}]`;
}
