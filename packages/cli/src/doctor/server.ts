import type { Cli } from '../cli.ts';
import type { Connection } from '../connection/connection.ts';
import { isTrainyardError, messageOf } from '@trainyard/core/errors.ts';
import { isServerAnswer } from '../exit-codes.ts';
import type { Check } from './check.ts';

const PATIENCE_MS = 5_000;

/** Is there a server, does it know us, is it of our version? A server that nobody named need not run. */
export async function checkServer(cli: Cli, version: string): Promise<Check[]> {
  const connection = await connect(cli);
  if ('state' in connection) return [connection];
  const { urlFrom, tokenFrom } = connection.address;
  const name = 'server';
  try {
    await connection.call('health', {});
  } catch (error) {
    const hint = 'start it with: trainyard up, or set TRAINYARD_URL';
    if (urlFrom === 'default') return [{ name, state: 'absent', found: 'none is running', hint }];
    return [{ name, state: 'missing', found: messageOf(error), hint: hintOf(error) ?? hint }];
  }
  const reached: Check = { name, state: 'ok', found: `${connection.url} (${urlFrom === 'file' ? connection.address.file : urlFrom})` };
  return [reached, ...(await checkToken(connection, { tokenFrom, version }))];
}

async function checkToken(connection: Connection, { tokenFrom, version }: { tokenFrom: string | undefined; version: string }): Promise<Check[]> {
  try {
    const status = await connection.call('status', {});
    return [{ name: 'token', state: 'ok', found: tokenFrom === undefined ? 'none needed' : `accepted (${tokenFrom === 'file' ? 'private file of the server' : tokenFrom})` }, versionCheck(version, status.version)];
  } catch (error) {
    const found = tokenFrom === undefined ? 'there is none' : messageOf(error);
    return [{ name: 'token', state: 'missing', found, hint: hintOf(error) }];
  }
}

/** Patch versions understand each other; others may, and whoever wonders should know. */
function versionCheck(own: string, server: string): Check {
  const same = own.split('.').slice(0, 2).join('.') === server.split('.').slice(0, 2).join('.');
  if (same) return { name: 'version', state: 'ok', found: own === server ? own : `${own}, server ${server}` };
  return { name: 'version', state: 'warning', found: `${own}, but the server is ${server}`, hint: 'use the same version on both sides' };
}

async function connect(cli: Cli): Promise<Connection | Check> {
  try {
    return await cli.connect({ callMs: PATIENCE_MS });
  } catch (error) {
    return { name: 'server', state: 'missing', found: messageOf(error), hint: hintOf(error) };
  }
}

function hintOf(error: unknown): string | undefined {
  return isTrainyardError(error) || isServerAnswer(error) ? error.hint : undefined;
}
