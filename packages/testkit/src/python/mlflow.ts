import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { doOnce, inTestCache } from '../install-once.ts';
import { fillVenv, pythonOf } from './venv.ts';

/** Of MLflow's versions that are still in use. */
export type MlflowMajor = 2 | 3;

const WITH = ['scikit-learn', 'pillow', 'psutil', 'psycopg2-binary'];
/** The newest of each, and what the tours import. Fixed, because answers are compared word by word: raise them and look at what differs. */
const REQUIREMENTS: { readonly [M in MlflowMajor]: readonly string[] } = {
  // the last 2.x does not know SQLAlchemy 2.1
  2: ['mlflow==2.22.5', 'sqlalchemy<2.1', ...WITH],
  3: ['mlflow==3.17.2', ...WITH],
};

/** The Python of an environment with the newest mlflow 2 or 3 and scikit-learn; installed once per machine, kept in the user's cache. In its place from the start: its scripts name it. */
export async function pythonWithMlflow(major: MlflowMajor = 3): Promise<string> {
  const home = inTestCache(`mlflow-${major}`);
  const [venv, complete] = [join(home, 'venv'), join(home, 'complete')];
  const mark = `${REQUIREMENTS[major].join('\n')}\n`;
  await doOnce(join(home, 'lock'), {
    isDone: () => existsSync(complete) && readFileSync(complete, 'utf8') === mark,
    work: async () => {
      // what an install that was broken off has left; one that is only short of something new is kept, others may use it
      if (!existsSync(complete)) rmSync(venv, { recursive: true, force: true });
      await fillVenv(venv, REQUIREMENTS[major]);
      writeFileSync(complete, mark);
    },
  });
  return pythonOf(venv);
}
