import { existsSync, readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { delimiter, join } from 'node:path';
import { installOnce } from '@trainyard/testkit/install-once.ts';
import { runProgram } from '@trainyard/testkit/run-program.ts';

const POM = join(import.meta.dirname, 'java', 'pom.xml');

/** What the machine lacks to run the Java client; undefined when nothing. */
export function missingForJava(path: string): string | undefined {
  const missing = ['java', 'javac', 'mvn'].filter((program) => !path.split(delimiter).some((dir) => existsSync(join(dir, program))));
  return missing.length === 0 ? undefined : `${missing.join(', ')} not found: install a JDK (17 or newer) and Maven`;
}

/** The class path of MLflow's Java client; fetched once per machine and version, kept in the user's cache. */
export async function javaClassPath(): Promise<string> {
  const version = createHash('sha256').update(readFileSync(POM)).digest('hex').slice(0, 12);
  const jars = await installOnce(`mlflow-java-${version}`, async (dir) => {
    await runProgram('mvn', ['--quiet', '--batch-mode', '--file', POM, 'dependency:copy-dependencies', `-DoutputDirectory=${dir}`]);
  });
  return join(jars, '*');
}
