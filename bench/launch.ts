// From the POST of a training to the first line of user code with a warm environment, beside a bare process and `mlflow run`.
import { ThreeWays } from './launch/three-ways.ts';
import { aDirectory } from './measuring/cache-dir.ts';
import { median, print, say, spread } from './measuring/measure.ts';
import { mlflowVenv } from './mlflow/venv.ts';

const ROUNDS = 15;
/** An `mlflow run` takes seconds. */
const MLFLOW_ROUNDS = 10;
const FIRST_ROUNDS = 3;

const mlflow = await mlflowVenv();
using dir = aDirectory();
await using ways = await ThreeWays.prepare(dir.path, mlflow);

await warm();
await first();

async function warm(): Promise<void> {
  const bare: number[] = [];
  const trainyard: number[] = [];
  const mlflowRun: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    bare.push(await ways.bare());
    if (round < MLFLOW_ROUNDS) mlflowRun.push(await ways.mlflowRun());
    trainyard.push(await ways.trainyard());
  }
  say(`bare process ${spread(bare, 'ms')}; Trainyard ${spread(trainyard, 'ms')}; mlflow ${mlflow.version} run --env-manager local ${spread(mlflowRun, 'ms')}`);
  print({ name: 'POST to first line of user code; peer: mlflow run --env-manager local', ours: median(trainyard), peer: median(mlflowRun), unit: 'ms', better: 'less' });
  print({ name: 'the same over a bare process', ours: median(trainyard) - median(bare), peer: median(mlflowRun) - median(bare), unit: 'ms', better: 'less' });
}

async function first(): Promise<void> {
  const trainyard: number[] = [];
  const mlflowRun: number[] = [];
  for (let round = 0; round < FIRST_ROUNDS; round++) {
    trainyard.push(await ways.firstOfTrainyard());
    mlflowRun.push(await ways.firstOfMlflow());
  }
  say(`first of a server ${spread(trainyard, 'ms')}; first mlflow run ${spread(mlflowRun, 'ms')}`);
  print({ name: 'the same, first after a start of the server; peer: first mlflow run, makes its database', ours: median(trainyard), peer: median(mlflowRun), unit: 'ms', better: 'less' });
}
