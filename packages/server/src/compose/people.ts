import { Authenticator } from '../auth/authenticate.ts';
import { Issuer } from '../auth/oidc/issuer.ts';
import { JwtVerifier } from '../auth/oidc/jwt-verifier.ts';
import { loginUrl } from '../auth/oidc/login-url.ts';
import type { RunTokens } from '../auth/run-token.ts';
import type { Config } from '../config/read-config.ts';
import { AllowList, plainName } from '../platform/outbound/allow-list.ts';
import { OutboundHttp } from '../platform/outbound/outbound-http.ts';
import type { Logger } from '../platform/logger.ts';
import type { Stores } from '../stores/stores.ts';
import { AuditLog } from '../usecases/audit.ts';
import { AuditRetention } from '../usecases/audit-retention.ts';

interface PeopleParts {
  readonly stores: Pick<Stores, 'tokens' | 'runs' | 'audit'>;
  readonly config: Pick<Config, 'oidc' | 'odahuLoginRedirect' | 'outboundAllow' | 'auditKeepMs'>;
  readonly runTokens: RunTokens;
  readonly now: () => number;
  readonly log: Logger;
}

export interface ComposedPeople {
  readonly authenticator: Authenticator;
  readonly audit: AuditLog;
  /** Where somebody without a token logs in; undefined when nobody is sent there. */
  readonly loginUrl: ((host: string) => Promise<string | undefined>) | undefined;
  /** Starts to tidy the audit log. */
  begin(): void;
  close(): Promise<void>;
}

/** Joins who calls, what they may do, and who did what. */
export function composePeople({ stores, config, runTokens, now, log }: PeopleParts): ComposedPeople {
  const { oidc: settings } = config;
  const issuer = settings === undefined ? undefined : new Issuer({ issuer: settings.issuer, outbound: new OutboundHttp({ allow: new AllowList([...config.outboundAllow, plainName(new URL(settings.issuer).hostname)]) }), now });
  const oidc = settings === undefined || issuer === undefined ? undefined : new JwtVerifier({ settings, issuer, now });
  const audit = new AuditLog({ store: stores.audit, now, log });
  const retention = new AuditRetention({ store: stores.audit, keepMs: config.auditKeepMs, now, log });
  return {
    authenticator: new Authenticator({ tokens: stores.tokens, runs: stores.runs, runTokens, oidc, now }),
    audit,
    loginUrl: issuer === undefined || !config.odahuLoginRedirect ? undefined : (host) => loginUrl({ issuer, clientId: settings?.clientId }, host),
    begin: () => retention.start(),
    async close() {
      await retention.stop();
      await audit.drain();
    },
  };
}
