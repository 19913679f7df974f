import { describe, expect, test } from 'vitest';
import { cli } from './test-cli.ts';
import { aDirectory, aRun, aRunDetail, aTraining } from './test-data.ts';
import { refusal, TestServer } from './test-server.ts';

const FAULTS = [
  [2, 'an unknown command', ['trian'], "error: unknown command 'trian'\n  hint: Did you mean train?\n"],
  [2, 'help for an unknown command', ['help', 'lgos'], "error: unknown command 'lgos'\n  hint: Did you mean logs?\n"],
  [2, 'help for nothing like a command', ['help', 'train', 'xyzzy'], "error: unknown command 'xyzzy'\n  hint: see what there is with: trainyard --help\n"],
  [2, 'an unknown option', ['runs', '--foo'], /^error: unknown option '--foo'\n {2}hint: /],
  [2, 'an unknown format', ['runs', '-o', 'xml'], /^error: option '-o, --output <format>' argument 'xml' is invalid\. Choose table, json/],
  [2, 'a broken expression', ['runs', '-o', 'jsonpath=$['], /A bracket, brace or quote of the expression has no end/],
  [2, 'a quote without its end', ['runs', '-o', "jsonpath=$['a]"], /A bracket, brace or quote of the expression has no end/],
  [2, 'a misspelt type of connection', ['connection', 'create', 'x', '--type', 'gti', '--uri', 'u'], /there is no connection type 'gti'; did you mean 'git'\?/],
  [2, 'a misspelt role', ['token', 'create', 'x', '--role', 'veiwer@wine'], /viewer@wine; did you mean 'viewer'\?/],
  [2, 'a missing argument', ['run'], /^error: missing required argument 'run'/],
  [2, 'a word too many', ['run', '1', '2'], /^error: too many arguments/],
  [2, 'no number', ['runs', '--limit', 'x'], /Write a whole number, 1 or more/],
  [2, 'no state', ['runs', '--state', 'done'], /Allowed choices are queued, preparing/],
  [2, 'a parameter without a value', ['train', 'rerun', 'x', '-P', 'alpha'], /Write it as name=value/],
  [2, 'no duration', ['train', 'rerun', 'x', '--reconnect-for', 'soon'], /Write a duration like 90s/],
  [2, 'a wrong --url', ['runs', '--url', 'nowhere'], /^error: --url 'nowhere' is not a URL/],
] as const;

