// What no service can be faster than: node:http alone. A GET is answered from memory; a POST when its line is in a file and the
// file is on disk, all that came meanwhile with one fsync. Arguments: port, file.
import { open } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';

const [port, path] = process.argv.slice(2);
if (port === undefined || path === undefined) throw new Error('usage: bare-server.ts PORT FILE');

const file = await open(path, 'a');
const STATUS = '{"state":"pending","message":"waits for its turn"}';
let waiting: { readonly line: string; readonly response: ServerResponse }[] = [];
let writing = false;
let runs = 0;

createServer((request, response) => {
  if (request.method !== 'POST') return answer(response, STATUS);
  let line = '';
  request.setEncoding('utf8').on('data', (piece: string) => (line += piece));
  request.on('end', () => {
    waiting.push({ line, response });
    if (!writing) void write();
  });
}).listen(Number(port), '127.0.0.1');

async function write(): Promise<void> {
  writing = true;
  while (waiting.length > 0) {
    const batch = waiting;
    waiting = [];
    await file.appendFile(batch.map(({ line }) => `${line}\n`).join(''));
    await file.datasync();
    for (const { response } of batch) answer(response, `{"runId":${++runs}}`);
  }
  writing = false;
}

function answer(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(body) }).end(body);
}
