import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { installOnce } from '../install-once.ts';
import { runProgram } from '../run-program.ts';

const WITHOUT_APT = 'these tests unpack programs of Debian packages, which needs apt-get and dpkg (Debian, Ubuntu)';

/** A directory with the files of Debian packages, unpacked and not installed: nothing of the machine changes. */
export function unpackedDebs(name: string, packages: readonly string[]): Promise<string> {
  return installOnce(name, async (dir) => {
    const download = (): Promise<string> => runProgram('apt-get', ['download', '-q', ...packages], { cwd: dir, missing: WITHOUT_APT });
    await download().catch(async () => {
      await runProgram('apt-get', ['update', '-q'], { missing: WITHOUT_APT });
      await download();
    });
    for (const deb of readdirSync(dir).filter((file) => file.endsWith('.deb'))) await runProgram('dpkg', ['-x', join(dir, deb), dir], { missing: WITHOUT_APT });
  });
}
