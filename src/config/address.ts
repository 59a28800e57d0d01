/** Addresses, networks, and the client's address behind trusted proxies. */
import ipaddr from "ipaddr.js";

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** An address is a network of one. */
export interface Network {
  readonly text: string;
  readonly base: Address;
  readonly bits: number;
}

/** Undefined when the text is no address. IPv4 inside IPv6 is IPv4. */
function parseAddress(text: string): Address | undefined {
  const plain = text.split("%")[0] ?? text;
  if (ipaddr.IPv4.isValidFourPartDecimal(plain)) return ipaddr.IPv4.parse(plain);
  if (!plain.includes(":") || !ipaddr.IPv6.isValid(plain)) return undefined;
  const address = ipaddr.IPv6.parse(plain);
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

/** `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`. Undefined when it is neither an address nor a network. */
export function parseNetwork(text: string): Network | undefined {
  const [head = "", bits, more] = text.trim().split("/");
  const base = parseAddress(head);
  if (!base || more !== undefined) return undefined;
  const width = base.kind() === "ipv4" ? 32 : 128;
  if (bits === undefined) return { text: text.trim(), base, bits: width };
  if (!/^\d{1,3}$/.test(bits)) return undefined;
  const mapped = head.includes(":") && width === 32 ? 96 : 0;
  const prefix = Number(bits) - mapped;
  return prefix >= 0 && prefix <= width ? { text: text.trim(), base, bits: prefix } : undefined;
}

/** Is the address in one of the networks? What is no address is in none. */
export function inNetworks(networks: readonly Network[], text: string): boolean {
  const address = parseAddress(text);
  return address !== undefined && networks.some((network) => contains(network, address));
}

function contains(network: Network, address: Address): boolean {
  return network.base.kind() === address.kind() && address.match(network.base, network.bits);
}

/** Strips a port and brackets: `[2001:db8::1]:443`, `192.0.2.7:80`. */
function bare(entry: string): string {
  const text = entry.trim().replace(/^"(.*)"$/, "$1");
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(text);
  if (bracketed) return bracketed[1] ?? "";
  const ported = /^([\d.]+):\d+$/.exec(text);
  return ported ? (ported[1] ?? "") : text;
}

/**
 * Who is calling: the socket's peer, unless that is a trusted proxy; then the rightmost address of `forwardedFor`
 * (the X-Forwarded-For header) that is not trusted. An entry that is no address ends the walk.
 */
export function clientAddress(peer: string, forwardedFor: string | null, trusted: readonly Network[]): string {
  let client = parseAddress(peer)?.toString() ?? peer;
  if (forwardedFor === null || !inNetworks(trusted, client)) return client;
  for (const entry of forwardedFor.split(",").reverse()) {
    const address = parseAddress(bare(entry));
    if (!address) return client;
    client = address.toString();
    if (!inNetworks(trusted, client)) return client;
  }
  return client;
}
