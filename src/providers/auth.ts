/** How a provider's credential travels. */
import type { Provider } from "../config/snapshot.ts";
import type { Wire } from "../protocols/protocol.ts";

export function authHeaders(provider: Provider, protocol: Wire): Record<string, string> {
  const key = provider.apiKey;
  if (key === undefined) return {};
  const auth = provider.auth ?? protocol.auth;
  if (auth === "none") return {};
  if (auth === "bearer") return { authorization: `Bearer ${key}` };
  return { [typeof auth === "string" ? auth : auth.header.toLowerCase()]: key };
}
