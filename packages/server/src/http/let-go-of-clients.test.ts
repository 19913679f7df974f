import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { TestServer } from './test-server.ts';

const spec = { model: { name: 'wine', version: 1 }, toolchain: 'command', args: ['true'], algorithmSource: { git: { url: 'https://example.com/wine.git' } } };

describe('a server that shuts down', () => {
  it.each(['/api/v1/runs/1/log?follow=true', '/api/v1/runs/1/log/events', '/api/v1/runs/1/events', '/api/v1/model/training/wine/log?follow=true'])('does not wait for who follows a run by %s', async (path) => {
    const server = await TestServer.open();
    // nothing schedules it: it stays queued, and its log open
    expect((await server.call({ method: 'POST', url: '/api/v1/trainings', payload: { id: 'wine', spec } })).statusCode).toBe(201);
    const { url } = await server.listen();
    const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${server.token}` } });
    expect(answer.status).toBe(200);
    const body = answer.text();
    await server.close();
    // ended as it should be, not cut off, and without the word that the run is over
    expect(await body).not.toContain('event: end');
  });

  it('does not wait for a connection on which nothing was asked', async () => {
    const server = await TestServer.open();
    const { port, hostname } = new URL((await server.listen()).url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    const closed = once(socket, 'close');
    await server.close();
    expect(await closed).toEqual([false]);
  });
});
