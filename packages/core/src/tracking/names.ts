import { TrainyardError } from '../errors.ts';
import { LIMITS } from './limits.ts';

/** A refusal in the words MLflow's clients and tests know. */
export function invalid(problem: string): TrainyardError {
  return new TrainyardError('INVALID_TRACKING_VALUE', { problem });
}

/** Nearly every key, seen at a glance: a batch may have a thousand. */
const PLAIN_KEY = /^\w[\w\-. :]*(?:\/\w[\w\-. :]*)*$/;

/** Refuses a key of a metric, param or tag; `parameter` is the name it has in the call, such as `metrics[0].name`. */
export function checkKey(key: string, options: { readonly parameter: string; readonly what: string }): void {
  // its length first: the pattern runs out of stack on a key of megabytes
  if (key.length <= LIMITS.keyLength && PLAIN_KEY.test(key)) return;
  const { parameter, what } = options;
  if (/[^\p{L}\p{N}_\-. :/]/u.test(key)) {
    throw invalid(`Invalid value ${JSON.stringify(key)} for parameter '${parameter}' supplied: Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).`);
  }
  const resolved = resolvePath(key);
  if (resolved !== key || resolved === '.' || resolved.startsWith('/') || resolved.startsWith('..')) {
    throw invalid(`Invalid value ${JSON.stringify(key)} for parameter '${parameter}' supplied: Names may be treated as files in certain cases, and must not resolve to other names when treated as such. This name would resolve to '${resolved}'`);
  }
  checkLength(key, { what, limit: LIMITS.keyLength });
}

export function checkLength(text: string, options: { readonly what: string; readonly limit: number }): void {
  // a code point is what the original counts: one or two of the cheap count
  if (text.length > options.limit && (text.length > 2 * options.limit || [...text].length > options.limit)) throw invalid(`'${options.what}' exceeds the maximum length of ${options.limit} characters`);
}

/** What a POSIX path becomes without `.`, `..` and doubled separators; '.' for nothing at all. */
export function resolvePath(path: string): string {
  const kept: string[] = [];
  const absolute = path.startsWith('/');
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') kept.push(part);
    else if (kept.length > 0 && kept.at(-1) !== '..') kept.pop();
    else if (!absolute) kept.push('..');
  }
  const text = (absolute ? '/' : '') + kept.join('/');
  return text === '' ? '.' : text;
}

/** Beginnings and ends of the names that runs and models get when nobody gave them one. */
const ADJECTIVES = ['amber', 'brisk', 'calm', 'clear', 'crisp', 'early', 'fair', 'fleet', 'gentle', 'golden', 'keen', 'lively', 'lucid', 'merry', 'neat', 'noble', 'prime', 'quick', 'quiet', 'ready', 'rustic', 'sharp', 'silver', 'steady', 'sunny', 'swift', 'tidy', 'vivid', 'warm', 'wild', 'witty', 'young'];
const NOUNS = ['alder', 'badger', 'beacon', 'birch', 'bridge', 'canyon', 'cedar', 'comet', 'crane', 'falcon', 'fern', 'harbor', 'hare', 'heron', 'island', 'lark', 'lynx', 'maple', 'marten', 'meadow', 'otter', 'owl', 'pine', 'plover', 'raven', 'river', 'robin', 'sparrow', 'swan', 'tern', 'valley', 'wren'];

/** A name to tell things apart by, such as `keen-otter-417`; the same for ids that end with the same eight hex digits: the first ones of an id are its time. */
export function randomName(hexId: string): string {
  const bits = Number.parseInt(hexId.slice(-8), 16);
  return `${ADJECTIVES[bits % 32] ?? 'plain'}-${NOUNS[(bits >>> 5) % 32] ?? 'run'}-${(bits >>> 10) % 1000}`;
}
