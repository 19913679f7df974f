import { createHmac, timingSafeEqual } from 'node:crypto';

export interface RunTokenClaims {
  readonly runId: string;
  readonly attempt: number;
}

/**
 * Tokens of attempts are signed, not stored: `tyr_<run>_<attempt>_<mac>`. Whether one is still good is a fact of the run (its
 * attempt is the current one and has not ended), so the end of an attempt revokes its token by itself.
 */
export class RunTokens {
  readonly #key: Buffer;

  constructor(signingKey: Buffer) {
    this.#key = signingKey;
  }

  issue({ runId, attempt }: RunTokenClaims): string {
    return `tyr_${runId}_${attempt}_${this.#mac(`${runId}_${attempt}`)}`;
  }

  /** The claims of a token we signed, or undefined. */
  read(token: string): RunTokenClaims | undefined {
    const match = /^tyr_([0-9a-f]{32})_([1-9]\d{0,8})_([\w-]{43})$/.exec(token);
    if (match?.[1] === undefined || match[2] === undefined || match[3] === undefined) return undefined;
    const good = timingSafeEqual(Buffer.from(match[3]), Buffer.from(this.#mac(`${match[1]}_${match[2]}`)));
    return good ? { runId: match[1], attempt: Number(match[2]) } : undefined;
  }

  #mac(claims: string): string {
    return createHmac('sha256', this.#key).update(`trainyard run token ${claims}`).digest('base64url');
  }
}
