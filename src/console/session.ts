/** Who is signed in. Kept in memory, so that a restart signs everybody out; of an id only its hash is kept. */
import { randomBytes } from "node:crypto";
import { sha256Hex } from "../kit/hash.ts";

const idleMs = 12 * 3_600_000;
const longestMs = 7 * 24 * 3_600_000;
/** Of the admin, and of each key: the oldest of the same goes when there are more, so that nobody pushes others out. */
const mostOfOne = 100;

/** The holder of a client key, who sees what is of that key and nothing else. */
export interface Holder {
  readonly kind: "holder";
  /** Name of the key. */
  readonly key: string;
  /** SHA-256 (hex) of the secret that signed in: the session is over when it is not the key's present one any more. */
  readonly secretHash: string;
}

export type Principal = { readonly kind: "admin" } | Holder;

/** Where somebody is. */
export interface Whence {
  address: string;
  /** In a few words: `Firefox on Linux`. */
  browser: string;
}

export interface Session extends Whence {
  readonly principal: Principal;
  /** What it is called among others; it opens nothing. */
  readonly handle: string;
  /** What forms of this session carry in the field `csrf`. */
  csrf: string;
  startedAt: number;
  seenAt: number;
}

export interface Sessions {
  /** Returns the id for the cookie. */
  start(principal: Principal, from: Whence): string;
  /** At a visit, from that address. */
  find(id: string, address?: string): Session | null;
  /** The same, but it does not live on because of it. */
  peek(id: string): Session | null;
  /** The same question, asked by nobody's visit: a session does not live on because of it. */
  knows(id: string): boolean;
  end(id: string): void;
  /** Those that are not over, in the order in which they began. */
  list(): Session[];
  endOf(session: Session): void;
}

/** Do both have the same key? */
export function isSame(one: Principal, other: Principal): boolean {
  return one.kind === "admin" ? other.kind === "admin" : other.kind === "holder" && other.key === one.key;
}

export function createSessions(now: () => number = Date.now): Sessions {
  const byHash = new Map<string, Session>();
  const isOver = (session: Session) => now() - session.seenAt > idleMs || now() - session.startedAt > longestMs;
  const peek = (id: string) => {
    const hash = sha256Hex(id);
    const session = byHash.get(hash);
    if (session && isOver(session)) byHash.delete(hash);
    return session && !isOver(session) ? session : null;
  };
  return {
    start(principal, from) {
      for (const [hash, session] of byHash) if (isOver(session)) byHash.delete(hash);
      const own = [...byHash].filter(([, session]) => isSame(session.principal, principal));
      for (const [hash] of own.slice(0, Math.max(0, own.length - mostOfOne + 1))) byHash.delete(hash);
      const id = randomBytes(32).toString("base64url");
      const csrf = randomBytes(32).toString("base64url");
      const handle = randomBytes(9).toString("base64url");
      byHash.set(sha256Hex(id), { ...from, principal, handle, csrf, startedAt: now(), seenAt: now() });
      return id;
    },
    peek,
    find(id, address) {
      const session = peek(id);
      if (session) Object.assign(session, { seenAt: now() }, address === undefined ? {} : { address });
      return session;
    },
    knows(id) {
      const session = byHash.get(sha256Hex(id));
      return session !== undefined && !isOver(session);
    },
    end: (id) => void byHash.delete(sha256Hex(id)),
    list: () => [...byHash.values()].filter((session) => !isOver(session)),
    endOf(session) {
      for (const [hash, one] of byHash) if (one === session) byHash.delete(hash);
    },
  };
}

/** Behind TLS the name itself asks browsers for `Secure`. */
function cookieName(origin: string): string {
  return origin.startsWith("https:") ? "__Secure-plexus" : "plexus-console";
}

export function sessionId(request: Request, origin: string): string | null {
  const name = cookieName(origin);
  for (const pair of (request.headers.get("cookie") ?? "").split(";")) {
    const [key, value] = pair.trim().split("=");
    if (key === name && value) return value;
  }
  return null;
}

/** The Set-Cookie header that begins a session; that ends it when the id is empty. */
export function sessionCookie(origin: string, id: string): string {
  const secure = origin.startsWith("https:") ? "; Secure" : "";
  const age = id === "" ? 0 : longestMs / 1000;
  return `${cookieName(origin)}=${id}; Path=/console; HttpOnly; SameSite=Strict; Max-Age=${age}${secure}`;
}

/**
 * Does a request that changes something come from our own page? What the browser says of its origin decides; a
 * request that says nothing of it is refused.
 */
export function isFromOwnPage(request: Request, origin: string): boolean {
  const site = request.headers.get("sec-fetch-site");
  if (site !== null) return site === "same-origin";
  return request.headers.get("origin") === origin;
}
