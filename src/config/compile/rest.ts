/** Quotas, MCP servers and settings to their compiled forms. */
import { isSame, memberAt } from "../fields.ts";
import { fillDefaults } from "../fill.ts";
import type { McpServerConfig, QuotaConfig } from "../schema/limits.ts";
import { type SettingsConfig, settingsNotInForce, settings as settingsSchema } from "../schema/settings.ts";
import type { Alias, McpServer, Quota, Settings } from "../snapshot.ts";
import { type Context, type Entity, warnUnless } from "./context.ts";
import { compileNetworks } from "./key.ts";
import { compileHeaders } from "./provider.ts";

const day = 86_400_000;
const unitMs: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: day };

export function compileQuota(context: Context, { body, path, name, origin }: Entity<QuotaConfig>): Quota {
  const at = `${path}.period`;
  let periodMs: number | null = null;
  if (body.window === "rolling") {
    if (body.period === undefined) {
      context.faults.push({ path: at, message: "is required for a rolling window, for example 5h" });
    } else {
      periodMs = Number(body.period.slice(0, -1)) * (unitMs[body.period.slice(-1)] ?? 0);
      if (periodMs < 30_000 || periodMs > 31 * day) {
        context.faults.push({ path: at, message: "must be from 30s to 31d" });
      }
    }
  } else if (body.period !== undefined) {
    context.faults.push({ path: at, message: "goes with a rolling window only" });
  }
  const { unit, limit, window, warn, shared, unpriced } = body;
  return { name, origin, unit, limit, window, periodMs, warn, shared, unpriced };
}

export function compileMcpServer(context: Context, { body, path, name, origin }: Entity<McpServerConfig>): McpServer {
  context.warnings.push({ path, message: "is accepted, but the MCP proxy is not in force yet" });
  return {
    name,
    origin,
    url: body.url,
    headers: compileHeaders(context, body.headers, `${path}.headers`),
    enabled: body.enabled,
    timeoutMs: body.timeout_s * 1000,
  };
}

export function compileSettings(context: Context, body: SettingsConfig, aliases: ReadonlyMap<string, Alias>): Settings {
  checkSettings(context, body, aliases);
  return {
    publicUrl: body.public_url === null ? null : body.public_url.replace(/\/+$/, ""),
    trustedProxies: compileNetworks(context, body.trusted_proxies, "settings.trusted_proxies"),
    vision: {
      descriptor: body.vision.descriptor,
      prompt: body.vision.prompt,
      cacheMs: body.vision.cache_days * day,
    },
    cooldown: {
      initialMs: body.cooldown.initial_s * 1000,
      maxMs: body.cooldown.max_s * 1000,
      probeMs: body.cooldown.probe_s * 1000,
      onTimeout: body.cooldown.on_timeout,
    },
    failover: { enabled: body.failover.enabled, maxAttempts: body.failover.max_attempts },
    timeouts: {
      requestMs: body.timeouts.request_s * 1000,
      connectMs: body.timeouts.connect_s * 1000,
      idleMs: body.timeouts.idle_s * 1000,
    },
    heartbeatMs: body.heartbeat_s * 1000,
    exploration: body.exploration,
    limits: {
      bodyBytes: Math.floor(body.limits.body_mb * 1_048_576),
      headerBytes: Math.floor(body.limits.header_kb * 1024),
    },
    media: {
      fetch: body.media.fetch,
      maxBytes: Math.floor(body.media.max_mb * 1_048_576),
      allowPrivate: body.media.allow_private,
    },
    capture: {
      mode: body.capture.mode,
      retentionMs: body.capture.retention_days * day,
      maxBytes: body.capture.max_mb * 1_048_576,
      bodies: body.capture.bodies,
    },
    responses: { retentionMs: body.responses.retention_days * day },
    seals: { retentionMs: body.seals.retention_days * day },
    usage: { retentionMs: body.usage.retention_days * day },
    timezone: body.timezone,
    currency: { code: body.currency.code, perUsd: body.currency.per_usd },
  };
}

const defaults = fillDefaults(settingsSchema, {});

function checkSettings(context: Context, body: SettingsConfig, aliases: ReadonlyMap<string, Alias>): void {
  if (body.cooldown.initial_s > body.cooldown.max_s) {
    context.faults.push({ path: "settings.cooldown.initial_s", message: "must not be more than max_s" });
  }
  if (!isTimezone(body.timezone)) {
    context.faults.push({ path: "settings.timezone", message: `"${body.timezone}" is not a known time zone` });
  }
  for (const [path, what] of Object.entries(settingsNotInForce)) {
    const isDefault = isSame(memberAt(body, path.split(".")), memberAt(defaults, path.split(".")));
    warnUnless(context, isDefault, { path: `settings.${path}`, message: `is accepted, but ${what} not in force yet` });
  }
  const descriptor = body.vision.descriptor;
  for (const alias of aliases.values()) {
    warnUnless(context, !alias.visionFallthrough || descriptor !== null, {
      path: `aliases.${alias.name}.vision_fallthrough`,
      message: "does nothing without settings.vision.descriptor",
    });
  }
  warnUnless(context, descriptor === null || descriptor.includes("/") || aliases.has(descriptor), {
    path: "settings.vision.descriptor",
    message: `there is no alias "${descriptor}"`,
  });
}

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
