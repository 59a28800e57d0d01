/** How a provider's credential travels. */
import type { Provider } from "../config/snapshot.ts";
import type { Wire } from "../protocols/protocol.ts";

/** `key` is the configured one, or a login's token. */
export function authHeaders(provider: Provider, protocol: Wire, key = provider.apiKey): Record<string, string> {
  if (key === undefined) return {};
  const auth = provider.auth ?? protocol.auth;
  if (auth === "none") return {};
  if (auth === "bearer") return { authorization: `Bearer ${key}` };
  return { [typeof auth === "string" ? auth : auth.header.toLowerCase()]: key };
}
