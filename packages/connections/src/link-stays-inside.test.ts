import { mkdir, mkdtemp, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linkStaysInside } from './link-stays-inside.ts';

describe('a link in a tree', () => {
  it.each([
    ['a', 'b', true],
    ['a', './b/c', true],
    ['a/b', '..', true],
    ['a/b', '../c', true],
    ['a/b/c', '../../d', true],
    ['a', '..', false],
    ['a/b', '../..', false],
    ['a/b', '../../c', false],
    ['a', '/etc/passwd', false],
    ['a', 'b/../c', false],
    ['a', 'b\\..\\c', false],
    ['a', '', false],
  ])("'%s' to '%s'", (path, target, stays) => {
    expect(linkStaysInside(path, target)).toBe(stays);
  });

  it('leads nowhere else, however links that pass are chained', async () => {
    const root = await realpath(await mkdtemp(join(tmpdir(), 'trainyard-links-')));
    const step = fc.constantFrom('..', 'a', 'b', 'l0', 'l1', 'l2', '.');
    const target = fc.array(step, { minLength: 1, maxLength: 5 }).map((steps) => steps.join('/'));
    const places = fc.constantFrom('', 'a/', 'a/b/');
    let n = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(places, target), { minLength: 3, maxLength: 3 }), async (links) => {
        const tree = join(root, String(n++), 'tree');
        await mkdir(join(tree, 'a', 'b'), { recursive: true });
        const made = links.map(([place, to], i) => ({ path: `${place}l${i}`, to })).filter(({ path, to }) => linkStaysInside(path, to));
        for (const { path, to } of made) await symlink(to, join(tree, path));
        for (const { path } of made) {
          const real = await realpath(join(tree, path)).catch(() => tree); // leads nowhere, or in a circle
          expect(real === tree || real.startsWith(`${tree}/`)).toBe(true);
        }
        await rm(dirname(tree), { recursive: true });
      }),
      { numRuns: 300 },
    );
    await rm(root, { recursive: true });
  });
});
