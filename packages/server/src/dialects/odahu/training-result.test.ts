import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunTokens } from '../../auth/run-token.ts';
import { KeyFile } from '../../platform/key-file.ts';
import { openDatabase } from '../../stores/sql/database.ts';
import { connectionBody, OdahuServer, trainingBody } from './odahu-server.contract.ts';

let odahu: OdahuServer;
beforeEach(async () => {
  odahu = await OdahuServer.open();
  await odahu.send('POST', 'connection', connectionBody('examples-git', { type: 'git', uri: 'git@host.example:examples.git' }));
});
afterEach(() => odahu.close());

/** A training whose run is under way; answers the token of the run. */
async function begun(id: string): Promise<string> {
  await odahu.send('POST', 'model/training', trainingBody(id));
  const { items: [run] } = (await odahu.server.call({ method: 'GET', url: `/api/v1/runs?training=${id}` })).json<{ items: [{ id: string }] }>();
  const database = await openDatabase(`sqlite://${odahu.server.dir}/trainyard.db`);
  await database.write(async (trx) => {
    await trx.updateTable('runs').set({ state: 'running', attempt: 1 }).where('id', '=', run.id).execute();
    await trx.insertInto('attempts').values({ run_id: run.id, number: 1, engine: 'local', state: 'active', started_at: 1, last_seq: 0 }).execute();
  });
  await database.close();
  return `Bearer ${new RunTokens(new KeyFile(join(odahu.server.dir, 'keys.json')).signingKey).issue({ runId: run.id, attempt: 1 })}`;
}

describe('what a program says of its result', () => {
  it('is put together bit by bit, by users and by the run itself', async () => {
    const authorization = await begun('wine');
    const put = (body: object, headers = {}) => odahu.send('PUT', 'model/training/wine/result', body, headers);
    expect((await put({ commitID: 'd3d6e8e' }, { authorization })).json).toMatchObject({ commitID: 'd3d6e8e', runId: expect.stringMatching(/^[0-9a-f]{32}$/) as string });
    expect((await put({ runId: 12345678, artifactName: null })).json).toEqual({ runId: '12345678', commitID: 'd3d6e8e' });
    expect((await put({ artifactName: 'wine-3.0-x.zip' }, { authorization })).json).toEqual({ runId: '12345678', artifactName: 'wine-3.0-x.zip', commitID: 'd3d6e8e' });
    expect(await odahu.send('GET', 'model/training/wine')).toMatchObject({ json: { status: { state: 'running', podName: 'wine-1-1' } } });
  });

  it('is nothing to other runs', async () => {
    const [authorization] = [await begun('wine'), await begun('beer')];
    expect(await odahu.refusal('PUT', 'model/training/beer/result', { runId: 'x' }, { authorization })).toEqual([403, 'this token may not speak for another run']);
  });

  it('has no place in what a run may not see', async () => {
    const authorization = await begun('wine');
    for (const path of ['connection', 'model/training/wine/log', 'configuration']) expect((await odahu.send('GET', path, undefined, { authorization })).status).toBe(403);
  });
});
