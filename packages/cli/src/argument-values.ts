import { InvalidArgumentError } from 'commander';
import { parseDuration } from '@trainyard/core/duration.ts';

/** Collects `key=value` arguments of an option that may be repeated; the last of a name wins. */
export function keyValue(text: string, before: Readonly<Record<string, string>> | undefined): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Write it as name=value.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** A whole number of at least `least`. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    if (!/^-?\d+$/.test(text) || Number(text) < least || !Number.isSafeInteger(Number(text))) throw new InvalidArgumentError(`Write a whole number${least === -Infinity ? '' : `, ${least} or more`}.`);
    return Number(text);
  };
}

/** A duration in milliseconds. */
export function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError('Write a duration like 90s, 15m or 4h.');
  return ms;
}
