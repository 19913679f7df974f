import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A real git repository on this machine, reached as file://. */
export class Repository {
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  static async make(): Promise<Repository> {
    const repository = new Repository(await mkdtemp(join(tmpdir(), 'trainyard-git-')));
    await repository.git('init', '--quiet', '--initial-branch=main');
    return repository;
  }

  get url(): string {
    return `file://${this.root}`;
  }

  /** Writes files (text, or `{ link }`) and commits them; answers the commit. */
  async commit(files: Readonly<Record<string, string | { readonly link: string }>>): Promise<string> {
    for (const [name, content] of Object.entries(files)) {
      const path = join(this.root, name);
      await mkdir(dirname(path), { recursive: true });
      await rm(path, { force: true });
      await (typeof content === 'string' ? writeFile(path, content) : symlink(content.link, path));
    }
    await this.git('add', '--all');
    await this.git('commit', '--quiet', '--allow-empty', '--message=a commit');
    return this.git('rev-parse', 'HEAD');
  }

  async git(...args: string[]): Promise<string> {
    const who = ['-c', 'user.name=trainyard', '-c', 'user.email=trainyard@localhost', '-c', 'commit.gpgsign=false'];
    const { stdout } = await run('git', ['-C', this.root, ...who, ...args]);
    return stdout.trim();
  }

  remove(): Promise<void> {
    return rm(this.root, { recursive: true, force: true });
  }
}
