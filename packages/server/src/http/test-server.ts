import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@trainyard/api/client.ts';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { compose, type Server } from '../compose.ts';
import { readConfig } from '../config/read-config.ts';
import type { OnDemandConfig } from '../config/read-on-demand.ts';
import type { TelemetrySettings } from '../config/read-telemetry.ts';

/** The whole server in this process, for tests of its HTTP side: no port until `listen`, no scheduling, everything else real. */
export class TestServer {
  readonly dir: string;
  readonly server: Server;

  static async open(flags: readonly string[] = [], onDemand?: OnDemandConfig, telemetry?: TelemetrySettings): Promise<TestServer> {
    const dir = mkdtempSync(join(tmpdir(), 'trainyard-http-'));
    const config = readConfig(['--data-dir', dir, '--log-level', 'silent', '--port', '0', ...flags], {});
    return new TestServer(dir, await compose(config, {}, { onDemand, telemetry }));
  }

  private constructor(dir: string, server: Server) {
    this.dir = dir;
    this.server = server;
  }

  get token(): string {
    return this.server.token ?? '';
  }

  /** With the user's token unless the call brings another authorization. */
  call(options: InjectOptions): Promise<LightMyRequestResponse> {
    return this.anonymous({ ...options, headers: { authorization: `Bearer ${this.token}`, ...options.headers } });
  }

  anonymous(options: InjectOptions): Promise<LightMyRequestResponse> {
    return this.server.app.inject({ ...options, headers: { host: 'localhost', ...options.headers } });
  }

  /** Opens a port, for what needs a real connection. */
  async listen(): Promise<Client> {
    return new Client({ url: await this.server.app.listen({ host: '127.0.0.1', port: 0 }), token: this.token });
  }

  async close(): Promise<void> {
    await this.server.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
