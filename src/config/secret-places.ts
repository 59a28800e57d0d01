/**
 * Where a configuration may hold secrets, and what is shown in their place: `{ keep: "last4" }`, which stands for the
 * secret that is stored there.
 */
import { isFields, mapFields, memberAt } from "./fields.ts";
import type { Section } from "./schema.ts";

export type Part = Section | "settings";

/** Names of headers whose values are told, for they are the same for everybody. */
const harmlessHeader =
  /^(accept|accept-.*|anthropic-(beta|version)|content-type|http-referer|openai-(beta|organization|project)|referer|user-agent|x-title|x-goog-user-project)$/i;
const secretName = /auth|key|token|secret|cookie|password|signature|credential/i;
/** Within a body, whatever stands under such a name. */
const secretMember = new RegExp(`${secretName.source}|^headers$`, "i");
const withUser = /^[a-z]+:\/\/[^/]*@/i;
const reference = /^\$\{[^{}]+\}$/;
/** Of a shorter secret four characters are too much of it. */
const shortestTold = 12;

/** May a secret, and so `{ keep }`, stand there? */
function mayBeSecret(part: Part, [first = "", second, ...more]: readonly string[]): boolean {
  if (part === "keys") return first === "secret" || (first === "previous" && second === "secret");
  if (part === "aliases") return first === "body" && second !== undefined;
  if (part === "mcp_servers") return first === "url" || (first === "headers" && second !== undefined);
  if (part !== "providers") return false;
  if (first === "models") return more[0] === "body" && more.length > 1;
  const isMember = ["headers", "query", "body", "protocols"].includes(first) && second !== undefined;
  return isMember || first === "api_key" || first === "proxy" || first === "raw";
}

function isSecret(part: Part, path: readonly string[], value: unknown): boolean {
  if (!mayBeSecret(part, path)) return false;
  if (part === "keys") return true;
  if (typeof value !== "string" || reference.test(value)) return false;
  const [first = "", name = ""] = path;
  if (first === "api_key") return true;
  if (first === "headers") return !harmlessHeader.test(name);
  if (first === "query") return secretName.test(name);
  if (first === "body" || first === "models") return path.slice(1).some((each) => secretMember.test(each));
  return withUser.test(value);
}

/** A copy for people and exports. References (`${NAME}`) are told as they are written. */
export function maskSecrets(part: Part, value: unknown): unknown {
  const walk = (node: unknown, path: readonly string[]): unknown => {
    if (isSecret(part, path, node)) return isKeep(node) ? node : { keep: lastOf(node) };
    if (Array.isArray(node)) return node.map((member, at) => walk(member, [...path, String(at)]));
    return isFields(node) ? mapFields(node, (member, name) => walk(member, [...path, name])) : node;
  };
  return walk(value, []);
}

function lastOf(secret: unknown): string {
  if (isFields(secret)) return typeof secret.last4 === "string" ? secret.last4 : "";
  return typeof secret === "string" && secret.length >= shortestTold && !withUser.test(secret) ? secret.slice(-4) : "";
}

/**
 * `{ keep: … }` in `value` replaced by what `stored` holds in the same place; in lists, whose members may have moved, only
 * by what ends as it says.
 */
export function withKept(part: Part, value: unknown, stored: unknown): unknown {
  const walk = (node: unknown, kept: unknown, path: readonly string[]): unknown => {
    if (Array.isArray(node)) {
      const others: unknown[] = Array.isArray(kept) ? kept : [];
      return node.map((member, at) => walk(member, withEnds(member, others[at]), [...path, String(at)]));
    }
    if (!isFields(node)) return node;
    if (isKeep(node) && mayBeSecret(part, path)) return kept === undefined || kept === null ? node : kept;
    const others = isFields(kept) ? kept : {};
    return mapFields(node, (member, name) =>
      walk(member, Object.hasOwn(others, name) ? others[name] : undefined, [...path, name]),
    );
  };
  return walk(value, stored, []);
}

/** `kept`, unless a secret in it is another than the one that `value` says to keep. */
function withEnds(value: unknown, kept: unknown): unknown {
  const fits = (node: unknown, other: unknown): boolean => {
    if (isKeep(node)) return (node as { keep: string }).keep === lastOf(other);
    if (!isFields(node)) return true;
    return Object.entries(node).every(([name, member]) => fits(member, memberAt(other, [name])));
  };
  return fits(value, kept) ? kept : undefined;
}

/** Paths at which `{ keep }` still stands. */
export function keptNowhere(part: Part, value: unknown): string[] {
  const found: string[] = [];
  const walk = (node: unknown, path: readonly string[]): void => {
    if (Array.isArray(node)) for (const [at, member] of node.entries()) walk(member, [...path, String(at)]);
    if (!isFields(node)) return;
    if (isKeep(node) && mayBeSecret(part, path)) found.push(path.join("."));
    else for (const [name, member] of Object.entries(node)) walk(member, [...path, name]);
  };
  walk(value, []);
  return found;
}

export function isKeep(value: unknown): boolean {
  return isFields(value) && Object.keys(value).length === 1 && typeof value.keep === "string";
}
