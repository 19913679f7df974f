import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { artifactSegments } from './artifact-path.ts';
import { resolvePath } from './names.ts';

function refusalOf(path: string): unknown {
  try {
    artifactSegments(path);
    return undefined;
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}

describe('paths of artifacts', () => {
  it.each([
    ['', []],
    ['model/MLmodel', ['model', 'MLmodel']],
    ['images/dog+step+20+timestamp+100.png', ['images', 'dog+step+20+timestamp+100.png']],
    // what MLflow's clients called their images until 3.x; `%20` in it is a step, not a blank
    ['images/dog%step%20%timestamp%1795261428%g0fe.png', ['images', 'dog%step%20%timestamp%1795261428%g0fe.png']],
    ['a.b/..c/d..', ['a.b', '..c', 'd..']],
    ['a#b/c?d', ['a#b', 'c?d']],
  ])('takes %j', (path, segments) => {
    expect(artifactSegments(path)).toEqual(segments);
  });

  it('is one path however its letters were composed', () => {
    expect(artifactSegments('gro\u0308\u00dfe')).toEqual(['gr\u00f6\u00dfe']);
  });

  it('never takes a path that leaves its place, however often it is decoded', () => {
    const piece = fc.constantFrom('..', '.', '/', '\\', '%', '%2e', '%2E', '%2f', '%5c', '%25', '25', '2e', '%00', '\u0000', '#', '?', 'C:', ':', 'a', 'file:', '+', ' ');
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 6 }), (pieces) => {
        const path = pieces.join('');
        const refusal = refusalOf(path);
        expect(refusal).toBe(refusal === undefined ? undefined : 'INVALID_PATH');
        fc.pre(refusal === undefined);
        for (let decoded = path, round = 0; round < 6; round++) {
          expect(resolvePath(`place/${decoded}`)).toBe(`place/${decoded}`);
          expect(decoded).not.toMatch(/[\\\u0000]|^[A-Za-z]:/);
          decoded = decoded.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
        }
      }),
      { numRuns: 1000, maxSkipsPerRun: 10_000 },
    );
  });
});
