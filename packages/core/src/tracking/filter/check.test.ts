import { describe, expect, it } from 'vitest';
import { MODEL_VERSION_SEARCH, REGISTERED_MODEL_SEARCH } from '../../registry/searches.ts';
import { readFilter, readOrder } from './check.ts';
import { EXPERIMENT_SEARCH, LOGGED_MODEL_SEARCH, RUN_SEARCH } from './searches.ts';

describe('what a search for runs may ask', () => {
  it.each([
    ['metric.m > 1', { subject: { entity: 'metric', key: 'm' }, test: { operator: '>', number: 1 } }],
    ["parameters.p LIKE 'a%'", { subject: { entity: 'param', key: 'p' }, test: { operator: 'LIKE', text: 'a%' } }],
    ['tag.t IS NULL', { subject: { entity: 'tag', key: 't' }, test: { operator: 'IS NULL' } }],
    ["attr.status != 'FAILED'", { subject: { entity: 'attribute', column: 'status' }, test: { operator: '!=', text: 'FAILED' } }],
    ["`Run name` = 'x'", { subject: { entity: 'attribute', column: 'name' }, test: { operator: '=', text: 'x' } }],
    ['Created >= 5', { subject: { entity: 'attribute', column: 'start_time' }, test: { operator: '>=', number: 5 } }],
    ["run_id IN ('a', 'b')", { subject: { entity: 'attribute', column: 'id' }, test: { operator: 'IN', texts: ['a', 'b'] } }],
    ["datasets.context = 'train'", { subject: { entity: 'dataset', key: 'context' }, test: { operator: '=', text: 'train' } }],
  ])('allows %j', (filter, condition) => {
    expect(readFilter(filter, RUN_SEARCH)).toEqual([condition]);
  });

  it.each([
    ["metrics.m > '0'", "Expected numeric value type for metric. Found '0'"],
    ['metrics.m > NaN', 'Expected numeric value type for metric. Found NaN'],
    ['metrics.m IS NULL', "IS NULL / IS NOT NULL is only supported for tags and params, not for 'metric' 'm'"],
    ['params.p = 1', "Expected a quoted string value for parameter (e.g. 'my-value'). Got value 1"],
    ["params.p > '1'", "Invalid comparator '>' not one of"],
    ['tags.t = x', 'Parameter value is either not quoted or unidentified quote types used for string value x. Use either single or double quotes.'],
    ["start_time = '5'", "Expected numeric value type for numeric attribute: start_time. Found '5'"],
    ["params.p IN ('a', 'b')", "Expected a quoted string value for parameter (e.g. 'my-value'). Got value ('a', 'b')"],
    ["run_name IN ('a')", "Only ['run_id'] attributes support comparison with a list of quoted string values."],
    ['status = 1', 'Expected a quoted string value for attributes. Got value 1'],
    ['run_id IN ()', 'expected a non-empty list of string values'],
    ['run_id IN (1)', 'got different type in list: (1)'],
    ["foo = 'x'", "Invalid attribute key 'foo' specified. Valid keys are"],
    ["constructor = 'x'", "Invalid attribute key 'constructor' specified"],
    ["foo.x = 'x'", "Invalid entity type 'foo'. Valid values are ['metric', 'parameter', 'tag', 'dataset', 'attribute']"],
    ["METRICS.m = 1", "Invalid entity type 'METRICS'"],
    ["datasets.foo = 'x'", "Invalid dataset key 'foo' specified."],
    ['metrics.m == 1', "Invalid comparator '==' not one of"],
    [`run_id IN (${"'a',".repeat(10_001)})`, 'expected at most 10000 values'],
    [`tags.t LIKE '${'%'.repeat(20_001)}'`, 'Expected at most 20000 characters'],
  ])('refuses %.60j (%#)', (filter, problem) => {
    expect(() => readFilter(filter, RUN_SEARCH)).toThrow(problem);
  });

  it('sorts by attributes, metrics, params and tags only', () => {
    expect(readOrder(['metrics.m DESC', 'Created'], RUN_SEARCH)).toEqual([
      { subject: { entity: 'metric', key: 'm' }, ascending: false },
      { subject: { entity: 'attribute', column: 'start_time' }, ascending: true },
    ]);
    expect(() => readOrder(['datasets.name'], RUN_SEARCH)).toThrow('Invalid order_by entity: dataset');
    expect(() => readOrder(['`Run name`'], RUN_SEARCH)).toThrow("Invalid attribute key 'Run name' specified");
  });
});

describe('what the other searches may ask', () => {
  it('knows the attributes of each', () => {
    expect(readFilter("name = 'a' AND tags.k = 'v'", EXPERIMENT_SEARCH)).toHaveLength(2);
    expect(readFilter("metrics.m > 1 AND params.p IN ('1') AND model_id = 'm-1'", LOGGED_MODEL_SEARCH)).toHaveLength(3);
    expect(readFilter("name ILIKE 'a%'", REGISTERED_MODEL_SEARCH)).toHaveLength(1);
    expect(readFilter("version_number > 2 AND run_id IN ('x') AND source_path = 'y'", MODEL_VERSION_SEARCH)).toHaveLength(3);
  });

  it('refuses what only another one has', () => {
    expect(() => readFilter("params.p = '1'", EXPERIMENT_SEARCH)).toThrow("Invalid entity type 'params'");
    expect(() => readFilter("run_id = 'x'", REGISTERED_MODEL_SEARCH)).toThrow("Invalid attribute key 'run_id'");
    expect(() => readOrder(['source_path'], MODEL_VERSION_SEARCH)).toThrow("Invalid attribute key 'source_path'");
    expect(() => readOrder(['tags.k'], EXPERIMENT_SEARCH)).toThrow('Invalid order_by entity: tag');
  });
});
