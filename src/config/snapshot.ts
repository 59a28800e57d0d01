/**
 * The compiled configuration: plain data and ready maps, frozen, swapped as one reference. Times are in milliseconds,
 * sizes in bytes. Nothing that moves (cooldowns, counters, tokens) lives here.
 */
import type { Json } from "../model/json.ts";
import type { Network } from "./address.ts";
import type { SelectorName } from "./schema/alias.ts";
import type { Price } from "./schema/price.ts";
import type { ProtocolKey } from "./schema/provider.ts";

/** Where an entity is defined. Those of the file are read-only elsewhere. */
export type Origin = "file" | "database" | "builtin";

export interface Fault {
  /** Dotted path in the configuration: `aliases.sonnet.targets.0`. */
  readonly path: string;
  readonly message: string;
}
export type Warning = Fault;

export type Auth = "bearer" | "x-api-key" | "x-goog-api-key" | "none" | { readonly header: string };

export interface CaptureOverride {
  readonly mode?: "off" | "errors" | "all";
  readonly bodies?: boolean;
}

export interface ModelFacts {
  readonly id: string;
  readonly price: Price | null;
  /** The only protocols of the provider that this model is offered with; null for all. */
  readonly protocols: readonly ProtocolKey[] | null;
  /** Null when unknown, as for all numbers here. */
  readonly vision: boolean | null;
  readonly context: number | null;
  readonly maxOutput: number | null;
  readonly quirks: readonly string[];
  readonly body: Readonly<Record<string, Json>>;
}

export interface Provider {
  readonly id: string;
  readonly origin: Origin;
  /** Label for people; the id when none was given. */
  readonly name: string;
  /** In the order written; base URLs without a trailing slash. */
  readonly protocols: readonly { readonly name: ProtocolKey; readonly baseUrl: string }[];
  readonly apiKey?: string;
  readonly oauth: { readonly kind: string; readonly account: string } | null;
  /** Undefined: as the protocol has it. */
  readonly auth?: Auth;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, Json>>;
  readonly proxy: string | null;
  readonly enabled: boolean;
  readonly cooldown: boolean;
  readonly maxConcurrency: number | null;
  /** One attempt, until committed. */
  readonly timeoutMs: number;
  readonly stall: {
    readonly firstByteMs: number | null;
    readonly minBytesPerSecond: number | null;
    readonly windowMs: number;
    readonly graceMs: number;
  };
  readonly quirks: readonly string[];
  readonly estimateTokens: boolean;
  readonly capture: CaptureOverride | null;
  readonly allowance: { readonly kind: string; readonly everyMs: number; readonly stopAt: number } | null;
  readonly raw: string | null;
  /** The listed models, in their order. A target may name others. */
  readonly models: ReadonlyMap<string, ModelFacts>;
}

export interface Target {
  readonly provider: string;
  readonly model: string;
  readonly weight: number;
  readonly enabled: boolean;
}

export interface Group {
  readonly name: string;
  readonly selector: SelectorName;
  readonly targets: readonly Target[];
}

export interface Alias {
  readonly name: string;
  readonly origin: Origin;
  readonly also: readonly string[];
  readonly priority: "selector" | "api_match";
  /** At least one, each with at least one target. */
  readonly groups: readonly Group[];
  readonly visionFallthrough: boolean;
  readonly sticky: boolean;
  readonly capture: CaptureOverride | null;
  readonly body: Readonly<Record<string, Json>>;
}

export interface Key {
  readonly name: string;
  readonly origin: Origin;
  readonly last4: string;
  readonly comment: string;
  readonly quotas: readonly string[];
  /** Names that it may call, all names of a listed alias included; null for all. */
  readonly aliases: ReadonlySet<string> | null;
  readonly providers: ReadonlySet<string> | null;
  readonly ips: readonly Network[] | null;
  readonly maxConcurrency: number | null;
  readonly allowRaw: boolean;
  readonly revealTarget: boolean;
  readonly capture: CaptureOverride | null;
  /** Epoch milliseconds. */
  readonly expiresAt: number | null;
  readonly enabled: boolean;
}

/** One secret that opens a key. `until` (epoch milliseconds) is set on the previous secret of a rotation. */
export interface KeySecret {
  readonly key: Key;
  readonly until: number | null;
}

export interface Quota {
  readonly name: string;
  readonly origin: Origin;
  readonly unit: "tokens" | "requests" | "cost";
  /** In the unit; cost in US dollars. */
  readonly limit: number;
  readonly window: "rolling" | "daily" | "weekly" | "monthly";
  /** Of a rolling window. */
  readonly periodMs: number | null;
  readonly warn: number;
  readonly shared: boolean;
  readonly unpriced: "refuse" | "allow";
}

export interface McpServer {
  readonly name: string;
  readonly origin: Origin;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly enabled: boolean;
  readonly timeoutMs: number;
}

export interface Settings {
  readonly publicUrl: string | null;
  readonly trustedProxies: readonly Network[];
  readonly vision: { readonly descriptor: string | null; readonly prompt: string | null; readonly cacheMs: number };
  readonly cooldown: {
    readonly initialMs: number;
    readonly maxMs: number;
    readonly probeMs: number;
    readonly onTimeout: boolean;
  };
  readonly failover: { readonly enabled: boolean; readonly maxAttempts: number };
  readonly timeouts: { readonly requestMs: number; readonly connectMs: number; readonly idleMs: number };
  readonly heartbeatMs: number;
  readonly exploration: number;
  readonly limits: { readonly bodyBytes: number; readonly headerBytes: number };
  /** What is fetched for a provider that takes no addresses. */
  readonly media: { readonly fetch: boolean; readonly maxBytes: number; readonly allowPrivate: boolean };
  readonly capture: {
    readonly mode: "off" | "errors" | "all";
    readonly retentionMs: number;
    readonly maxBytes: number;
    readonly bodies: boolean;
  };
  readonly responses: { readonly retentionMs: number };
  readonly seals: { readonly retentionMs: number };
  readonly usage: { readonly retentionMs: number };
  readonly timezone: string;
  readonly currency: { readonly code: string; readonly perUsd: number };
}

/** A price list that was loaded: its number, when that was (epoch milliseconds), its text (metering/price-list.ts). */
export interface StoredPrices {
  readonly version: number;
  readonly at: number;
  readonly text: string;
}

export interface Snapshot {
  /** The version of the database's configuration that this was made of; 0 without one. */
  readonly version: number;
  /** The newest that was loaded; null when there is none but the one in the binary. */
  readonly prices: StoredPrices | null;
  readonly providers: ReadonlyMap<string, Provider>;
  /** Protocols that several of them speak, the built-in one not counted. */
  readonly sharedProtocols: ReadonlySet<string>;
  /** Under every name: the alias's own and its `also`. */
  readonly aliases: ReadonlyMap<string, Alias>;
  /** Under their names. */
  readonly keys: ReadonlyMap<string, Key>;
  /** Under the SHA-256 (hex) of each secret that opens them. */
  readonly keysByHash: ReadonlyMap<string, KeySecret>;
  readonly quotas: ReadonlyMap<string, Quota>;
  readonly mcpServers: ReadonlyMap<string, McpServer>;
  readonly settings: Settings;
  /** What is accepted but not in force, or probably a mistake. */
  readonly warnings: readonly Warning[];
  /** Every configured secret in clear, for redaction only. */
  readonly secrets: readonly string[];
}
