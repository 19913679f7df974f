/** Unit tests reach nothing but this machine: a connection to anywhere else fails at once and names the address. */
import { Socket } from 'node:net';

const LOOPBACK = /^(localhost|127(\.\d+){3}|::1|::ffff:127(\.\d+){3})$/;

type Connect = (this: Socket, ...parts: unknown[]) => Socket;

// a prototype's method is not bound to anything, it gets its socket below
// oxlint-disable-next-line typescript/unbound-method
const connect = Socket.prototype.connect as unknown as Connect;

Socket.prototype.connect = function connectToLoopback(this: Socket, ...parts: unknown[]): Socket {
  const host = hostOf(parts);
  if (!LOOPBACK.test(host)) throw new Error(`a unit test tried to reach '${host}': unit tests may use the loopback address only`);
  return connect.apply(this, parts);
} as unknown as typeof Socket.prototype.connect;

/** The host of any form `connect` takes: (port, host), (path), (options); node:net also passes these as one array. */
function hostOf(parts: readonly unknown[]): string {
  const given = Array.isArray(parts[0]) ? (parts[0] as readonly unknown[]) : parts;
  const [first, second] = given;
  if (typeof first === 'object' && first !== null) {
    const options = first as { readonly host?: string; readonly path?: string };
    return options.path === undefined ? (options.host ?? 'localhost') : 'localhost';
  }
  return typeof second === 'string' ? second : 'localhost';
}
