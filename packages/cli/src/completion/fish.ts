import type { CommandWords, OptionWords } from './command-tree.ts';

/** Completion for fish: source it, or save it as \`trainyard.fish\` among fish's completions. */
export function fishCompletion(commands: readonly CommandWords[]): string {
  const pathsOf = (restarting: boolean): string => commands.filter(({ path, restarts }) => path.length > 0 && restarts === restarting).map(({ path }) => `'${path.join(' ')}'`).join(' ');
  return `# fish completion for trainyard; load it with: trainyard completion fish | source
function __trainyard_at
    set -l at
    for word in (commandline -opc)[2..-1]
        set -l longer (string join ' ' -- $at $word)
        contains -- $longer ${pathsOf(false)}; and set at $longer
        contains -- $longer ${pathsOf(true)}; and set at
    end
    test "$at" = "$argv[1]"
end
complete -c trainyard -e
${commands.flatMap(commandLines).join('\n')}
`;
}

function commandLines({ path, commands, words, options }: CommandWords): string[] {
  const here = `complete -c trainyard -n ${quoted(`__trainyard_at ${quoted(path.join(' '))}`)}`;
  const names = commands.map(({ name, about }) => `${here} -f -a ${name} -d ${quoted(about)}`);
  return [...names, ...words.map((word) => `${here} -a ${quoted(word)}`), ...options.map((option) => `${here} ${optionFlags(option)} -d ${quoted(option.about)}`)];
}

function optionFlags({ long, short, takes }: OptionWords): string {
  const names = [`-l ${long.slice(2)}`, ...(short === undefined ? [] : [`-s ${short.slice(1)}`])].join(' ');
  if (takes === 'nothing') return names;
  if (takes === 'file') return `${names} -r -F`;
  return takes === 'text' ? `${names} -x` : `${names} -x -a ${quoted(takes.join(' '))}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
