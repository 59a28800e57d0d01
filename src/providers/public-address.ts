/** Which addresses a client may make the gateway call: those of the public internet, and nothing inside. */
import ipaddr from "ipaddr.js";

/** Public by their number, yet answered by a cloud's own host. */
const metadata: ReadonlySet<string> = new Set(["168.63.129.16"]);

/**
 * False for private, loopback, link-local, unique-local, carrier-grade NAT, multicast, reserved and metadata addresses,
 * also inside IPv6 and in IPv4's decimal, octal, hexadecimal and short forms, and for what is no address.
 */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return false;
  // `process` makes IPv4 of an IPv4-mapped address.
  const address = ipaddr.process(text);
  if (address.range() !== "unicast") return false;
  if (address.kind() === "ipv4") return !metadata.has(address.toString());
  // Of IPv6 only 2000::/3 is given out; the rest holds tunnels to IPv4 and what is yet to be defined.
  return ((address as ipaddr.IPv6).parts[0] ?? 0) >> 13 === 1;
}
