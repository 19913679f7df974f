/** A call a loopback server has read whole, and what it answers. */
export interface Request {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Buffer;
}

export interface Reply {
  readonly status: number;
  readonly body: unknown;
}
