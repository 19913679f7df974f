// Whether the server of this container can serve; for images without curl. It listens where its private file says, and before
// that exists where it was told to.
import { readFileSync } from 'node:fs';
import path from 'node:path';

const { TRAINYARD_DATA_DIR = '/data', TRAINYARD_PORT = '5000' } = process.env;

try {
  const { status } = await fetch(new URL('/health', addressOf()), { signal: AbortSignal.timeout(5_000) });
  console.log(`the server answers ${status}`);
  process.exitCode = status === 200 ? 0 : 1;
} catch (error) {
  console.log(`the server does not answer: ${error.cause?.message ?? error.message}`);
  process.exitCode = 1;
}

function addressOf() {
  try {
    return JSON.parse(readFileSync(path.join(TRAINYARD_DATA_DIR, 'cli.json'), 'utf8')).url;
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return `http://127.0.0.1:${TRAINYARD_PORT}`;
  }
}
