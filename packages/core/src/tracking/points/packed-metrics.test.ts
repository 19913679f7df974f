import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Metric } from '../metric.ts';
import { type Columns, NO_POINTS, pointAt } from './columns.ts';
import { packMetrics, traceOf, unpackMetric, unpackMetrics } from './packed-metrics.ts';

const metric = fc.record({ key: fc.constantFrom('loss', 'val loss', 'é"\\', '__proto__'), value: fc.constantFrom(1, 2, Number.NaN), timestamp: fc.nat(3), step: fc.constantFrom<Metric['step']>(0, 1, 2n ** 60n) });
const text = ({ timestamp, step, value }: Omit<Metric, 'key'>) => `${timestamp} ${step} ${value}`;
const textsOf = (columns: Columns) => Array.from(columns.values.keys(), (index) => text(pointAt(columns, index)));

describe('packed metrics', () => {
  it('hold the points of each metric, each once, in order of a history', () => {
    fc.assert(
      fc.property(fc.array(metric), (metrics) => {
        const packed = packMetrics(metrics);
        const unpacked = unpackMetrics([packed]);
        expect([...unpacked.keys()]).toEqual([...new Set(metrics.map((one) => one.key))]);
        for (const [key, columns] of unpacked) {
          expect(textsOf(columns).toSorted()).toEqual([...new Set(metrics.filter((one) => one.key === key).map(text))].toSorted());
          expect(textsOf(unpackMetric(packed, key) ?? NO_POINTS)).toEqual(textsOf(columns));
          expect(packed.names).toContain(traceOf(key));
        }
        expect(unpackMetric(packed, 'val')).toBeUndefined();
      }),
    );
  });

  it('are the same together as if they had been packed at once', () => {
    fc.assert(
      fc.property(fc.array(fc.array(metric)), (calls) => {
        const [apart, together] = [unpackMetrics(calls.map(packMetrics)), unpackMetrics([packMetrics(calls.flat())])];
        expect(Array.from(apart, ([key, columns]) => [key, textsOf(columns)])).toEqual(Array.from(together, ([key, columns]) => [key, textsOf(columns)]));
      }),
    );
  });
});
