import { expect, it } from 'vitest';
import { isLoopback } from './loopback.ts';

it.each(['localhost', 'LocalHost.', '127.0.0.1', '127.1.2.3', '::1', '[::1]'])('only this machine reaches %s', (host) => {
  expect(isLoopback(host)).toBe(true);
});

it.each(['', '0.0.0.0', '::', '[::2]', 'localhost.example', 'example', '127.0.0.1.example', '128.0.0.1'])('others may reach %j', (host) => {
  expect(isLoopback(host)).toBe(false);
});
