/** Which client key a request comes with. */
import { sha256Hex } from "../kit/hash.ts";
import { GatewayError } from "../model/error.ts";
import { inNetworks } from "./address.ts";
import type { Key, KeySecret, Snapshot } from "./snapshot.ts";

export interface Caller {
  /** What the request's credential headers hold, without `Bearer`, in the order in which they count. */
  credentials: readonly string[];
  /** The client's address, proxies already seen through. */
  address: string;
  /** Epoch milliseconds. */
  now: number;
}

export interface Authenticated {
  key: Key;
  /** Attribution that the client put after its secret. */
  label?: string;
}

/** Throws GatewayError `unauthenticated` or `forbidden`. */
export type Authenticate = (snapshot: Snapshot, caller: Caller) => Authenticated;

const remembered = 1024;
const labelForm = /^[\w.:-]{1,64}$/;

/** Makes an authenticator that remembers the hashes of the secrets that it has let in lately. */
export function createAuthenticate(): Authenticate {
  const hashes = new Map<string, string>();
  const find = (snapshot: Snapshot, secret: string): KeySecret | undefined => {
    const known = hashes.get(secret);
    const hash = known ?? sha256Hex(secret);
    const found = snapshot.keysByHash.get(hash);
    if (found && known === undefined) {
      if (hashes.size >= remembered) hashes.delete(hashes.keys().next().value ?? "");
      hashes.set(secret, hash);
    }
    return found;
  };
  return (snapshot, caller) => {
    for (const credential of caller.credentials) {
      const colon = credential.indexOf(":");
      const found = find(snapshot, colon < 0 ? credential : credential.slice(0, colon));
      if (!found || (found.until !== null && caller.now >= found.until)) continue;
      checkKey(found.key, caller);
      const label = colon < 0 ? "" : credential.slice(colon + 1);
      return labelForm.test(label) ? { key: found.key, label } : { key: found.key };
    }
    throw new GatewayError(
      "unauthenticated",
      caller.credentials.length === 0
        ? "No API key was sent. Send a Plexus key as Authorization: Bearer, x-api-key or x-goog-api-key."
        : "This API key is not known to Plexus. Check the key, or create one with: plexus keys create NAME",
    );
  };
}

/** The key that a secret (its SHA-256, hex) opens for people: its present secret only, and only while requests may use it. */
export function keyInForce(snapshot: Snapshot, hash: string, caller: Omit<Caller, "credentials">): Key | undefined {
  const found = snapshot.keysByHash.get(hash);
  if (!found || found.until !== null) return undefined;
  try {
    checkKey(found.key, caller);
    return found.key;
  } catch {
    return undefined;
  }
}

function checkKey(key: Key, caller: Omit<Caller, "credentials">): void {
  if (!key.enabled) throw new GatewayError("unauthenticated", "This API key is disabled.");
  if (key.expiresAt !== null && caller.now >= key.expiresAt) {
    throw new GatewayError("unauthenticated", "This API key has expired.");
  }
  if (!allowsAddress(key, caller.address)) {
    throw new GatewayError("forbidden", "This API key may not be used from this address.");
  }
}

export function allowsAddress(key: Key, address: string): boolean {
  return key.ips === null || inNetworks(key.ips, address);
}
