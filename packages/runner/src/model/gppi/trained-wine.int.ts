import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram } from '@trainyard/testkit/run-program.ts';

const WINE = fileURLToPath(new URL('../../../../../examples/wine/', import.meta.url));
/** What ODAHU's users log beside a model, made from what MLflow keeps of it. */
const SAMPLES = `
import sys, pandas as pd
from mlflow.models import Model
rows = Model.load(sys.argv[1]).load_input_example(sys.argv[1])
rows.to_pickle(sys.argv[1] + "/head_input.pkl")
pd.DataFrame({"quality": [6.0]}).to_pickle(sys.argv[1] + "/head_output.pkl")
`;

/** The example trained for real, below `dir`; answers the directory of the MLflow model, with ODAHU's samples in it. */
export async function trainedWine(python: string, dir: string): Promise<string> {
  await cp(WINE, join(dir, 'wine'), { recursive: true });
  const missing = 'the test needs Python';
  const env = { MLFLOW_TRACKING_URI: `sqlite:///${dir}/mlflow.db`, MLFLOW_RUN_ID: undefined };
  await runProgram(python, ['train.py'], { cwd: join(dir, 'wine'), env, missing });
  const mlmodel = (await readdir(join(dir, 'wine'), { recursive: true })).find((name) => name.endsWith('/MLmodel'));
  if (mlmodel === undefined) throw new Error('the example logged no model');
  const model = join(dir, 'wine', mlmodel, '..');
  await runProgram(python, ['-c', SAMPLES, model], { cwd: dir, missing });
  return model;
}

/** Path → bytes of every file below a directory. */
export async function filesBelow(dir: string): Promise<Map<string, Buffer>> {
  const files = (await readdir(dir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(await Promise.all(files.map(async (path) => [path.slice(dir.length + 1), await readFile(path)] as const)));
}

/** Unpacks a trained model binary as ODAHU's packager does, with the system's tar. */
export async function unpackedBy(tar: string, binary: Buffer, dir: string): Promise<string> {
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true });
  await writeFile(`${dir}.zip`, binary);
  await runProgram(tar, ['-xvf', `${dir}.zip`, '-C', dir], { missing: 'the test needs tar' });
  return dir;
}
