export type FilledTemplate = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly problem: string };

/**
 * Puts values into a command by the rules of Python's `str.format`: `{name}` is replaced, `{{` and `}}` are braces. Conversions
 * and format specifications that change the text (`{name!r}`, `{name:>8}`) are refused: the values are quoted for the shell
 * already, and what they would change is the quoting.
 */
export function fillTemplate(template: string, values: ReadonlyMap<string, string>): FilledTemplate {
  let text = '';
  let at = 0;
  while (at < template.length) {
    const brace = template.slice(at).search(/[{}]/);
    if (brace < 0) return { ok: true, text: text + template.slice(at) };
    text += template.slice(at, at + brace);
    at += brace;
    const sign = template.charAt(at);
    if (template.charAt(at + 1) === sign) {
      text += sign;
      at += 2;
      continue;
    }
    if (sign === '}') return problem("a single '}' (write '}}' for a brace that is meant for the shell)");
    const end = template.indexOf('}', at);
    if (end < 0) return problem("a '{' without its '}' (write '{{' for a brace that is meant for the shell)");
    const field = fieldText(template.slice(at + 1, end), values);
    if (!field.ok) return field;
    text += field.text;
    at = end + 1;
  }
  return { ok: true, text };
}

function fieldText(field: string, values: ReadonlyMap<string, string>): FilledTemplate {
  const [, name = '', rest = ''] = /^([^!:.[{]*)(.*)$/s.exec(field) ?? [];
  const value = values.get(name);
  if (value === undefined) {
    const known = [...values.keys()];
    const declared = known.length === 0 ? 'none is declared' : `declared are: ${known.join(', ')}`;
    return problem(`'{${field}}', and there is no parameter '${name}' (${declared}); write '{{' and '}}' for braces that are meant for the shell`);
  }
  if (!['', '!s', ':', '!s:'].includes(rest)) return problem(`'{${field}}'; only the plain form '{${name}}' is supported`);
  return { ok: true, text: value };
}

function problem(text: string): FilledTemplate {
  return { ok: false, problem: text };
}
