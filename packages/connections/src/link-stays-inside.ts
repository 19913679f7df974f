/**
 * Does a symbolic link stay inside of the tree it lies in? `path` is where it lies, relative to the root of the tree, in
 * directories that are no links themselves. Steps up are only counted in front: behind a name they would start from wherever
 * that name leads. So each link of a tree that passes leads to the tree, and by induction every chain of them does.
 */
export function linkStaysInside(path: string, target: string): boolean {
  if (target === '' || target.startsWith('/') || /[\\\0]/.test(target)) return false;
  const depth = stepsOf(path).length - 1;
  const steps = stepsOf(target);
  const down = steps.findIndex((step) => step !== '..');
  const up = down < 0 ? steps.length : down;
  return up <= depth && !steps.slice(up).includes('..');
}

function stepsOf(path: string): string[] {
  return path.split('/').filter((step) => step !== '' && step !== '.');
}
