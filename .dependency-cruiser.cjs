// Which package and room may import which: ARCHITECTURE.md, "Directions". A rule's comment is what a violation prints.
const S = '^packages/server/src/';
const ROOMS = 'engines|artifacts|registries|stores|telemetry|triggers';
// tests, the suites they run, and what only they need (test-server.ts)
const TESTS = '(\\.(test|contract|golden|int)|/test-[a-z-]+)\\.ts$';
const DOORS = 'config/|commands/|compose[/a-z-]*\\.ts$|main\\.ts$';

/** One package may see only these of ours. */
const seesOnly = (from, allowed) => ({
  name: `${from}-sees-only-${allowed.join('-') || 'itself'}`,
  severity: 'error',
  from: { path: `^packages/${from}/src/`, pathNot: TESTS },
  to: { path: '^packages/', pathNot: `^packages/(${[from, ...allowed].join('|')})/` },
});

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', comment: 'types that refer to each other belong into one file', from: {}, to: { circular: true } },
    { name: 'core-imports-nothing', severity: 'error', comment: 'core and tune are pure: no npm package, no node: module', from: { path: '^packages/(core|tune)/src/', pathNot: TESTS }, to: { pathNot: '^packages/(core|tune)/src/' } },
    seesOnly('core', []),
    seesOnly('tune', []),
    seesOnly('api', ['core']),
    seesOnly('connections', ['core']),
    seesOnly('runner', ['core', 'connections', 'api']),
    seesOnly('server', ['core', 'tune', 'api', 'connections', 'runner']),
    { name: 'server-meets-runner-in-its-directory', severity: 'error', comment: 'the runner is another program: only the local engine reads what it leaves behind', from: { path: S, pathNot: `(${S}engines/local/|${TESTS})` }, to: { path: '^packages/runner/' } },
    { name: 'local-engine-reads-what-runners-leave', severity: 'error', from: { path: `${S}engines/local/`, pathNot: TESTS }, to: { path: '^packages/runner/', pathNot: '^packages/runner/src/(attempt-dir|process/process-tree)\\.ts$' } },
    // the only thing of the server a CLI may start is the server itself
    { name: 'clients-see-api-only', severity: 'error', comment: 'cli and ui talk through the API, as everybody does', from: { path: '^packages/(cli|ui)/', pathNot: `(${TESTS}|^packages/cli/bin/)` }, to: { path: '^packages/', pathNot: '^packages/(cli|ui|api|core)/' } },
    { name: 'server-is-started-by-its-door', severity: 'error', from: { pathNot: `(^packages/(server|testkit|cli/bin)/|${TESTS}|^(e2e|bench|scripts)/)` }, to: { path: '^packages/server/' } },
    { name: 'cli-bin-opens-main-only', severity: 'error', from: { path: '^packages/cli/bin/' }, to: { path: '^packages/server/', pathNot: `${S}main\\.ts$` } },
    { name: 'testkit-is-for-tests', severity: 'error', from: { path: '^packages/', pathNot: `(${TESTS}|^packages/testkit/)` }, to: { path: '^packages/testkit/' } },
    { name: 'tests-are-not-imported', severity: 'error', from: { path: '^packages/', pathNot: TESTS }, to: { path: TESTS } },
    { name: 'rooms-know-only-their-interface', severity: 'error', from: { path: `${S}(${ROOMS})/`, pathNot: TESTS }, to: { path: `${S}(usecases|scheduler|http|dialects|config|compose|main)` } },
    { name: 'plugins-do-not-know-each-other', severity: 'error', from: { path: `${S}(engines|artifacts|registries|triggers)/([^/]+)/`, pathNot: TESTS }, to: { path: `${S}$1/[^/]+/`, pathNot: `${S}$1/$2/` } },
    { name: 'rooms-do-not-reach-into-other-rooms', severity: 'error', from: { path: `${S}(${ROOMS})/`, pathNot: TESTS }, to: { path: `${S}(${ROOMS})/[^/]+/`, pathNot: `${S}$1/` } },
    { name: 'usecases-see-interfaces-only', severity: 'error', comment: 'compose.ts hands the implementation in', from: { path: `${S}(usecases|scheduler|http|dialects|tracking)/`, pathNot: TESTS }, to: { path: `${S}(${ROOMS})/([^/]+/|catalog)` } },
    { name: 'scheduler-and-usecases-know-no-http', severity: 'error', from: { path: `${S}(usecases|scheduler)/`, pathNot: TESTS }, to: { path: `${S}(http|dialects)/` } },
    { name: 'dialects-go-through-usecases', severity: 'error', from: { path: `${S}dialects/`, pathNot: TESTS }, to: { path: `${S}(scheduler|${ROOMS}|config)/` } },
    { name: 'dialects-do-not-know-each-other', severity: 'error', from: { path: `${S}dialects/([^/]+)/` }, to: { path: `${S}dialects/[^/]+/`, pathNot: `${S}dialects/$1/` } },
    { name: 'nothing-knows-a-dialect', severity: 'error', from: { path: S, pathNot: `(${S}(dialects/|compose[/a-z-]*\\.ts$)|${TESTS})` }, to: { path: `${S}dialects/`, pathNot: `${S}dialects/dialect\\.ts$` } },
    { name: 'config-is-read-by-compose', severity: 'error', comment: 'a room gets its own slice as an argument', from: { path: S, pathNot: `(${S}(${DOORS})|${TESTS})` }, to: { path: `${S}config/` } },
    { name: 'nobody-imports-compose', severity: 'error', from: { path: '^packages/', pathNot: `(${S}(${DOORS})|${TESTS})` }, to: { path: `${S}compose[/a-z-]*\\.ts$` } },
    { name: 'platform-knows-no-domain', severity: 'error', from: { path: `${S}platform/`, pathNot: TESTS }, to: { path: '^packages/', pathNot: `(${S}platform/|^packages/core/src/errors\\.ts$)` } },
    { name: 'runner-plugins-do-not-know-each-other', severity: 'error', from: { path: '^packages/runner/src/toolchains/([^/]+)/', pathNot: TESTS }, to: { path: '^packages/runner/src/toolchains/[^/]+/', pathNot: '^packages/runner/src/toolchains/$1/' } },
    { name: 'connections-do-not-know-each-other', severity: 'error', comment: 'how bytes are moved is in transfer/, which knows no type of connection', from: { path: '^packages/connections/src/([^/]+)/', pathNot: TESTS }, to: { path: '^packages/connections/src/[^/]+/', pathNot: '^packages/connections/src/($1|transfer)/' } },
    { name: 'no-drawers', severity: 'error', comment: 'name the file after the one thing in it', from: {}, to: { path: '^packages/.*/(utils?|helpers?|common|misc|shared|lib|tools|manager|base)(/|\\.ts$)' } },
    { name: 'no-undeclared-packages', severity: 'error', comment: 'add it to the package.json of the package that imports it; what only some configurations load is named in scripts/optional-packages.mjs', from: { path: '^packages/', pathNot: `(${TESTS}|${S}telemetry/azure-monitor/)` }, to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'], pathNot: '^node_modules/(@types|vitest|@vitest)/' } },
    { name: 'no-dead-files', severity: 'error', comment: 'no program reaches it; a test alone does not make it live', from: { path: '^(packages/[^/]+/(src/main\\.ts$|src/.*-worker\\.ts$|bin/)|scripts/|bench/)' }, to: { path: '^packages/[^/]+/src/', pathNot: `(${TESTS}|^packages/testkit/|/src/main\\.ts$|-worker\\.ts$)`, reachable: false } },
    { name: 'not-resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|node_modules/\\.)' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'], extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'] },
    tsConfig: { fileName: 'tsconfig.json' },
  },
};
