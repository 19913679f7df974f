import { readFileSync } from 'node:fs';

/**
 * How many processes of this program's cgroup the kernel has ended for want of memory, so far; undefined where that cannot be
 * read. A difference before and after a program is the evidence that its SIGKILL was one of them.
 */
export function memoryKills(): number | undefined {
  const groups = read('/proc/self/cgroup') ?? '';
  const unified = /^0::(.*)$/m.exec(groups)?.[1] ?? '';
  const legacy = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m.exec(groups)?.[1] ?? '';
  // in a container the mount often begins at the group itself, so the path behind it is only there outside
  const files = [`${unified}/memory.events`, 'memory.events', `memory${legacy}/memory.oom_control`, 'memory/memory.oom_control'];
  for (const file of files) {
    const count = /^oom_kill (\d+)$/m.exec(read(`/sys/fs/cgroup/${file}`) ?? '')?.[1];
    if (count !== undefined) return Number(count);
  }
  return undefined;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined; // another system, or another version of cgroups
  }
}
