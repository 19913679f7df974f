import { describe, expect, it } from 'vitest';
import { BadMetricLine, parseMetricLine } from './metric-line.ts';

const NOW = 1_700_000_000_000;
const metric = (key: string, value: number | string, step = 0, timestamp = NOW): object => ({ key, value, step, timestamp });

describe('a line of the metrics file', () => {
  it.each([
    ['loss=0.5', metric('loss', 0.5)],
    ['  val/loss = 1e-3   step = 12 \r', metric('val/loss', 0.001, 12)],
    ['train loss=2 step=-1', metric('train loss', 2, -1)],
    ['{"key":"loss","value":0.5}', metric('loss', 0.5)],
    ['{"key":"loss","value":"0.5","step":"3","timestamp":17}', metric('loss', 0.5, 3, 17)],
    ['{"key": "loss", "value": NaN, "step": 2}', metric('loss', 'NaN', 2)],
    ['{"key": "loss", "value": -Infinity}', metric('loss', '-Infinity')],
    ['{"key": "loss", "value": "inf"}', metric('loss', 'Infinity')],
    ['loss=nan', metric('loss', 'NaN')],
    ['loss=-inf', metric('loss', '-Infinity')],
    ['loss=1e999', metric('loss', 'Infinity')],
  ])('%s', (line, expected) => {
    expect(parseMetricLine(line, NOW)).toEqual(expected);
  });

  it('skips empty lines', () => {
    expect(parseMetricLine(' \r', NOW)).toBeUndefined();
  });

  it.each([
    ['loss', 'neither JSON nor key=value'],
    ['loss=', 'neither JSON nor key=value'],
    ['a=b=3 step=1', 'its value "b=3"'],
    ['loss=good', 'its value "good" is not a number'],
    ['loss=1 step=1.5', 'its step "1.5" is not a whole number'],
    ['{"key":"loss"', 'no JSON'],
    ['{"value":1}', 'its key (missing)'],
    ['{"key":"loss","value":null}', 'its value null is not a number'],
    ['{"key":"loss","value":true}', 'its value true is not a number'],
    ['{"key":"a\\u0000b","value":1}', 'its key'],
    ['{"key":7,"value":1}', 'its key 7'],
    [`${'k'.repeat(251)}=1`, 'its key'],
    ['{"key":"loss","value":1,"timestamp":"soon"}', 'its timestamp "soon"'],
  ])('refuses %s', (line, words) => {
    expect(() => parseMetricLine(line, NOW)).toThrow(BadMetricLine);
    expect(() => parseMetricLine(line, NOW)).toThrow(words);
  });
});
