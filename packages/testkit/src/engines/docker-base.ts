import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { DockerEngine } from './docker-engine.ts';

/** Uid and gid 1000, as in the images of Node. */
const USERS = 'root:x:0:0:root:/:/bin/sh\nnode:x:1000:1000:node:/tmp:/bin/sh\n';
const GROUPS = 'root:x:0:\nnode:x:1000:\n';

/** Makes an image out of this machine's Node and shell and the libraries they are linked with; nothing else is in it. */
export async function makeDockerBase(engine: DockerEngine, tag: string): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'trainyard-base-'));
  try {
    for (const [source, place] of [[process.execPath, '/usr/local/bin/node'], ['/bin/sh', '/bin/sh']] as const) {
      copyInto(dir, source, place);
      // every library the dynamic linker names, itself included, at the path it names
      for (const library of librariesOf(source)) copyInto(dir, library, library);
    }
    mkdirSync(join(dir, 'tmp'));
    chmodSync(join(dir, 'tmp'), 0o1777);
    mkdirSync(join(dir, 'etc'));
    writeFileSync(join(dir, 'etc', 'passwd'), USERS);
    writeFileSync(join(dir, 'etc', 'group'), GROUPS);
    writeFileSync(join(dir, 'Dockerfile'), 'FROM scratch\nCOPY . /\nENV PATH=/usr/local/bin:/bin\n');
    writeFileSync(join(dir, '.dockerignore'), 'Dockerfile\n.dockerignore\n');
    await engine.docker(['build', '--quiet', '--tag', tag, dir]);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function librariesOf(program: string): string[] {
  return execFileSync('ldd', [program], { encoding: 'utf8' }).match(/\/[^ )]+/g) ?? [];
}

function copyInto(dir: string, source: string, place: string): void {
  const target = join(dir, place);
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(source, target);
  chmodSync(target, 0o755);
}
