import { createServer } from 'node:net';
import { forward } from '@trainyard/testkit/engines/forward.ts';
import { waitFor } from '@trainyard/testkit/wait-for.ts';
import { expect, inject, it } from 'vitest';
import { TestServer } from './test-server.ts';

it('a server whose PostgreSQL goes away says so to every kind of client, lives on, and goes on by itself', { timeout: 240_000 }, async () => {
  const url = new URL(inject('postgresUrl'));
  const database = Number(url.port);
  let way = await forward(0, database);
  url.port = String(way.port);
  const server = await TestServer.open(['--database-url', url.href]);
  await server.server.begin((await server.listen()).url);
  const runs = async (path: string) => server.call({ url: path });
  try {
    expect((await runs('/api/v1/runs')).statusCode).toBe(200);
    await way.close();
    // somebody listens there and hangs up; what the server does by itself meets that as well, and nothing of it may end the process
    let tries = 0;
    const hangsUp = createServer((socket) => void (tries++, socket.destroy()));
    await new Promise<void>((listening) => hangsUp.listen(way.port, '127.0.0.1', listening));
    await waitFor('the server has tried by itself', () => tries >= 5);
    expect((await runs('/api/v1/runs')).json()).toMatchObject({ error: { code: 'DATABASE_UNAVAILABLE' } });
    await new Promise((closed) => hangsUp.close(closed));
    // and now nobody does
    const [native, mlflow, odahu] = [await runs('/api/v1/runs'), await runs('/api/2.0/mlflow/experiments/get?experiment_id=0'), await runs('/api/v1/model/training')];
    expect(native.json()).toMatchObject({ error: { code: 'DATABASE_UNAVAILABLE', status: 503 } });
    expect(mlflow.json()).toMatchObject({ error_code: 'TEMPORARILY_UNAVAILABLE', message: expect.stringContaining('the database does not answer') as string });
    expect([native.statusCode, mlflow.statusCode, odahu.statusCode]).toEqual([503, 503, 503]);
    way = await forward(way.port, database);
    await waitFor('it answers again', async () => (await runs('/api/v1/runs')).statusCode === 200);
  } finally {
    await server.close();
    await way.close();
  }
});
