import { connect, type Socket } from 'node:net';

/**
 * Clients that write a request and read its answer by themselves, over connections that stay open: those of Node cost more than
 * the server that is measured, and both share these processors.
 */
export async function rawLoad(port: number, { clients, forMs, path }: { readonly clients: number; readonly forMs: number; readonly path: (client: number, call: number) => string }): Promise<{ readonly perSecond: number; readonly delaysMs: readonly number[] }> {
  const delaysMs: number[] = [];
  const began = performance.now();
  const one = async (client: number): Promise<void> => {
    const socket = await opened(port);
    try {
      for (let call = 0; performance.now() - began < forMs; call++) {
        const sent = performance.now();
        await answered(socket, `GET ${path(client, call)} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
        delaysMs.push(performance.now() - sent);
      }
    } finally {
      socket.destroy();
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, client) => one(client)));
  return { perSecond: delaysMs.length / ((performance.now() - began) / 1000), delaysMs };
}

function opened(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket));
    socket.setEncoding('latin1').once('error', reject);
  });
}

/** The whole answer, by its content-length. Any status but 200 ends the bench. */
function answered(socket: Socket, request: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    const take = (piece: string): void => {
      text += piece;
      const head = text.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(text.slice(0, head))?.[1]);
      if (text.length < head + 4 + length) return;
      socket.off('data', take);
      if (text.startsWith('HTTP/1.1 200')) resolve();
      else reject(new Error(text));
    };
    socket.on('data', take);
    socket.write(request);
  });
}
