import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

const nat64 = ipaddr.IPv6.parse('64:ff9b::');
const globalUnicast = ipaddr.IPv6.parse('2000::');

/**
 * Whether it is a unicast address of the public Internet: IPv4 outside every special range (IANA's registry, RFC 6890),
 * IPv6 of 2000::/3 outside them, or a public IPv4 address behind NAT64's own prefix (RFC 6052).
 */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address);
  if (version === 0 || address.includes('%')) return false;
  if (version === 4) return ipaddr.IPv4.parse(address).range() === 'unicast';
  const parsed = ipaddr.IPv6.parse(address);
  if (parsed.match(nat64, 96)) return new ipaddr.IPv4(parsed.toByteArray().slice(12)).range() === 'unicast';
  return parsed.match(globalUnicast, 3) && parsed.range() === 'unicast';
}

/** Answers every question of a socket with the same addresses. */
export function pinned(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_host, options, callback) => {
    const [first] = all;
    if (first === undefined) callback(new Error('no address'), []);
    else if (options.all === true) callback(null, all);
    else callback(null, first.address, first.family);
  };
}

/** Networks in CIDR notation, such as `10.1.0.0/16` or `fd00:112::/32`. */
export function isNetwork(text: string): boolean {
  return ipaddr.isValidCIDR(text);
}

/** Whether an address lies in one of the networks; an IPv4 address written as IPv6 (`::ffff:a.b.c.d`) is what it stands for. */
export function isInNetworks(address: string, networks: readonly string[]): boolean {
  if (isIP(address) === 0 || address.includes('%')) return false;
  // `::a.b.c.d` is an address of its own, and none that anybody has; ipaddr.js takes it for the other.
  if (/:.*\./.test(address) && !/^::ffff:/i.test(address)) return false;
  const parsed = ipaddr.process(address);
  return networks.filter(isNetwork).some((network) => {
    const [base, bits] = ipaddr.parseCIDR(network);
    return base.kind() === parsed.kind() && parsed.match(base, bits);
  });
}
