import { isTrainyardError, TrainyardError } from '@trainyard/core/errors.ts';
import { errors, type JWTPayload, jwtVerify, type JWTVerifyGetKey, type JWTVerifyOptions } from 'jose';
import type { UserIdentity } from '../../http/identity.ts';
import type { Issuer } from './issuer.ts';
import type { OidcSettings } from './oidc-settings.ts';
import { emailOf, nameOf, rolesOf } from './person-of-claims.ts';

/** Signatures by a key pair. Never `none`, never a shared secret (HS…): with that a public key would do for signing. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];
/** Clocks differ a little. */
const SKEW_SECONDS = 30;

interface Needs {
  readonly settings: OidcSettings;
  readonly issuer: Pick<Issuer, 'facts' | 'newFacts'>;
  readonly now: () => number;
}

/** Tokens of the identity provider → who calls. Every call is checked anew: what a token says is good until it expires. */
export class JwtVerifier {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** Three parts in the way of a JWT. Tokens of this server have no dots. */
  looksLikeOne(token: string): boolean {
    return /^eyJ[\w+/=-]*\.[\w+/=-]+\.[\w+/=-]*$/.test(token);
  }

  /** INVALID_TOKEN, NO_ROLE, IDENTITY_PROVIDER_DOWN. */
  async identify(token: string): Promise<UserIdentity> {
    const claims = await this.#claimsOf(token);
    this.#checkParty(claims);
    const roles = rolesOf(claims, this.#needs.settings);
    const name = nameOf(claims);
    if (roles.length === 0) throw new TrainyardError('NO_ROLE', { name, claim: this.#needs.settings.rolesClaim });
    return { kind: 'user', tokenId: `oidc:${claims.sub}`, name, email: emailOf(claims), roles };
  }

  async #claimsOf(token: string): Promise<JWTPayload> {
    const { issuer } = this.#needs;
    const facts = await issuer.facts();
    try {
      return await this.#verify(token, facts.keys);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw refusal(error);
    }
    // the provider may have changed its keys since
    const newer = await issuer.newFacts(facts);
    if (newer === undefined) throw refusal(new errors.JWKSNoMatchingKey());
    return this.#verify(token, newer.keys).catch((error: unknown) => {
      throw refusal(error);
    });
  }

  async #verify(token: string, keys: JWTVerifyGetKey): Promise<JWTPayload> {
    const { settings, now } = this.#needs;
    const options: JWTVerifyOptions = { issuer: settings.issuer, audience: [...settings.audiences], algorithms: ALGORITHMS, clockTolerance: SKEW_SECONDS, requiredClaims: ['sub', 'exp', 'iat'], currentDate: new Date(now()) };
    try {
      return (await jwtVerify(token, keys, options)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
      return await verifyWithAny(token, error, options);
    }
  }

  /** A token that was given to a program we do not know is for that program, also when it is meant for us among others. */
  #checkParty({ aud, azp }: JWTPayload): void {
    const { audiences, clientId } = this.#needs.settings;
    if (azp === undefined && (!Array.isArray(aud) || aud.length <= 1)) return;
    if (typeof azp !== 'string' || (azp !== clientId && !audiences.includes(azp))) throw invalid('it was given to another program (azp)');
  }
}

/** A token that does not name its key: one of those that fit must do. */
async function verifyWithAny(token: string, keys: errors.JWKSMultipleMatchingKeys, options: JWTVerifyOptions): Promise<JWTPayload> {
  for await (const key of keys) {
    try {
      return (await jwtVerify(token, key, options)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
    }
  }
  throw new errors.JWSSignatureVerificationFailed();
}

const CLAIM_WORDS: Readonly<Record<string, string>> = {
  iss: 'it is from another issuer (iss)',
  aud: 'it is meant for another audience (aud)',
  nbf: 'it is not good yet (nbf)',
  sub: 'it does not say whose it is (sub)',
  exp: 'it does not say until when it is good (exp)',
  iat: 'it does not say since when it is good (iat)',
};

/** Only words of ours: nothing of the token is repeated. */
function refusal(error: unknown): Error {
  if (isTrainyardError(error)) return error;
  if (error instanceof errors.JWTExpired) return invalid('it has expired', error);
  if (error instanceof errors.JWTClaimValidationFailed) return invalid(CLAIM_WORDS[error.claim] ?? `its claim ${error.claim} is wrong`, error);
  if (error instanceof errors.JWKSNoMatchingKey) return invalid('the issuer does not know the key it was signed with', error);
  if (error instanceof errors.JWSSignatureVerificationFailed) return invalid('its signature is wrong', error);
  if (error instanceof errors.JOSEAlgNotAllowed) return invalid('it is not signed in a way that is allowed (alg)', error);
  return invalid('it is not a signed JWT', error);
}

function invalid(problem: string, cause?: unknown): TrainyardError {
  return new TrainyardError('INVALID_TOKEN', { problem }, { cause });
}
