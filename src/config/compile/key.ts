/** Client keys to their compiled form, found by the hashes of their secrets. */
import { sha256Hex } from "../../kit/hash.ts";
import { nearest } from "../../kit/nearest.ts";
import { type Network, parseNetwork } from "../address.ts";
import type { KeyConfig } from "../schema/key.ts";
import type { Alias, Key, KeySecret } from "../snapshot.ts";
import { type Context, type Entity, warnUnless } from "./context.ts";

export interface Keys {
  keys: Map<string, Key>;
  keysByHash: Map<string, KeySecret>;
}

interface Known {
  /** Names of all quotas and providers, those with faults of their own included. */
  quotas: ReadonlySet<string>;
  providers: ReadonlySet<string>;
  aliases: ReadonlyMap<string, Alias>;
}

type Secret = KeyConfig["secret"];
interface Hashed {
  hash: string;
  last4: string;
}

export function compileKeys(context: Context, entities: Entity<KeyConfig>[], known: Known): Keys {
  const compiled: Keys = { keys: new Map(), keysByHash: new Map() };
  for (const entity of entities) {
    const { body, path } = entity;
    const secret = hashSecret(context, body.secret, `${path}.secret`);
    const key = compileKey(context, { entity, known, last4: secret?.last4 ?? "" });
    compiled.keys.set(entity.name, key);
    if (secret)
      addSecret(context, compiled, { path: `${path}.secret`, hash: secret.hash, entry: { key, until: null } });
    if (!body.previous) continue;
    const previous = hashSecret(context, body.previous.secret, `${path}.previous.secret`);
    const until = parseTime(context, body.previous.until, `${path}.previous.until`);
    if (!previous || until === null) continue;
    addSecret(context, compiled, { path: `${path}.previous.secret`, hash: previous.hash, entry: { key, until } });
  }
  return compiled;
}

function addSecret(context: Context, keys: Keys, added: { path: string; hash: string; entry: KeySecret }): void {
  const other = keys.keysByHash.get(added.hash);
  if (!other) keys.keysByHash.set(added.hash, added.entry);
  else context.faults.push({ path: added.path, message: `is the same as a secret of the key "${other.key.name}"` });
}

function hashSecret(context: Context, secret: Secret, path: string): Hashed | undefined {
  if (typeof secret === "string") {
    context.secrets.add(secret);
    return { hash: sha256Hex(secret), last4: secret.slice(-4) };
  }
  if ("hash" in secret) return secret;
  context.faults.push({ path, message: "says to keep a stored secret, but none is stored; give the secret itself" });
  return undefined;
}

function compileKey(context: Context, given: { entity: Entity<KeyConfig>; known: Known; last4: string }): Key {
  const { body, path, name, origin } = given.entity;
  checkQuotas(context, given.entity, given.known);
  const later = (field: string, unused: boolean, what: string) =>
    warnUnless(context, unused, { path: `${path}.${field}`, message: `is accepted, but ${what} not in force yet` });
  later("allow_raw", !body.allow_raw, "/raw is");
  later("capture", body.capture === null, "capture is");
  return {
    name,
    origin,
    last4: given.last4,
    comment: body.comment,
    quotas: body.quotas,
    aliases: compileAllowList(context, given.entity, given.known),
    providers: body.providers === null ? null : new Set(checkProviders(context, given.entity, given.known)),
    ips: body.ips === null ? null : compileNetworks(context, body.ips, `${path}.ips`),
    maxConcurrency: body.max_concurrency,
    allowRaw: body.allow_raw,
    revealTarget: body.reveal_target,
    capture: body.capture,
    expiresAt: body.expires_at === null ? null : parseTime(context, body.expires_at, `${path}.expires_at`),
    enabled: body.enabled,
  };
}

function checkQuotas(context: Context, { body, path }: Entity<KeyConfig>, known: Known): void {
  body.quotas.forEach((quota, at) => {
    if (known.quotas.has(quota)) return;
    const meant = nearest(quota, known.quotas);
    const hint = meant ? `; did you mean "${meant}"?` : "";
    context.faults.push({ path: `${path}.quotas.${at}`, message: `there is no quota "${quota}"${hint}` });
  });
}

function checkProviders(context: Context, { body, path }: Entity<KeyConfig>, known: Known): readonly string[] {
  const providers = body.providers ?? [];
  providers.forEach((provider, at) => {
    warnUnless(context, known.providers.has(provider), {
      path: `${path}.providers.${at}`,
      message: `there is no provider "${provider}"`,
    });
  });
  return providers;
}

/** A key that may call an alias may call it by each of its names. */
function compileAllowList(context: Context, { body, path }: Entity<KeyConfig>, known: Known): Set<string> | null {
  if (body.aliases === null) return null;
  const allowed = new Set<string>();
  body.aliases.forEach((name, at) => {
    allowed.add(name);
    const alias = known.aliases.get(name);
    for (const each of alias ? [alias.name, ...alias.also] : []) allowed.add(each);
    const slash = name.indexOf("/");
    const exists = alias !== undefined || (slash > 0 && known.providers.has(name.slice(0, slash)));
    warnUnless(context, exists, { path: `${path}.aliases.${at}`, message: `there is no alias "${name}"` });
  });
  return allowed;
}

export function compileNetworks(context: Context, texts: readonly string[], path: string): Network[] {
  const networks: Network[] = [];
  texts.forEach((text, at) => {
    const network = parseNetwork(text);
    if (network) networks.push(network);
    else context.faults.push({ path: `${path}.${at}`, message: `"${text}" is neither an IP address nor a network` });
  });
  return networks;
}

/** Epoch milliseconds of a date, or of a date and time with its zone. */
function parseTime(context: Context, text: string, path: string): number | null {
  const dated = /^\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d))?$/.test(text);
  const time = dated ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  context.faults.push({ path, message: "must be a date and time such as 2027-01-31T00:00:00Z" });
  return null;
}
