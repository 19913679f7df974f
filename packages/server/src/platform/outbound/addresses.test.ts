import { describe, expect, it } from 'vitest';
import { AllowList, isAllowEntry } from './allow-list.ts';
import { plainAddress, reachOf } from './addresses.ts';

describe('the reach of an address', () => {
  it.each(['1.1.1.1', '8.8.8.8', '93.184.216.34', '172.15.0.1', '172.32.0.1', '100.63.255.255', '100.128.0.1', '192.167.1.1', '223.255.255.255', '2606:4700::1111', '2a00:1450:4001::200e', '::ffff:8.8.8.8', '64:ff9b::808:808'])('%s is public', (address) => {
    expect(reachOf(address)).toBe('public');
  });

  it.each(['127.0.0.1', '127.255.255.254', '10.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.0.1', '100.64.0.1', '100.127.255.255', '::1', 'fc00::1', 'fdff::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '0:0:0:0:0:ffff:a00:1', '64:ff9b::127.0.0.1', '64:ff9b::c0a8:1'])('%s is private', (address) => {
    expect(reachOf(address)).toBe('private');
  });

  it.each([
    '0.0.0.0', '0.1.2.3', '169.254.169.254', '169.254.0.1', '100.100.100.200', '168.63.129.16', '192.0.0.192', '192.0.2.1', '198.18.0.1', '198.51.100.7', '203.0.113.9', '192.88.99.1', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255',
    '::', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'ff02::1', '2001:db8::1', '2001::1', '2002:7f00:1::', '3fff::1', '5f00::1', '::127.0.0.1', '::ffff:0:127.0.0.1', '::ffff:169.254.169.254', '64:ff9b::a9fe:a9fe', '64:ff9b:1::1', '100::1', 'fd00:ec2::254', 'fd20:ce::254', 'localhost', '', '1.2.3', '1.2.3.4.5',
  ])('%s is special', (address) => {
    expect(reachOf(address)).toBe('special');
  });

  it('is that of the address inside', () => {
    expect(plainAddress('::ffff:1.2.3.4')).toEqual({ address: '1.2.3.4', family: 4 });
    expect(plainAddress('64:ff9b::255.0.255.1')).toEqual({ address: '255.0.255.1', family: 4 });
    expect(plainAddress('2606:4700::1111')).toEqual({ address: '2606:4700::1111', family: 6 });
  });
});

describe('the list of what may be called', () => {
  it.each(['hooks.example.org', 'HOOKS', 'a_b-c.d', '10.0.0.1', '10.0.0.0/8', '0.0.0.0/0', '::1', '[::1]', 'fd00::/8', 'xn--bcher-kva.example'])('takes %s', (entry) => expect(isAllowEntry(entry)).toBe(true));

  it.each(['', 'a b', 'http://a', 'a:80', '*.a', 'a/8', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '10.0', '1', 'fd00::/129', 'fe80::1%eth0', '-a', 'a.', 'a..b', 'bücher'])('does not take %j', (entry) => expect(isAllowEntry(entry)).toBe(false));

  it('is empty at first: the Internet may be called, nothing else', () => {
    const none = new AllowList([]);
    expect(['8.8.8.8', '127.0.0.1', '10.0.0.1', '169.254.169.254'].map((address) => none.allows('a.example', address))).toEqual([true, false, false, false]);
  });

  it('lifts the refusal of private addresses for a name, and for that name alone', () => {
    const list = new AllowList(['Hooks.example']);
    for (const name of ['hooks.example', 'HOOKS.EXAMPLE', 'hooks.example.']) expect(list.allows(name, '10.0.0.1')).toBe(true);
    for (const name of ['x.hooks.example', 'example', '10.0.0.1']) expect(list.allows(name, '10.0.0.1')).toBe(false);
    // whoever changes what the name means does not get at the credentials of the machine
    for (const address of ['169.254.169.254', '0.0.0.0', 'fe80::1', 'fd00:ec2::254', '::ffff:169.254.169.254']) expect(list.allows('hooks.example', address)).toBe(false);
  });

  it('allows what is in a range, also in other spellings, and nothing beside it', () => {
    const list = new AllowList(['10.1.0.0/16', '127.0.0.1', 'fd12::/16', '169.254.169.0/24']);
    for (const address of ['10.1.255.1', '127.0.0.1', '::ffff:127.0.0.1', '64:ff9b::10.1.2.3', 'fd12::1', '169.254.169.254']) expect([address, list.allows('x', address)]).toEqual([address, true]);
    for (const address of ['10.2.0.1', '127.0.0.2', 'fd13::1', '169.254.168.1', '::1']) expect([address, list.allows('x', address)]).toEqual([address, false]);
  });

  it('knows what was named in it', () => {
    const list = new AllowList(['hooks.example', '10.1.0.0/16', '::1']);
    expect(['hooks.example', '10.1.2.3', '[::1]', 'other.example', '10.2.0.1'].map((host) => list.names(host))).toEqual([true, true, true, false, false]);
  });
});
