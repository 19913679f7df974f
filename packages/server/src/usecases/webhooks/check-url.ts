import { isTrainyardError } from '@trainyard/core/errors.ts';
import { invalid } from '@trainyard/core/tracking/names.ts';
import type { OutboundHttp } from '../../platform/outbound/outbound-http.ts';

/**
 * Refuses what nothing could be delivered to, so that it is noticed at once: an address that is not public, a name nobody
 * knows, and messages in the clear to any but the hosts an administrator has named. It is checked again with every call.
 */
export async function checkWebhookUrl(outbound: OutboundHttp, url: string): Promise<void> {
  if (url.trim() === '') throw invalid(`Webhook URL cannot be empty or just whitespace: '${url}'`);
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase() ?? '';
  if (scheme !== 'https' && scheme !== 'http') throw invalid(`Invalid webhook URL scheme: '${scheme}'. Allowed schemes are: https.`);
  if (!URL.canParse(url)) throw invalid(`Webhook URL must include a hostname: '${url}'`);
  const { hostname, username, password } = new URL(url);
  if (username !== '' || password !== '') throw invalid('Webhook URL must not include embedded credentials. Sign messages with a secret instead.');
  if (scheme === 'http' && !outbound.isNamed(hostname)) throw invalid("Invalid webhook URL scheme: 'http'. Allowed schemes are: https. An administrator can allow http for a host with --outbound-allow.");
  try {
    await outbound.check(url);
  } catch (error) {
    if (isTrainyardError(error) && error.code === 'OUTBOUND_REFUSED') throw invalid(`Webhook URL must not resolve to a non-public IP address, which '${hostname}' does. An administrator can allow it with --outbound-allow.`);
    if (isTrainyardError(error) && error.code === 'OUTBOUND_UNREACHABLE') throw invalid(`Cannot resolve Webhook URL hostname '${hostname}': ${error.params['problem']}`);
    throw error;
  }
}
