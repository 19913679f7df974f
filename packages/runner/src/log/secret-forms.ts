/** Shorter values would blacken half of every log and be guessed from it all the same. */
export const SHORTEST_SECRET_BYTES = 3;
const SHORTEST_LINE = 8;
const SHORTEST_INNER_BASE64 = 8;

/**
 * Every form in which a secret value may turn up in a log: as it is, without its outer white space, line by line, escaped for
 * JSON and URLs, in base64, and in base64 together with something in front of it (`user:password` of a Basic header).
 */
export function secretForms(value: string): readonly string[] {
  const plain = new Set([value, value.trim(), ...value.split(/\r?\n/).filter((line) => line.length >= SHORTEST_LINE)]);
  const forms = [...plain].filter((text) => Buffer.byteLength(text) >= SHORTEST_SECRET_BYTES).flatMap((text) => [text, ...escaped(text), ...base64Forms(text)]);
  return [...new Set(forms)];
}

function escaped(text: string): string[] {
  const json = JSON.stringify(text).slice(1, -1);
  const ascii = json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const url = encodeURIComponent(text.toWellFormed());
  // encodeURIComponent leaves these five as they are, other libraries do not; some keep the slash, forms write a space as +
  const strict = url.replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
  const urls = [url, strict, strict.replaceAll('%2F', '/'), strict.replaceAll('%20', '+')];
  return [json, json.replaceAll('/', '\\/'), ascii, ...urls, ...urls.map((one) => one.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()))];
}

function base64Forms(text: string): string[] {
  const whole = Buffer.from(text).toString('base64');
  const all = [whole, whole.replace(/=+$/, ''), ...[0, 1, 2].map((before) => innerBase64(text, before)).filter((form) => form.length >= SHORTEST_INNER_BASE64)];
  return all.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')]);
}

/** The base64 letters that depend on the text alone when `before` bytes (mod 3) stand in front of it and anything behind. */
function innerBase64(text: string, before: number): string {
  const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(text)]);
  const firstLetter = Math.ceil((before * 8) / 6);
  return bytes.toString('base64').slice(firstLetter, Math.floor((bytes.length * 8) / 6));
}
