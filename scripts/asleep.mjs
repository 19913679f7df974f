import { build } from 'esbuild';

/** Clients of clouds that a runner loads when a training's data lies there. */
const PACKAGES = ['@aws-sdk/client-s3', '@aws-sdk/credential-provider-node', '@azure/storage-blob', 'google-auth-library'];

/** Loaded by them when somebody has installed them, for proxies and tracing that we do not use. */
const OF_THEIRS = ['kerberos'];

/**
 * Puts large packages into the bundle as text that is compiled when they are used: as code they tripled the time in which a
 * runner starts, which reads all of its file and loads every module of Node that any part of it names.
 */
export const asleep = {
  name: 'asleep',
  setup(outer) {
    const { absWorkingDir, target } = outer.initialOptions;
    const filter = new RegExp(`^(${PACKAGES.join('|')})$`);
    outer.onResolve({ filter }, ({ path }) => ({ path, namespace: 'asleep' }));
    outer.onLoad({ filter: /.*/, namespace: 'asleep' }, async ({ path }) => {
      // old packages say what they export only when they run
      const names = Object.keys(await import(path)).filter((name) => /^[A-Za-z]\w*$/.test(name) && name !== 'default').join(', ');
      const { outputFiles } = await build({
        stdin: { contents: `export { ${names} } from '${path}';`, resolveDir: `${absWorkingDir}/packages/connections` },
        absWorkingDir, target, bundle: true, platform: 'node', format: 'esm', write: false, minifySyntax: true, minifyWhitespace: true, legalComments: 'none', logLevel: 'warning', external: OF_THEIRS,
        // text has no place of its own to look for modules from; they need none but Node's
        banner: { js: "import { createRequire as requireOfBundle } from 'node:module';\nconst require = requireOfBundle(process.execPath);" },
      });
      const text = Buffer.from(outputFiles[0].contents).toString('base64');
      return { contents: `const wake = (text) => import('data:text/javascript;base64,' + text);\nconst loaded = await wake('${text}');\nexport const { ${names} } = loaded;`, loader: 'js' };
    });
  },
};
