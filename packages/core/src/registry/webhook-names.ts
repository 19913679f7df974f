import { checkLength, invalid } from '../tracking/names.ts';

const LIMITS = { url: 2000, description: 1000, secret: 1000 } as const;

export function checkWebhookName(name: string): void {
  if (/^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/i.test(name)) return;
  throw invalid(`Webhook name '${name}' is invalid. It must start and end with a letter or digit, be less than 63 characters long, and contain only letters, digits, dots (.), underscores (_), and hyphens (-).`);
}

/** The lengths of what is free text; what a URL means is checked where it is called. */
export function checkWebhookTexts(texts: { readonly url?: string | undefined; readonly description?: string | undefined; readonly secret?: string | undefined }): void {
  if (texts.url !== undefined) checkLength(texts.url, { what: 'Webhook URL', limit: LIMITS.url });
  if (texts.description !== undefined) checkLength(texts.description, { what: 'Webhook description', limit: LIMITS.description });
  if (texts.secret !== undefined) checkLength(texts.secret, { what: 'Webhook secret', limit: LIMITS.secret });
}
