import type { Grant } from '@trainyard/core/access/roles.ts';

/** The identity provider that is believed, and what its tokens mean here. */
export interface OidcSettings {
  /** As tokens name it (`iss`): an https URL, or http of this machine. */
  readonly issuer: string;
  /** A token must be meant for one of these (`aud`). Never empty. */
  readonly audiences: readonly string[];
  /** Of the program people log in with. */
  readonly clientId: string | undefined;
  /** Path of the claim that has the roles, with dots: `realm_access.roles`. */
  readonly rolesClaim: string;
  /** Value of that claim → what it gives. */
  readonly roleMap: ReadonlyMap<string, readonly Grant[]>;
}
