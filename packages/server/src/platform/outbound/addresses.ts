/** Says where an IP address leads: to the Internet, into somebody's own network, or somewhere no call should go. */
import { BlockList, isIPv4, isIPv6 } from 'node:net';

/**
 * `public`: anybody's. `private`: this machine and networks behind it. `special`: link-local (where clouds keep the credentials
 * of machines), multicast, reserved, and everything that is not known to be one of the others.
 */
export type Reach = 'public' | 'private' | 'special';

export interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

/** IANA's special-purpose registry, and what clouds answer machines on. */
const SPECIAL_4 = ['0.0.0.0/8', '169.254.0.0/16', '192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4', '100.100.100.200/32', '168.63.129.16/32'];
const PRIVATE_4 = ['10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'];
const PRIVATE_6 = ['::1/128', 'fc00::/7'];
/** Of IPv6 only what was given out to the Internet is public, without the ways around to IPv4 and what is reserved in it. */
const PUBLIC_6 = ['2000::/3'];
const SPECIAL_6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20', 'fd00:ec2::254/128', 'fd20:ce::254/128'];

const LISTS = { special4: blockList(SPECIAL_4), private4: blockList(PRIVATE_4), special6: blockList(SPECIAL_6), private6: blockList(PRIVATE_6), public6: blockList(PUBLIC_6) };

export function reachOf(text: string): Reach {
  const { address, family } = plainAddress(text);
  if (family === 4) return LISTS.special4.check(address, 'ipv4') ? 'special' : LISTS.private4.check(address, 'ipv4') ? 'private' : 'public';
  if (LISTS.special6.check(address, 'ipv6')) return 'special';
  return LISTS.private6.check(address, 'ipv6') ? 'private' : LISTS.public6.check(address, 'ipv6') ? 'public' : 'special';
}

/**
 * The address that is really meant: the IPv4 one inside `::ffff:a.b.c.d` and inside NAT64's `64:ff9b::a.b.c.d` (which networks
 * without IPv4 make of every such address). What is no address at all becomes `::`, which is special.
 */
export function plainAddress(text: string): Address {
  if (isIPv4(text)) return { address: text, family: 4 };
  // a zone belongs to link-local addresses only
  if (!isIPv6(text) || text.includes('%')) return { address: '::', family: 6 };
  const groups = groupsOf(text);
  const prefix = groups.slice(0, 6).join(':');
  if (prefix !== '0:0:0:0:0:ffff' && prefix !== '64:ff9b:0:0:0:0') return { address: text, family: 6 };
  const bytes = groups.slice(6).flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]);
  return { address: bytes.join('.'), family: 4 };
}

/** The eight groups, in hexadecimal without leading zeros. */
function groupsOf(address: string): string[] {
  // a URL writes an address in its one shortest form, without dots
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::').map((part) => (part === '' ? [] : part.split(':')));
  if (tail === undefined) return [...head];
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => '0'), ...tail];
}

/** A list of ranges such as `10.0.0.0/8`. */
export function blockList(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [net = '', bits = ''] = range.split('/');
    list.addSubnet(net, Number(bits), isIPv4(net) ? 'ipv4' : 'ipv6');
  }
  return list;
}
