import path from 'node:path';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Manifest } from './manifest.ts';

/** What of a training can be said on the command line. `undefined` leaves the manifest, or the server's default, as it is. */
export interface TrainingFlags {
  readonly id?: string;
  readonly name?: string;
  readonly version?: string;
  readonly project?: string;
  readonly experiment?: string;
  readonly toolchain?: string;
  readonly engine?: string;
  readonly entrypoint?: string;
  readonly workDir?: string;
  readonly git?: string;
  readonly ref?: string;
  readonly param?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly secretEnv?: Readonly<Record<string, string>>;
  readonly timeout?: string;
  readonly priority?: number;
  readonly register?: boolean;
  /** What stands behind `--`: program and arguments for the toolchain `command`. */
  readonly command: readonly string[];
}

/** The manifest with what the flags change. */
export function withFlags(manifest: Manifest, flags: TrainingFlags): Manifest {
  const { spec } = manifest;
  const changed = {
    ...spec,
    ...given({
      project: flags.project,
      experiment: flags.experiment,
      toolchain: flags.toolchain ?? (flags.command.length > 0 ? (spec['toolchain'] ?? 'command') : undefined),
      engine: flags.engine,
      entrypoint: flags.entrypoint,
      workDir: flags.workDir,
      priority: flags.priority,
      args: flags.command.length > 0 ? [...flags.command] : undefined,
      model: flags.name === undefined && flags.version === undefined ? undefined : { ...mapping(spec['model']), ...given({ name: flags.name, version: flags.version }) },
      hyperParameters: flags.param === undefined ? undefined : { ...mapping(spec['hyperParameters']), ...flags.param },
      envs: flags.env === undefined ? undefined : variables(spec['envs'], flags.env, 'value'),
      secretEnvs: flags.secretEnv === undefined ? undefined : variables(spec['secretEnvs'], flags.secretEnv, 'secret'),
      timeout: flags.timeout === undefined ? undefined : isMapping(spec['timeout']) ? { ...spec['timeout'], run: flags.timeout } : flags.timeout,
      register: registration(spec['register'], flags.register),
      algorithmSource: gitSource(spec['algorithmSource'], flags),
    }),
  };
  return { ...manifest, id: flags.id ?? manifest.id, spec: changed };
}

/** A manifest made of nothing but flags and what the directory looks like. */
export function manifestFromFlags(flags: TrainingFlags, { dir, hasMlproject }: { readonly dir: string; readonly hasMlproject: boolean }): Manifest {
  const name = flags.name ?? (flags.git === undefined ? path.basename(dir) : path.posix.basename(flags.git).replace(/\.git$/, ''));
  const toolchain = flags.toolchain ?? guessToolchain(flags, hasMlproject);
  if (toolchain === undefined) {
    throw new TrainyardError('USAGE', {
      problem: `'${dir}' has neither a train.yaml nor an MLproject, and no command was given`,
      advice: 'say what to run, for example: --entrypoint train.py, or -- python train.py',
    });
  }
  const id = flags.id ?? idFrom(name);
  return withFlags({ kind: 'ModelTraining', id, spec: { model: { name, version: '1.0' }, toolchain } }, flags);
}

/** An id of a resource that says as much of the name as an id may: lowercase letters, digits and `-`. */
export function idFrom(name: string): string {
  const letters = name.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+/, '');
  return (/^[a-z]/.test(letters) ? letters : `t-${letters}`).slice(0, 63).replace(/-+$/, '');
}

function guessToolchain(flags: TrainingFlags, hasMlproject: boolean): string | undefined {
  if (flags.command.length > 0) return 'command';
  const isScript = /\.(py|sh)$/.test(flags.entrypoint ?? '');
  return hasMlproject || isScript || flags.git !== undefined ? 'mlflow' : undefined;
}

function gitSource(source: unknown, { git, ref }: TrainingFlags): unknown {
  if (git !== undefined) return { git: given({ url: git, reference: ref }) };
  if (ref === undefined) return undefined;
  const there = isMapping(source) ? source['git'] : undefined;
  if (!isMapping(there)) throw new TrainyardError('USAGE', { problem: '--ref needs a git source', advice: 'name it with --git URL, or in the manifest' });
  return { git: { ...there, reference: ref } };
}

function registration(there: unknown, flag: boolean | undefined): unknown {
  if (flag === undefined) return undefined;
  return isMapping(there) ? { ...there, mode: flag ? 'required' : 'never' } : flag;
}

/** Those of the manifest, with the flags in the place of the same names and behind the others. */
function variables(there: unknown, flags: Readonly<Record<string, string>>, field: 'value' | 'secret'): unknown[] {
  const kept = (Array.isArray(there) ? (there as unknown[]) : []).filter((one) => !(isMapping(one) && String(one['name']) in flags));
  return [...kept, ...Object.entries(flags).map(([name, text]) => ({ name, [field]: text }))];
}

function given(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function mapping(value: unknown): Record<string, unknown> {
  return isMapping(value) ? value : {};
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
