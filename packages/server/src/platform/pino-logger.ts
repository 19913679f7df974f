import { pino, stdSerializers } from 'pino';
import type { Logger } from './logger.ts';

/** JSON lines on stderr. Nothing that could hold a secret (headers, bodies, URLs with queries) is ever passed in. */
export function pinoLogger(level: string): Logger {
  return pino({ level, base: null, timestamp: () => `,"time":"${new Date().toISOString()}"`, serializers: { error: stdSerializers.err }, formatters: { level: (label) => ({ level: label }) } }, process.stderr);
}
