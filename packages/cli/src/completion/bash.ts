import type { CommandWords } from './command-tree.ts';

/** Completion for bash: source it, or put it where bash-completion looks. */
export function bashCompletion(commands: readonly CommandWords[]): string {
  return `# bash completion for trainyard; load it with: source <(trainyard completion bash)
_trainyard() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} at='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at \${COMP_WORDS[i]}" in
${commands.filter(({ path }) => path.length > 0).map(({ path, restarts }) => `      '${key(path)}') at='${restarts ? '' : key(path)}' ;;`).join('\n')}
    esac
  done
  COMPREPLY=()
  case "$at $prev" in
${commands.flatMap(optionCases).join('\n')}
  esac
  local words=''
  case "$at" in
${commands.map(wordsCase).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _trainyard trainyard
`;
}

/** \` train run\`: with a space in front of each word, as the function builds it. */
function key(path: readonly string[]): string {
  return path.map((word) => ` ${word}`).join('');
}

function optionCases({ path, options }: CommandWords): string[] {
  return options.flatMap(({ long, short, takes }) => {
    if (takes === 'nothing') return [];
    const names = [long, ...(short === undefined ? [] : [short])].map((name) => `'${key(path)} ${name}'`).join('|');
    if (takes === 'file') return [`    ${names}) compopt -o default; return ;;`];
    return takes === 'text' ? [`    ${names}) return ;;`] : [`    ${names}) COMPREPLY=($(compgen -W '${takes.join(' ')}' -- "$cur")); return ;;`];
  });
}

function wordsCase({ path, commands, words: others, options }: CommandWords): string {
  const words = [...commands.map(({ name }) => name), ...others, ...options.flatMap(({ long, short }) => (short === undefined ? [long] : [long, short]))];
  return `    '${key(path)}') words='${words.join(' ')}' ;;`;
}
