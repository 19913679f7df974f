import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OnDemandServer } from './on-demand-server.contract.ts';

/**
 * What the original prediction service does with this one, by its words: it takes no notice of the status code, needs an object
 * with `runId` for a request and one with `state` and `message` for a status, and builds its addresses by putting texts together.
 */
class PredictionClient {
  readonly #url: string;

  constructor(config: { readonly host: string; readonly port: string; readonly apiTrainPath: string }) {
    this.#url = `${config.host}:${config.port}${config.apiTrainPath}`;
  }

  async trainNewModel(modelType: string, parameters: object): Promise<unknown> {
    const answer = await fetch(this.#url, { method: 'POST', headers: { 'content-type': 'application/json', accept: '*/*', 'accept-encoding': 'gzip, deflate', 'user-agent': 'python-requests/2.22.0' }, body: JSON.stringify({ modelType, parameters }) });
    return fieldOf((await answer.json()) as object, 'runId');
  }

  async checkTrainingStatus(runId: unknown): Promise<{ readonly status: unknown; readonly message: unknown }> {
    const answer = (await (await fetch(`${this.#url}/${String(runId)}`, { headers: { accept: '*/*' } })).json()) as object;
    return { status: fieldOf(answer, 'state'), message: fieldOf(answer, 'message') };
  }
}

/** Python's KeyError. */
function fieldOf(answer: object, name: string): unknown {
  if (!Object.hasOwn(answer, name)) throw new Error(`KeyError: '${name}' in ${JSON.stringify(answer)}`);
  return (answer as Record<string, unknown>)[name];
}

let server: OnDemandServer;
let port: string;
beforeAll(async () => {
  server = await OnDemandServer.open({ ON_DEMAND_FAILED_STATE: 'error' });
  port = await server.listen();
});
afterAll(() => server.close());

describe.each(['/train', ''])('the prediction service with TRAINING_SERVICE_API_TRAIN_PATH=%j', (apiTrainPath) => {
  const client = (): PredictionClient => new PredictionClient({ host: 'http://127.0.0.1', port, apiTrainPath });

  it('starts a training and follows it to its end', async () => {
    const run = await client().trainNewModel('wine', { alpha: 0.36, l1_ratio: '0.33' });
    expect(await client().checkTrainingStatus(run)).toEqual({ status: 'pending', message: 'waits for its turn' });
    await server.server.call({ method: 'POST', url: `/api/v1/runs/${String(run)}/stop` });
    expect(await client().checkTrainingStatus(run)).toEqual({ status: 'error', message: expect.stringMatching(/\S/) as string });
  });

  it('can read what it is told of a run that is not there', async () => {
    expect(await client().checkTrainingStatus(4711)).toEqual({ status: 'error', message: "there is no run '4711'" });
    // in its own words None: it asked before it had a number
    expect(await client().checkTrainingStatus('None')).toEqual({ status: 'error', message: expect.stringContaining('/None') as string });
  });

  it('takes a refusal for what it is: no run', async () => {
    await expect(client().trainNewModel('WINE', {})).rejects.toThrow(/KeyError: 'runId'.*known: wine/);
  });
});
