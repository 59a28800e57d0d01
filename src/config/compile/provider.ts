/** A provider's configuration to its compiled form. */
import { nearest } from "../../kit/nearest.ts";
import type { Json } from "../../model/json.ts";
import type { Keep } from "../schema/common.ts";
import { type ModelConfig, type ProtocolKey, type ProviderConfig, protocolKeys } from "../schema/provider.ts";
import type { ModelFacts, Provider } from "../snapshot.ts";
import { type Context, type Entity, type Names, warnUnless } from "./context.ts";

export const demoId = "demo";
/** Set by the transport or by us: a configured one would break the request. */
const ownHeaders = new Set(["host", "connection", "content-length", "transfer-encoding", "upgrade", "te", "trailer"]);
const secretHeader = /auth|key|token|secret|cookie|password/i;

export function compileProvider(context: Context, entity: Entity<ProviderConfig>): Provider {
  const { body, path, name } = entity;
  const protocols = protocolsOf(body);
  const apiKey = plainSecret(context, body.api_key, `${path}.api_key`);
  checkProvider(context, entity);
  return {
    id: name,
    origin: entity.origin,
    name: body.name ?? name,
    protocols,
    ...(apiKey === undefined ? {} : { apiKey }),
    oauth: body.oauth ?? null,
    ...(body.auth === undefined || body.auth === null ? {} : { auth: body.auth }),
    headers: compileHeaders(context, body.headers, `${path}.headers`),
    query: compileQuery(context, body.query, `${path}.query`),
    body: body.body as Record<string, Json>,
    proxy: compileProxy(context, body.proxy, `${path}.proxy`),
    enabled: body.enabled,
    cooldown: body.cooldown,
    maxConcurrency: body.max_concurrency,
    timeoutMs: body.timeout_s * 1000,
    stall: {
      firstByteMs: body.stall.first_byte_s === null ? null : body.stall.first_byte_s * 1000,
      minBytesPerSecond: body.stall.min_bytes_per_s,
      windowMs: body.stall.window_s * 1000,
      graceMs: body.stall.grace_s * 1000,
    },
    quirks: body.quirks,
    estimateTokens: body.estimate_tokens,
    capture: body.capture,
    allowance: body.allowance
      ? { kind: body.allowance.kind, everyMs: body.allowance.every_min * 60_000, stopAt: body.allowance.stop_at }
      : null,
    raw: body.raw === null ? null : trimSlashes(body.raw),
    models: compileModels(context, entity, protocols),
  };
}

/** The provider that is always there: no address, no credential. */
export function demoProvider(names: Names): Provider {
  const protocols = protocolKeys.filter((key) => names.demoProtocols.includes(key));
  protocols.sort((a, b) => names.demoProtocols.indexOf(a) - names.demoProtocols.indexOf(b));
  const facts: ModelFacts = {
    id: demoId,
    price: { input: 0, output: 0 },
    protocols: null,
    vision: true,
    context: null,
    maxOutput: null,
    quirks: [],
    body: {},
  };
  return {
    id: demoId,
    origin: "builtin",
    name: "Demo",
    protocols: protocols.map((name) => ({ name, baseUrl: `demo:${name}` })),
    oauth: null,
    auth: "none",
    headers: {},
    query: {},
    body: {},
    proxy: null,
    enabled: true,
    cooldown: false,
    maxConcurrency: null,
    timeoutMs: 300_000,
    stall: { firstByteMs: null, minBytesPerSecond: null, windowMs: 10_000, graceMs: 30_000 },
    quirks: [],
    estimateTokens: false,
    capture: null,
    allowance: null,
    raw: null,
    models: new Map([[demoId, facts]]),
  };
}

function protocolsOf(body: ProviderConfig): Provider["protocols"] {
  return Object.entries(body.protocols).map(([key, baseUrl]) => ({
    name: key as ProtocolKey,
    baseUrl: trimSlashes(baseUrl),
  }));
}

function trimSlashes(text: string): string {
  return text.replace(/\/+$/, "");
}

