import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { StepFailure } from '../../step-failure.ts';
import { readProjectFile } from '../read-yaml.ts';
import { optionOf, requirementLines } from './requirement-lines.ts';

/** Everything one call of an installer is told, with the files it refers to written out and local paths made absolute. */
export interface Requirements {
  /** Options like `--extra-index-url …`, in their order, which counts. */
  readonly options: readonly string[];
  readonly requirements: readonly string[];
  readonly constraints: readonly string[];
  /** The same content has the same fingerprint, wherever it lies, whatever its comments and the order of its requirements. */
  readonly fingerprint: string;
  /**
   * False when what is installed cannot be known from these lines: a local directory (its build may read anything beside it),
   * an editable install (it points into the source of one attempt), a list behind a URL. Such an environment serves one attempt.
   */
  readonly shareable: boolean;
}

const DEEPEST = 20;

/** Throws StepFailure 'bad_spec' when a file that is referred to is not there, or refers to itself. */
export async function flattenRequirements(lines: readonly string[], baseDir: string, from: string): Promise<Requirements> {
  const flat = new Flattening(baseDir);
  for (const line of lines.flatMap(requirementLines)) await flat.add(line, { kind: 'requirements', dir: baseDir, from, depth: 0 });
  return flat.result();
}

interface Place {
  readonly kind: 'requirements' | 'constraints';
  /** Files are named relative to the file that names them. */
  readonly dir: string;
  readonly from: string;
  readonly depth: number;
}

class Flattening {
  readonly #baseDir: string;
  readonly #options: string[] = [];
  readonly #lines = { requirements: [] as string[], constraints: [] as string[] };
  /** As `#lines`, without what differs from place to place. */
  readonly #content = { requirements: [] as string[], constraints: [] as string[] };
  #shareable = true;

  constructor(baseDir: string) {
    this.#baseDir = baseDir;
  }

  async add(line: string, place: Place): Promise<void> {
    const option = optionOf(line);
    switch (option?.name) {
      case undefined:
        return this.#addRequirement(line, place);
      case '--requirement':
        return this.#addFile(option.value, place);
      case '--constraint':
        return this.#addFile(option.value, { ...place, kind: 'constraints' });
      case '--editable':
        this.#shareable = false;
        this.#push(place, `--editable ${this.#absolute(option.value)}`, line);
        return;
      case '--find-links':
        this.#options.push(`--find-links ${isUrl(option.value) ? option.value : resolve(place.dir, option.value)}`);
        return;
      default:
        this.#options.push(line);
    }
  }

  result(): Requirements {
    const sorted = (lines: readonly string[]): readonly string[] => [...new Set(lines.map(normalised))].toSorted();
    const content = [this.#options.map((line) => line.replace(this.#baseDir, '.')), sorted(this.#content.requirements), sorted(this.#content.constraints)];
    return {
      options: this.#options,
      ...this.#lines,
      fingerprint: createHash('sha256').update(JSON.stringify(content)).digest('hex'),
      shareable: this.#shareable,
    };
  }

  async #addFile(name: string, place: Place): Promise<void> {
    if (isUrl(name)) {
      this.#shareable = false;
      this.#push(place, `--${place.kind.slice(0, -1)} ${name}`, name);
      return;
    }
    const path = resolve(place.dir, name);
    const shown = relative(this.#baseDir, path);
    if (place.depth >= DEEPEST) throw new StepFailure('bad_spec', `${place.from} refers to ${shown}, and that to others, ${DEEPEST} files deep: a file refers to itself`);
    const text = await readProjectFile(path, `'${shown}', which ${place.from} refers to`);
    for (const line of requirementLines(text)) await this.add(line, { kind: place.kind, dir: dirname(path), from: shown, depth: place.depth + 1 });
  }

  async #addRequirement(line: string, place: Place): Promise<void> {
    const local = localPart(line);
    if (local === undefined) return this.#push(place, line, line);
    const path = /^file:/i.test(local) ? fileURLToPath(local) : resolve(this.#baseDir, local);
    const found = await stat(path).catch((cause: unknown) => {
      throw new StepFailure('bad_spec', `${place.from} asks for '${local}', and there is no such file or directory`, { cause });
    });
    if (found.isDirectory()) this.#shareable = false;
    const digest = found.isFile() ? await sha256(path) : 'directory';
    this.#push(place, line.replace(local, /^file:/i.test(local) ? local : path), line.replace(local, `sha256:${digest}`));
  }

  #push({ kind }: Place, line: string, content: string): void {
    this.#lines[kind].push(line);
    this.#content[kind].push(content);
  }

  #absolute(path: string): string {
    return isUrl(path) || isAbsolute(path) ? path : resolve(this.#baseDir, path);
  }
}

function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]+:/i.test(text) && !/^file:/i.test(text);
}

/** The local path or file: address of a requirement: `./pkg[extra]`, `wheels/x.whl`, `x @ file:///y`. */
function localPart(line: string): string | undefined {
  const [, named] = /^[\w.-]+\s*(?:\[[^\]]*\])?\s*@\s*(file:\S+|\.{0,2}\/\S+)/i.exec(line) ?? [];
  if (named !== undefined) return named;
  const [first = ''] = line.split(/\s+;|\s+--|\[/);
  const word = first.trim();
  const looksLocal = /^(file:|\.{1,2}(\/|$)|\/)/i.test(word) || /^[^@:\s]+\.(whl|zip|tar\.gz|tgz|tar\.bz2)$/i.test(word) || /^[^@:\s<>=!~;]+\//.test(word);
  return looksLocal ? word : undefined;
}

/** One way to write a requirement: `Scikit_Learn >= 1.4` and `scikit-learn>=1.4` are the same. */
function normalised(line: string): string {
  const [, requirement = '', behind = ''] = /^(.*?)\s*((?:;|\s--).*)?$/.exec(line.replace(/\s+/g, ' ')) ?? [];
  // markers and hashes: blanks inside of them count
  const rest = behind.replace(/^; */, ';').trim();
  if (requirement.includes('@') || requirement.startsWith('-')) return `${requirement} ${rest}`;
  const compact = requirement.replaceAll(' ', '');
  const [name = ''] = /^[A-Za-z0-9._-]+/.exec(compact) ?? [];
  return `${name.toLowerCase().replace(/[-_.]+/g, '-')}${compact.slice(name.length)} ${rest}`;
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
