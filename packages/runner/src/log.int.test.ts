import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { aProgram } from './an-attempt.int.ts';
import { attemptPaths, readOutcome, readReports } from './attempt-dir.ts';

const SECRET = 'correct horse battery staple';
const MEGABYTE = 1024 * 1024;
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** The output of the program, without the lines of the runner around it. */
function programBytes(log: Buffer): Buffer {
  const begin = log.indexOf('<<<') + 3;
  return log.subarray(begin, log.lastIndexOf('>>>'));
}

describe('the log of a training', () => {
  it('is complete to the byte, with 30 MB, binary bytes and a line of 10 MB', async () => {
    const root = await mkdtemp(join(tmpdir(), 'trainyard-bytes-'));
    const noise = randomBytes(20 * MEGABYTE);
    const line = Buffer.alloc(10 * MEGABYTE, 'y');
    const raw = Buffer.concat([noise, Buffer.from(SECRET), line.subarray(0, 5_000_001), Buffer.from(SECRET), line.subarray(5_000_001), Buffer.from(`\n${SECRET}`)]);
    await writeFile(join(root, 'raw'), raw);
    const text = `import { createReadStream } from 'node:fs'; console.log('<<<'); createReadStream(process.env.RAW, { highWaterMark: 60_001 }).on('end', () => console.log('>>>')).pipe(process.stdout, { end: false })`;
    await using attempt = await aProgram(text, { secrets: { KEY: SECRET }, spec: { envs: [{ name: 'RAW', value: join(root, 'raw') }] } });
    await attempt.carryOut();
    const { log } = attempt.server;
    const masked = Buffer.concat([noise, Buffer.from('*****'), line.subarray(0, 5_000_001), Buffer.from('*****'), line.subarray(5_000_001), Buffer.from('\n*****')]);
    expect(sha256(programBytes(log))).toBe(sha256(Buffer.concat([Buffer.from('\n'), masked])));
    expect(sha256(await readFile(attemptPaths(attempt.dir).log))).toBe(sha256(log));
    expect(attempt.server.outcome).toMatchObject({ ok: true });
    await rm(root, { recursive: true });
  });

  it('keeps to its limit while the program goes on, and its last lines are the true ones', async () => {
    const text = "const line = 'x'.repeat(999) + '\\n'; for (let i = 0; i < 20_000; i++) process.stdout.write(line); console.log('Error: the reason'); process.exitCode = 4";
    await using attempt = await aProgram(text, { limits: { logBytes: MEGABYTE } });
    await attempt.carryOut();
    const { server } = attempt;
    expect(server.log.length).toBeGreaterThanOrEqual(MEGABYTE);
    expect(server.log.length).toBeLessThan(MEGABYTE + 64 * 1024);
    expect(server.warnings).toEqual([expect.stringContaining('reached its limit of 1048576 bytes')]);
    expect(server.outcome).toMatchObject({ ok: false, exitCode: 4 });
    expect((server.outcome as { lastLines: string }).lastLines.split('\n').at(-1)).toBe('Error: the reason');
  });

  it('holds no secret, and neither does anything else that is sent or kept', async () => {
    const text = `
      const s = process.env.KEY;
      console.log(s, Buffer.from(s).toString('base64'), encodeURIComponent(s), JSON.stringify({ s }), process.env.MLFLOW_TRACKING_TOKEN);
      process.stdout.write(s.slice(0, 10)); setTimeout(() => { process.stdout.write(s.slice(10) + '\\n'); process.exit(1) }, 200);`;
    const value = 'p"ss/w+rd näme of it';
    await using attempt = await aProgram(text, { secrets: { KEY: value }, spec: { args: [process.execPath, 'train.mjs', '--key', value] } });
    await attempt.carryOut();
    const { server, dir, order } = attempt;
    const everything = [server.log.toString(), JSON.stringify(server.reports), JSON.stringify(await readReports(dir)), JSON.stringify(await readOutcome(dir)), JSON.stringify([...server.tracking.tags])].join('\n');
    for (const form of [value, order.token, Buffer.from(value).toString('base64'), encodeURIComponent(value), JSON.stringify(value).slice(1, -1)]) expect(everything).not.toContain(form);
    expect(server.log.toString()).toContain('***** ***** ***** {"s":"*****"} *****\n*****\n');
    expect(server.facts['command']).toContain("--key '*****'");
  });
});
