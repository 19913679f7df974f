// The runner as one file that needs nothing but Node: `node scripts/bundle-runner.mjs FILE`. `npm run bundle` makes it for what is
// published; a server in a clone makes it when an engine has to bring the runner to other machines.
import { mkdirSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const ROOT = path.join(import.meta.dirname, '..');

/** Throws when it would need anything else. */
export async function bundleRunner(outfile) {
  const { build } = await import('esbuild');
  const { asleep } = await import('./asleep.mjs');
  mkdirSync(path.dirname(path.resolve(outfile)), { recursive: true });
  const { metafile } = await build({
    absWorkingDir: ROOT,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    metafile: true,
    legalComments: 'none',
    logLevel: 'warning',
    entryPoints: ['packages/runner/src/main.ts'],
    outfile: path.resolve(outfile),
    minifySyntax: true,
    plugins: [asleep],
    // some of what is inside still calls require() for modules of Node
    banner: { js: "import { createRequire as requireOfBundle } from 'node:module';\nconst require = requireOfBundle(import.meta.url);" },
  });
  const imported = Object.values(metafile.outputs).flatMap(({ imports }) => imports.filter((one) => one.external === true).map((one) => one.path));
  const foreign = [...new Set(imported)].filter((name) => !name.startsWith('node:') && !builtinModules.includes(name));
  if (foreign.length > 0) throw new Error(`the runner must need nothing but Node, but imports ${foreign.join(', ')}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [outfile] = process.argv.slice(2);
  if (outfile === undefined) throw new Error('usage: node scripts/bundle-runner.mjs FILE');
  await bundleRunner(outfile);
}
