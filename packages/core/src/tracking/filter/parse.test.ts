import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Clause, parseFilter, parseOrder } from './parse.ts';

const text = (key: string, operator: string, value: string) => ({ key, operator, value });
const short = ({ subject, operator, operand }: Clause) => text(subject.entity === undefined ? subject.key : `${subject.entity}|${subject.key}`, operator, operand.text);

function answerTo(filter: string): string {
  try {
    return Array.isArray(parseFilter(filter)) ? 'clauses' : 'nothing';
  } catch (error) {
    return String((error as { code?: unknown }).code);
  }
}

describe('the filter language', () => {
  it.each([
    ['metrics.m>0.5', [text('metrics|m', '>', '0.5')]],
    ['  metrics.m   =   -1e-3 ', [text('metrics|m', '=', '-1e-3')]],
    ["tags.mlflow.runName = 'a b'", [text('tags|mlflow.runName', '=', "'a b'")]],
    ['params."P q" ilike "x%"', [text('params|P q', 'ILIKE', '"x%"')]],
    ['metrics.`val loss` != 3', [text('metrics|val loss', '!=', '3')]],
    ["tags.t is not null AND params.p IS NULL", [text('tags|t', 'IS NOT NULL', ''), text('params|p', 'IS NULL', '')]],
    ["run_id not in ('a','b',)", [text('run_id', 'NOT IN', "('a', 'b')")]],
    ["`Run name` = 'x'", [text('Run name', '=', "'x'")]],
    ["metrics.f1-score > 1 and tags.a:b/c = 'd'", [text('metrics|f1-score', '>', '1'), text('tags|a:b/c', '=', "'d'")]],
    ["params.p = 'it''s AND so'", [text('params|p', '=', "'it''s AND so'")]],
    ['AND metrics.m > 0 AND', [text('metrics|m', '>', '0')]],
    ['', []],
  ])('reads %j', (filter, clauses) => {
    expect(parseFilter(filter).map(short)).toEqual(clauses);
  });

  it.each(['garbage', 'metrics.m', 'metrics.m >', '> 0', 'metrics.m > 0;', '(metrics.m > 0)', 'NOT metrics.m > 0', "params.p = '1", 'a = 1 OR b = 2', 'metrics.m BETWEEN 1 AND 2', "run_id IN ('a'", "run_id IN 'a' 'b'", 'x IS', 'metrics.m = 1 -- x'])('refuses %j', (filter) => {
    expect(() => parseFilter(filter)).toThrow(/^Invalid clause\(s\) in filter string: /);
  });

  it.each([
    ["metrics.m > 0 OR params.p = 'x'", "'OR'"],
    ['NOT metrics.m > 0', "'NOT'"],
    ["params.p = 'Adam", "'params.p', '=', ''', 'Adam'"],
    ['metrics.m > 0;', "';'"],
    ['a IN ((1))', "'a', 'IN', '(', '(', '1', ')', ')'"],
  ])('names what is strange in %j, and no more', (filter, named) => {
    expect(() => parseFilter(filter)).toThrow(`Invalid clause(s) in filter string: ${named}`);
  });

  it('names the beginning of what is long and strange', () => {
    expect(() => parseFilter('('.repeat(100_000))).toThrow("Invalid clause(s) in filter string: '(', '('");
  });

  it('refuses a filter and an order that are longer than any list of ids', () => {
    expect(parseFilter(`run_id IN (${Array.from({ length: 10_000 }, () => `'${'a'.repeat(32)}'`).join(', ')})`)).toHaveLength(1);
    expect(() => parseFilter(`a = '${'x'.repeat(500_000)}'`)).toThrow("'filter' exceeds the maximum length of 500000 characters");
    expect(() => parseOrder('x'.repeat(500_001))).toThrow("'order_by' exceeds the maximum length of 500000 characters");
  });

  it('refuses several statements', () => {
    expect(() => parseFilter("params.p = 'x'; DROP TABLE runs")).toThrow('Search filter contained multiple expression "params.p = \'x\'; DROP TABLE runs". Provide AND-ed expression list.');
  });

  it('reads back whatever it can say', () => {
    const name = fc.stringMatching(/^[A-Za-z_][\w\-./: ]*$/).filter((one) => !one.includes('`'));
    const value = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => ({ operator: '>=', shown: String(number), kind: 'number' })),
      fc.string().filter((one) => !/['\\]/.test(one)).map((one) => ({ operator: 'LIKE', shown: `'${one}'`, kind: 'text' })),
      fc.array(fc.stringMatching(/^\w*$/), { minLength: 1 }).map((list) => ({ operator: 'IN', shown: `(${list.map((one) => `'${one}'`).join(', ')})`, kind: 'list' })),
    );
    const clause = fc.record({ entity: fc.constantFrom('metrics', 'params', 'tags'), name, value });
    fc.assert(
      fc.property(fc.array(clause, { maxLength: 5 }), (clauses) => {
        const filter = clauses.map((one) => `${one.entity}.\`${one.name}\` ${one.value.operator} ${one.value.shown}`).join(' AND ');
        const read = parseFilter(filter);
        expect(read.map((one) => [one.subject.entity, one.subject.key, one.operator, one.operand.kind, one.operand.text])).toEqual(clauses.map((one) => [one.entity, one.name, one.value.operator, one.value.kind, one.value.shown]));
      }),
    );
  });

  it('answers any text with clauses or a refusal, never with anything else', () => {
    const piece = fc.constantFrom("'", '"', '`', '(', ')', ',', '.', '=', '<', '!', ' ', 'AND', 'IS', 'NOT', 'NULL', 'IN', 'LIKE', 'metrics.m', "'x'", '1', '-', '\\', ';', 'é');
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.array(piece).map((pieces) => pieces.join(''))), (filter) => {
        expect(answerTo(filter)).toMatch(/^(clauses|INVALID_TRACKING_VALUE)$/);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('order clauses', () => {
  it.each([
    ['metrics.m DESC', { subject: { entity: 'metrics', key: 'm' }, ascending: false }],
    ['start_time', { subject: { entity: undefined, key: 'start_time' }, ascending: true }],
    ['params.`P q` asc', { subject: { entity: 'params', key: 'P q' }, ascending: true }],
  ])('are read: %j', (clause, order) => {
    expect(parseOrder(clause)).toEqual(order);
  });

  it.each([
    ['', 'Could not be parsed'],
    ['x y z', 'Could not be parsed'],
    ["'", 'Could not be parsed'],
    ['metrics.m FOO', "Invalid ordering key in order_by clause 'metrics.m FOO'"],
  ])('are refused: %j', (clause, problem) => {
    expect(() => parseOrder(clause)).toThrow(problem);
  });
});
