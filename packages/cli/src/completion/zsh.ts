import type { CommandWords, OptionWords } from './command-tree.ts';

/** Completion for zsh: source it, or save it as \`_trainyard\` in a directory of $fpath. */
export function zshCompletion(commands: readonly CommandWords[]): string {
  return `#compdef trainyard
# zsh completion for trainyard; load it with: source <(trainyard completion zsh)
_trainyard() {
  local at='' word group=''
  local -a choices
  for word in \${words[2,CURRENT-1]}; do
    case "$at $word" in
${commands.filter(({ path }) => path.length > 0).map(({ path, restarts }) => `      '${key(path)}') at='${restarts ? '' : key(path)}' ;;`).join('\n')}
    esac
  done
  case "$at \${words[CURRENT-1]}" in
${commands.flatMap(optionCases).join('\n')}
  esac
  case "$at" in
${commands.map(choicesCase).join('\n')}
  esac
  _describe -t commands trainyard choices
  [[ -n $group || $PREFIX == -* ]] || _files
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _trainyard "$@"; else compdef _trainyard trainyard; fi
`;
}

function key(path: readonly string[]): string {
  return path.map((word) => ` ${word}`).join('');
}

function optionCases({ path, options }: CommandWords): string[] {
  return options.flatMap((option) => {
    const action = actionFor(option.takes);
    if (action === undefined) return [];
    const names = [option.long, ...(option.short === undefined ? [] : [option.short])].map((name) => `'${key(path)} ${name}'`).join('|');
    return [`    ${names}) ${action}; return ;;`];
  });
}

function actionFor(takes: OptionWords['takes']): string | undefined {
  if (takes === 'nothing') return undefined;
  if (takes === 'file') return '_files';
  return takes === 'text' ? "_message 'a value'" : `compadd -- ${takes.map(quoted).join(' ')}`;
}

function choicesCase({ path, commands, words, options }: CommandWords): string {
  const choices = [...commands.map(({ name, about }) => described(name, about)), ...words.map(quoted), ...options.flatMap((option) => [option.long, ...(option.short === undefined ? [] : [option.short])].map((name) => described(name, option.about)))];
  return `    '${key(path)}') choices=(${choices.join(' ')})${commands.length > 0 ? ' group=1' : ''} ;;`;
}

/** \`_describe\` parts name and text at the first colon. */
function described(name: string, about: string): string {
  return quoted(`${name.replaceAll(':', '\\:')}:${about}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