/** Headers by their names in lower case. */
export function compileHeaders(context: Context, headers: Record<string, string | Keep>, path: string) {
  const compiled: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (ownHeaders.has(lower)) {
      context.faults.push({ path: `${path}.${name}`, message: "is set by Plexus itself and cannot be configured" });
    } else if (lower in compiled) {
      context.faults.push({ path: `${path}.${name}`, message: "is given twice" });
    }
    if (typeof value === "string") {
      compiled[lower] = value;
      if (secretHeader.test(lower) && value.length >= 8) context.secrets.add(value);
    } else {
      plainSecret(context, value, `${path}.${name}`);
    }
  }
  return compiled;
}

function compileQuery(context: Context, query: Record<string, string | Keep>, path: string): Record<string, string> {
  const compiled = Object.entries(query).map(([name, value]): [string, string] => {
    if (typeof value === "string" && !secretHeader.test(name)) return [name, value];
    return [name, plainSecret(context, value, `${path}.${name}`) ?? ""];
  });
  return Object.fromEntries(compiled);
}

function compileProxy(context: Context, proxy: string | Keep | null, path: string): string | null {
  if (typeof proxy !== "string") return plainSecret(context, proxy, path) ?? null;
  const password = URL.canParse(proxy) ? new URL(proxy).password : "";
  if (password.length >= 8) context.secrets.add(password);
  return proxy;
}

/** The secret itself. One that is only kept was not found in the database and is a fault. */
function plainSecret(context: Context, value: string | Keep | null | undefined, path: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") {
    if (value.length >= 8) context.secrets.add(value);
    return value;
  }
  context.faults.push({ path, message: "says to keep a stored secret, but none is stored; give the secret itself" });
  return undefined;
}

function compileModels(
  context: Context,
  entity: Entity<ProviderConfig>,
  protocols: Provider["protocols"],
): Map<string, ModelFacts> {
  const { models } = entity.body;
  const listed: [string, Partial<ModelConfig> | null][] = Array.isArray(models)
    ? models.map((id) => [id, null])
    : Object.entries(models);
  const compiled = new Map<string, ModelFacts>();
  for (const [id, facts] of listed) {
    const path = `${entity.path}.models.${id}`;
    for (const key of facts?.protocols ?? []) {
      if (protocols.some((protocol) => protocol.name === key)) continue;
      context.faults.push({ path: `${path}.protocols`, message: `names "${key}", which the provider does not have` });
    }
    checkQuirks(context, facts?.quirks ?? [], path);
    compiled.set(id, {
      id,
      price: facts?.price ?? null,
      protocols: facts?.protocols ?? null,
      vision: facts?.vision ?? null,
      context: facts?.context ?? null,
      maxOutput: facts?.max_output ?? null,
      quirks: facts?.quirks ?? [],
      body: (facts?.body ?? {}) as Record<string, Json>,
    });
  }
  return compiled;
}

function checkProvider(context: Context, { body, path }: Entity<ProviderConfig>): void {
  checkQuirks(context, body.quirks, path);
  if (body.api_key && body.oauth) {
    context.faults.push({ path: `${path}.oauth`, message: "and api_key exclude each other; give one of them" });
  }
  const later = (field: string, unused: boolean, what: string) =>
    warnUnless(context, unused, { path: `${path}.${field}`, message: `is accepted, but ${what} not in force yet` });
  later("oauth", !body.oauth, "logins are");
  later("allowance", body.allowance === null, "allowance checks are");
  later("raw", body.raw === null, "/raw is");
  later("capture", body.capture === null, "capture is");
  const spoken = Object.keys(body.protocols);
  for (const key of spoken.filter((each) => !context.names.protocols.includes(each))) {
    later(`protocols.${key}`, false, "this protocol is");
  }
}

function checkQuirks(context: Context, quirks: readonly string[], path: string): void {
  quirks.forEach((quirk, at) => {
    if (context.names.quirks.includes(quirk)) return;
    const meant = nearest(quirk, context.names.quirks);
    const hint = meant ? `; did you mean "${meant}"?` : "";
    context.faults.push({ path: `${path}.quirks.${at}`, message: `"${quirk}" is not a known quirk${hint}` });
  });
}
