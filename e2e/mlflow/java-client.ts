import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { runProgram } from '../../packages/server/src/dialects/mlflow/python-client.int.ts';

const POM = join(import.meta.dirname, 'java', 'pom.xml');

/** What the machine lacks to run the Java client; undefined when nothing. */
export function missingForJava(path: string): string | undefined {
  const missing = ['java', 'javac', 'mvn'].filter((program) => !path.split(delimiter).some((dir) => existsSync(join(dir, program))));
  return missing.length === 0 ? undefined : `${missing.join(', ')} not found: install a JDK (17 or newer) and Maven`;
}

/** The class path of MLflow's Java client; fetched once per machine and version, kept in the user's cache. */
export async function javaClassPath(env: NodeJS.ProcessEnv): Promise<string> {
  const version = createHash('sha256').update(readFileSync(POM)).digest('hex').slice(0, 12);
  const cache = join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'trainyard-test');
  const jars = join(cache, `mlflow-java-${version}`);
  if (!existsSync(jars)) {
    mkdirSync(cache, { recursive: true });
    const partial = mkdtempSync(`${jars}-`);
    await runProgram('mvn', ['--quiet', '--batch-mode', '--file', POM, 'dependency:copy-dependencies', `-DoutputDirectory=${partial}`], env);
    // complete or not there; another test run may have been faster
    if (existsSync(jars)) rmSync(partial, { recursive: true });
    else renameSync(partial, jars);
  }
  return join(jars, '*');
}
