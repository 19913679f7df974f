// `node forward-program.ts LISTEN CONNECT`: one end of a forward in the network that this process was started in.
import { forward } from './forward.ts';

const [listen, connect] = process.argv.slice(2).map((word) => (/^\d+$/.test(word) ? Number(word) : word));
if (listen === undefined || connect === undefined) throw new Error('usage: forward-program.ts LISTEN CONNECT');
await forward(listen, connect);
process.stdout.write('forwards\n');
