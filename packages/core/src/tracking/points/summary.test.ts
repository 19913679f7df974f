import { describe, expect, it } from 'vitest';
import type { Point } from '../metric.ts';
import { columnsOf } from './columns.ts';
import { sortedOnce } from './order.ts';
import { evenSteps, readSummary, summarize, writeSummary } from './summary.ts';

const summaryOf = (...points: readonly [timestamp: Point['timestamp'], step: Point['step'], value: number][]) => {
  const summary = summarize(sortedOnce(columnsOf(points.map(([timestamp, step, value]) => ({ timestamp, step, value })))));
  expect(readSummary(writeSummary(summary))).toEqual(summary);
  return summary;
};

describe('the summary of a chunk', () => {
  it('says where it begins and ends, and what its extremes and its latest point are', () => {
    expect(summaryOf([1, 7, 3], [2, 9, -4], [3, 8, 5])).toEqual({
      points: 3, firstTimestamp: 1, firstStep: 7, lastTimestamp: 3, lastStep: 8, leastStep: 7, greatestStep: 9, evenSteps: false, least: -4, greatest: 5, latestTimestamp: 2, latestValue: -4,
    });
  });

  it('leaves NaN out of the extremes', () => {
    expect(summaryOf([1, 0, Number.NaN], [2, 1, 4], [3, 2, Number.NaN])).toMatchObject({ least: 4, greatest: 4, latestValue: Number.NaN });
    expect(summaryOf([1, 0, Number.NaN])).toMatchObject({ least: null, greatest: null, latestValue: Number.NaN });
  });

  it('knows int64 to the last digit', () => {
    expect(summaryOf([2n ** 63n - 1n, -(2n ** 63n), 0], [5, 2n ** 53n, 1])).toMatchObject({ firstTimestamp: 5, lastTimestamp: 2n ** 63n - 1n, leastStep: -(2n ** 63n), greatestStep: 2n ** 53n, latestTimestamp: 5 });
  });

  it.each([
    ['one by one', [0, 1, 2], true], ['ten by ten', [5, 15, 25], true], ['a single one', [4], true],
    ['a gap', [0, 1, 3], false], ['all the same', [1, 1], false], ['falling', [3, 2, 1], false],
  ])('says whether its steps are even: %s', (_, steps, even) => {
    const summary = summaryOf(...steps.map((step, index): [number, number, number] => [index, step, index]));
    expect(summary.evenSteps).toBe(even);
  });

  it('gives even steps back', () => {
    expect([...evenSteps(summaryOf([0, 5, 1], [1, 15, 1], [2, 25, 1]))]).toEqual([5, 15, 25]);
    expect([...evenSteps(summaryOf([0, -4, 1]))]).toEqual([-4]);
  });
});
