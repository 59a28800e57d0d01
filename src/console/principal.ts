/** Who may see what: the one place that decides it for everybody who is signed in. */
import { keyInForce } from "../config/keys.ts";
import type { Snapshot } from "../config/snapshot.ts";
import { sha256Hex } from "../kit/hash.ts";
import { GatewayError } from "../model/error.ts";
import type { SignedIn, Visit } from "./route.ts";
import { type Holder, isSame, type Principal, type Session } from "./session.ts";

/** Where those who sign in begin. */
export const homes = { admin: "/console", holder: "/console/me" } as const;

/** Whoever has this secret; undefined when it is no client key's present one, or requests may not use it from there. */
export function holderWith(snapshot: Snapshot, secret: string, address: string): Holder | undefined {
  // What follows a colon is attribution, and no part of the secret.
  const secretHash = sha256Hex(secret.split(":")[0] ?? "");
  const key = keyInForce(snapshot, secretHash, { address, now: Date.now() });
  return key && { kind: "holder", key: key.name, secretHash };
}

/** A holder's session is over as soon as the key could not sign in again. */
export function isStillIn(principal: Principal, snapshot: Snapshot, address: string): boolean {
  if (principal.kind === "admin") return true;
  return keyInForce(snapshot, principal.secretHash, { address, now: Date.now() })?.name === principal.key;
}

/** Throws `not-found`: of pages that are not theirs people hear nothing. */
export function requireAccess({ kind }: Principal, access: SignedIn): void {
  if (access === "signed-in" || (access === "session" ? kind === "admin" : kind === access)) return;
  throw new GatewayError("not-found", "The console has no page of this address.");
}

/** The holder whose visit it is, of a route of access `holder`. */
export function holderOf({ session }: Visit): Holder {
  if (session?.principal.kind === "holder") return session.principal;
  throw new GatewayError("not-found", "The console has no page of this address.");
}

/** The key whose holder it is, as acts name it. */
export function keyOf(principal: Principal | undefined): { section?: "keys"; name?: string } {
  return principal?.kind === "holder" ? { section: "keys", name: principal.key } : {};
}

/** May somebody see this session, and end it? */
export function isOneOf(mine: Principal, theirs: Principal): boolean {
  return mine.kind === "admin" || isSame(mine, theirs);
}

/** Where somebody goes after the sign-in: to the page that was wanted, if it is one of theirs. */
export function landing({ kind }: Principal, next: string): string {
  const isOfHolders = /^\/console\/me(?:[/?]|$)/.test(next);
  return isOfHolders === (kind === "holder") ? next : homes[kind];
}

export function homeOf(session: Session | null): string {
  return homes[session?.principal.kind ?? "admin"];
}