describe('usage', () => {
  test.each(FAULTS)('%i: %s', async (code, _, argv, message) => {
    const result = await cli(argv);
    expect([result.code, result.out]).toEqual([code, '']);
    expect(result.err).toMatch(message);
  });

  test.each([
    [[], ''],
    [['--help'], ''],
    [['help'], ''],
    [['train', 'run', '--help'], ' train run'],
    [['help', 'logs'], ' logs'],
    [['help', 'train', 'run'], ' train run'],
    [['train', 'help', 'run'], ' train run'],
    [['help', 'tokens'], ' token'],
  ])('help: %j', async (argv, command) => {
    const { code, out, err } = await cli(argv);
    expect([code, out, err]).toEqual([0, expect.stringMatching(`^Usage: trainyard${command}[ |][^]*Options:`), '']);
  });

  test.each(['train', 'connection', 'token', 'db', 'secret'])('%s without a command is a question for its help, asked the wrong way', async (group) => {
    const { code, out, err } = await cli([group]);
    expect([code, out, err]).toEqual([2, '', expect.stringMatching(`^Usage: trainyard ${group}[^]*Commands:`)]);
  });

  test('every command explains itself with an example', async () => {
    const { out } = await cli(['completion', 'fish']);
    const paths = new Set([...out.matchAll(/__trainyard_at \\'([a-z -]+)\\'/g)].map(([, path = '']) => path));
    expect(paths.size).toBeGreaterThan(25);
    for (const path of paths) {
      const help = await cli([...path.split(' '), '--help']);
      expect([path, help.code]).toEqual([path, 0]);
      expect(help.out).toMatch(/^Usage: trainyard[^]*(Examples:|Commands:)/);
    }
  });

  test('--version', async () => {
    expect((await cli(['--version'])).out).toMatch(/^trainyard \d+\.\d+\.\d+ \(Node /);
  });
});

describe('errors of the server', () => {
  const cases = [
    [3, refusal('SHUTTING_DOWN')],
    [4, refusal('TRAINING_NOT_FOUND', { id: 'wine' })],
    [5, refusal('TRAINING_EXISTS', { id: 'wine' })],
    [2, refusal('INVALID_TRAINING', { problems: 'empty model.name' })],
    [1, refusal('UNAUTHENTICATED')],
    [1, refusal('INTERNAL', { requestId: 'r' })],
    [1, refusal('DISK_FULL')],
  ] as const;

  test.each(cases)('exit code %i (%#)', async (code, answer) => {
    await using server = await TestServer.start({ getTraining: () => answer });
    expect(await cli(['train', 'get', 'wine'], { server })).toEqual({ code, out: '', err: `error: ${answer.message}\n  hint: ${answer.hint}\n` });
  });

  test('several problems are told one a line', async () => {
    await using server = await TestServer.start({ getTraining: () => refusal('INVALID_FIELDS', { problem: "unknown field 'a'; unknown field 'b'" }) });
    expect((await cli(['train', 'get', 'wine'], { server })).err).toBe("error: 2 things are wrong\n       - unknown field 'a'\n       - unknown field 'b'\n  hint: see docs/reference/training.md and resources.md for every field\n");
  });

  test('a beginning that fits several runs is said to, and not taken for a training', async () => {
    await using server = await TestServer.start({ getRun: () => refusal('RUN_AMBIGUOUS', { id: '019abc' }) });
    const { code, err } = await cli(['run', '019abc'], { server });
    expect([code, err]).toEqual([2, expect.stringMatching(/^error: several runs have an id that begins with '019abc'\n {2}hint: name the run by its number/)]);
  });

  test('nobody there', async () => {
    const server = await TestServer.start();
    await server.kill();
    const { code, err } = await cli(['runs'], { server });
    expect([code, err]).toEqual([3, `error: no Trainyard answers at ${server.url}: nobody listens there\n  hint: start it with: trainyard up, or set TRAINYARD_URL\n`]);
  });

  test('who came with npx is told to type npx', async () => {
    const { err } = await cli(['runs', '--url', 'http://127.0.0.1:1'], { env: { TRAINYARD_TOKEN: 't', npm_execpath: '/usr/lib/npm' } });
    expect(err).toContain('hint: start it with: npx trainyard up, or set TRAINYARD_URL');
  });

  test('somebody else there', async () => {
    await using server = await TestServer.start({ listRuns: () => (response) => void response.writeHead(404).end('<html>not here</html>') });
    const { code, err } = await cli(['runs'], { server });
    expect([code, err]).toEqual([4, 'error: the server answered 404\n  hint: is this the address of a Trainyard server?\n']);
  });

  test('a server that never answers counts as not there', async () => {
    await using server = await TestServer.start({ listRuns: () => () => undefined });
    expect((await cli(['runs'], { server, pace: { callMs: 50 } })).code).toBe(3);
  });

  test('no stack, unless it is asked for', async () => {
    await using server = await TestServer.start({ getRun: () => refusal('RUN_NOT_FOUND', { id: '1' }) });
    expect((await cli(['run', '1'], { server })).err).not.toMatch(/\n\s+at /);
    expect((await cli(['run', '1'], { server, env: { TRAINYARD_DEBUG: '1' } })).err).toMatch(/\n\s+at /);
  });

  test('what a server says cannot control the terminal', async () => {
    await using server = await TestServer.start({ getRun: () => refusal('RUN_NOT_FOUND', { id: '\u001b[2J\u001b]0;x\u0007' }) });
    expect((await cli(['run', '1'], { server, columns: 80, env: { NO_COLOR: '1' } })).err).not.toMatch(/[\u001b\u0007]/);
  });

  test('a terminal that does not know its width has one', async () => {
    await using server = await TestServer.start({ listRuns: () => ({ items: [aRun({ training: 'wine-of-the-house' })] }) });
    const [unknown, usual] = [await cli(['runs'], { server, columns: 0 }), await cli(['runs'], { server, columns: 80 })];
    expect(unknown).toEqual(usual);
  });

  test('Ctrl-C ends a call', async () => {
    const end = new AbortController();
    await using server = await TestServer.start({ listRuns: () => () => end.abort(new (class extends Error {})('x')) });
    const { Interruption } = await import('./io.ts');
    server.on('listRuns', () => () => end.abort(new Interruption('ctrl_c')));
    expect(await cli(['runs'], { server, interrupted: end.signal })).toEqual({ code: 130, out: '', err: '' });
  });
});

describe('objects', () => {
  test.each([
    ['json', (text: string) => (JSON.parse(text) as { id: string }).id],
    ['yaml', (text: string) => /^id: (.*)$/m.exec(text)?.[1]],
    ['jsonpath=id', (text: string) => text.trim()],
  ])('-o %s', async (format, id) => {
    await using server = await TestServer.start({ getTraining: () => aTraining() });
    const { code, out } = await cli(['train', 'get', 'wine', '-o', format], { server });
    expect([code, id(out)]).toEqual([0, 'wine']);
  });

  test('a table in a pipe has no colour, on a terminal it fits', async () => {
    const items = [aRun({ training: 'a-training-with-a-name-that-is-rather-long', state: 'failed', reason: 'environment_failed', step: 'environment' })];
    await using server = await TestServer.start({ listRuns: () => ({ items }) });
    const piped = await cli(['runs'], { server });
    expect(piped.out).not.toContain('\u001b');
    expect(piped.out).toContain('a-training-with-a-name-that-is-rather-long');
    const { textWidth } = await import('./output/text-width.ts');
    const shown = await cli(['runs'], { server, columns: 72 });
    expect(shown.out).toContain('\u001b[31mfailed');
    expect(Math.max(...shown.out.split('\n').map(textWidth))).toBeLessThanOrEqual(72);
  });

  test.each([[['--no-color'], {}], [[], { NO_COLOR: '1' }], [[], { TERM: 'dumb' }]])('no colour with %j %j', async (flags, env) => {
    await using server = await TestServer.start({ listRuns: () => ({ items: [aRun()] }) });
    expect((await cli(['runs', ...flags], { server, columns: 80, env })).out).not.toContain('\u001b');
  });

  test('lists go through pages up to the limit, and say when there is more', async () => {
    await using server = await TestServer.start({
      listRuns: ({ query }) => {
        const from = Number(query['cursor'] ?? 0);
        const count = Math.min(Number(query['limit']), 400);
        return { items: Array.from({ length: count }, (_, i) => aRun({ number: from + i })), nextCursor: String(from + count) };
      },
    });
    const { out, err } = await cli(['runs', '--limit', '900', '-o', 'json'], { server });
    const { items } = JSON.parse(out) as { items: { number: number }[] };
    expect([items.length, items.at(-1)?.number, err]).toEqual([900, 899, 'There are more: see them with --limit.\n']);
  });

  test('filters reach the server', async () => {
    await using server = await TestServer.start({
      listRuns: ({ query }) => {
        expect(query).toMatchObject({ training: 'wine', state: ['failed', 'stopped'], limit: 5 });
        return { items: [] };
      },
    });
    expect(await cli(['runs', '--training', 'wine', '--state', 'failed', 'stopped', '--limit', '5'], { server })).toMatchObject({ code: 0, out: '' });
  });

  test('a run by number, by the beginning of its id, or by its training', async () => {
    const asked: string[] = [];
    await using server = await TestServer.start({
      getRun: ({ params }) => {
        asked.push(String(params['id']));
        return params['id'] === 'facade' ? refusal('RUN_NOT_FOUND', { id: 'facade' }) : aRunDetail();
      },
      getTraining: () => aTraining({ status: { runId: 'ffff00ffff00ffff00ffff00ffff00ff' } }),
    });
    for (const name of ['7', '0123456', 'wine', 'facade']) expect((await cli(['run', name], { server })).code).toBe(0);
    expect(asked).toEqual(['7', '0123456', 'ffff00ffff00ffff00ffff00ffff00ff', 'facade', 'ffff00ffff00ffff00ffff00ffff00ff']);
  });

  test('the private file of a server is enough', async () => {
    await using server = await TestServer.start({ listRuns: () => ({ items: [] }) });
    const { TEST_TOKEN } = await import('./test-server.ts');
    using dir = aDirectory({ 'sub/': '', '.trainyard/': '' });
    const { writeFileSync } = await import('node:fs');
    writeFileSync(`${dir.path}/.trainyard/cli.json`, JSON.stringify({ url: server.url, token: TEST_TOKEN }), { mode: 0o600 });
    expect((await cli(['runs'], { cwd: `${dir.path}/sub` })).code).toBe(0);
  });
});
