import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { type OnDemandConfig, readOnDemand } from '../../config/read-on-demand.ts';
import { TestServer } from '../../http/test-server.ts';

/** The on-demand service over notebooks of a directory, for tests of its HTTP side: nothing is run. */
export class OnDemandServer {
  readonly server: TestServer;
  readonly #notebooks: string;

  static async open(variables: Readonly<Record<string, string>> = {}): Promise<OnDemandServer> {
    const notebooks = mkdtempSync(join(tmpdir(), 'trainyard-notebooks-'));
    writeFileSync(join(notebooks, 'wine.ipynb'), '{"nbformat": 4, "cells": []}');
    const config = readOnDemand({ ON_DEMAND_ENGINE: 'local', ON_DEMAND_SOURCE: notebooks, DATABRICKS_TYPE_MAPPING: '{"wine":"/shared/wine","Über Bier!":"bier.ipynb"}', DATABRICKS_RUN_TIMEOUT: '3600', ...variables });
    return new OnDemandServer(await TestServer.open([], config as OnDemandConfig), notebooks);
  }

  private constructor(server: TestServer, notebooks: string) {
    this.server = server;
    this.#notebooks = notebooks;
  }

  call(options: InjectOptions): Promise<LightMyRequestResponse> {
    return this.#app.inject({ ...options, headers: { host: 'localhost:3000', ...options.headers } });
  }

  /** Opens a port, for what needs a real connection; answers it. */
  async listen(): Promise<string> {
    return new URL(await this.#app.listen({ host: '127.0.0.1', port: 0 })).port;
  }

  get #app(): FastifyInstance {
    const app = this.server.server.onDemand;
    if (app === undefined) throw new Error('the on-demand service is not configured');
    return app;
  }

  async train(body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<{ readonly status: number; readonly json: Record<string, unknown> }> {
    const answer = await this.call({ method: 'POST', url: '/train', payload: typeof body === 'string' ? body : JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } });
    return { status: answer.statusCode, json: answer.json() };
  }

  async status(run: unknown): Promise<{ readonly status: number; readonly json: Record<string, unknown> }> {
    const answer = await this.call({ method: 'GET', url: `/train/${String(run)}` });
    return { status: answer.statusCode, json: answer.json() };
  }

  /** The spec of a run as the native API shows it. */
  async spec(run: unknown): Promise<Record<string, unknown>> {
    const { body, statusCode } = await this.server.call({ method: 'GET', url: `/api/v1/runs/${String(run)}` });
    if (statusCode !== 200) throw new Error(body);
    return (JSON.parse(body) as { spec: Record<string, unknown> }).spec;
  }

  async close(): Promise<void> {
    await this.server.close();
    rmSync(this.#notebooks, { recursive: true, force: true });
  }
}
