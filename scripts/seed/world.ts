// Who asks whom for what in the made-up year, and the configuration that goes with it.
import type { JsonObject } from "../../src/model/json.ts";

export interface SeedTarget {
  provider: string;
  model: string;
  /** The protocol in which it is asked. */
  protocol: string;
  /** $ per million tokens; null: nobody knows. */
  price: { input: number; output: number; cache_read: number } | null;
  ttftMs: number;
  tokensPerSecond: number;
  /** Share of attempts that fail. */
  fails: number;
}

const claude = { protocol: "messages", price: { input: 3, output: 15, cache_read: 0.3 } };
const gpt = { protocol: "responses", price: { input: 1.25, output: 10, cache_read: 0.125 } };
const mini = { protocol: "chat", price: { input: 0.25, output: 2, cache_read: 0.025 } };

const targets = {
  claude: {
    ...{ provider: "anthropic", model: "claude-sonnet-4-5", ...claude },
    ...{ ttftMs: 1100, tokensPerSecond: 65, fails: 0.03 },
  },
  routedClaude: {
    ...{ provider: "openrouter", model: "anthropic/claude-sonnet-4.5", ...claude, protocol: "chat" },
    ...{ ttftMs: 1500, tokensPerSecond: 58, fails: 0.02 },
  },
  gpt: {
    ...{ provider: "openai", model: "gpt-5.1", ...gpt },
    ...{ ttftMs: 1900, tokensPerSecond: 80, fails: 0.02 },
  },
  routedGpt: {
    ...{ provider: "openrouter", model: "openai/gpt-5.1", ...gpt, protocol: "chat" },
    ...{ ttftMs: 2300, tokensPerSecond: 70, fails: 0.03 },
  },
  mini: {
    ...{ provider: "openai", model: "gpt-5-mini", ...mini },
    ...{ ttftMs: 650, tokensPerSecond: 140, fails: 0.015 },
  },
  flash: {
    ...{ provider: "gemini", model: "gemini-2.5-flash", protocol: "gemini" },
    price: { input: 0.3, output: 2.5, cache_read: 0.075 },
    ...{ ttftMs: 480, tokensPerSecond: 190, fails: 0.04 },
  },
  local: {
    ...{ provider: "workstation", model: "qwen3-coder", protocol: "chat", price: null },
    ...{ ttftMs: 300, tokensPerSecond: 35, fails: 0.06 },
  },
} as const satisfies Record<string, SeedTarget>;

export interface SeedAlias {
  name: string;
  weight: number;
  selector: string;
  /** What its scores are; none for those that do not measure. */
  measure: string;
  targets: readonly SeedTarget[];
  /** Usual size of a request. */
  input: number;
  output: number;
}

const { claude: sonnet, routedClaude, gpt: large, routedGpt, mini: small, flash, local } = targets;

export const aliases: readonly SeedAlias[] = [
  {
    ...{ name: "sonnet", weight: 34, selector: "in_order", measure: "", input: 42_000, output: 700 },
    targets: [sonnet, routedClaude],
  },
  {
    ...{ name: "gpt", weight: 22, selector: "cost", measure: "cost_nano", input: 18_000, output: 900 },
    targets: [large, routedGpt],
  },
  {
    ...{ name: "fast", weight: 26, selector: "latency", measure: "ttft_ms", input: 2400, output: 260 },
    targets: [flash, small],
  },
  {
    ...{ name: "local", weight: 10, selector: "random", measure: "", input: 6000, output: 400 },
    targets: [local],
  },
  {
    ...{ name: "anything", weight: 8, selector: "performance", measure: "tokens_per_s", input: 9000, output: 500 },
    targets: [small, flash, sonnet, large],
  },
];

export interface SeedKey {
  name: string;
  weight: number;
  labels: readonly (string | null)[];
  /** The protocol that its client speaks. */
  protocols: readonly string[];
  /** Share of its requests that are streams. */
  streams: number;
  aliases: readonly string[];
  /** How much of its traffic comes at night. */
  night: number;
  address: string;
}

const all = aliases.map(({ name }) => name);

export const keys: readonly SeedKey[] = [
  {
    ...{ name: "laptop", weight: 40, labels: ["repo:main", "repo:docs", null], protocols: ["messages", "responses"] },
    ...{ streams: 0.95, aliases: ["sonnet", "gpt", "anything"], night: 0.05, address: "192.0.2.14" },
  },
  {
    ...{ name: "ci", weight: 22, labels: ["pipeline:test", "pipeline:review"], protocols: ["chat", "responses"] },
    ...{ streams: 0.1, aliases: ["gpt", "fast"], night: 0.5, address: "198.51.100.7" },
  },
  {
    ...{ name: "web-app", weight: 24, labels: ["chat", "search", null], protocols: ["chat"] },
    ...{ streams: 0.8, aliases: ["fast", "anything"], night: 0.25, address: "203.0.113.40" },
  },
  {
    ...{ name: "research", weight: 10, labels: [null, "batch:7"], protocols: ["gemini", "chat"] },
    ...{ streams: 0.4, aliases: all, night: 0.7, address: "192.0.2.77" },
  },
  {
    ...{ name: "visitor", weight: 4, labels: [null], protocols: ["chat", "messages"] },
    ...{ streams: 0.7, aliases: ["local", "fast"], night: 0.1, address: "203.0.113.9" },
  },
];

export interface ConfigOptions {
  /** Where all providers are; unsaid, at names that nobody has. */
  upstream?: string;
  /** Of the key of a name; unsaid, one that nobody is told. */
  secretOf?: (key: string) => string;
}

/** The providers, aliases, keys and quotas of that year. Nothing in it is a secret that opens anything. */
export function seedConfig({ upstream, secretOf = unknownSecret }: ConfigOptions = {}): JsonObject {
  const providers: Record<string, JsonObject> = {};
  for (const { provider, model, protocol, price } of Object.values(targets)) {
    const known = providers[provider];
    const base = upstream ?? `https://${provider}.demo.invalid`;
    const path = protocol === "gemini" ? "v1beta" : "v1";
    const facts = { ...(price ? { price: { ...price } } : {}) };
    providers[provider] = {
      name: `${provider} (demo)`,
      protocols: { ...(known?.protocols as JsonObject | undefined), [protocol]: `${base}/${path}` },
      api_key: `demo-of-${provider}-0123456789`,
      models: { ...(known?.models as JsonObject | undefined), [model]: facts },
    };
  }
  const named = aliases.map(({ name, selector, targets: list }): [string, JsonObject] => [
    name,
    { selector, targets: list.map(({ provider, model }) => `${provider}/${model}`) },
  ]);
  return {
    providers,
    aliases: Object.fromEntries(named),
    quotas: {
      "day-25-dollars": { unit: "cost", limit: 25, window: "daily", unpriced: "allow" },
      "month-tokens": { unit: "tokens", limit: 400_000_000, window: "monthly", shared: true },
      burst: { unit: "requests", limit: 600, window: "rolling", period: "5h" },
    },
    keys: Object.fromEntries(keys.map((key): [string, JsonObject] => [key.name, keyConfig(key, secretOf(key.name))])),
  };
}

function unknownSecret(): string {
  return `sk-${crypto.randomUUID()}${crypto.randomUUID()}`;
}

const quotasOf: Record<string, string[]> = {
  laptop: ["day-25-dollars", "month-tokens"],
  research: ["month-tokens"],
  visitor: ["burst"],
};

function keyConfig({ name, aliases: may }: SeedKey, secret: string): JsonObject {
  return {
    ...{ secret, comment: "made by npm run seed" },
    ...(quotasOf[name] ? { quotas: quotasOf[name] } : {}),
    ...(may.length < aliases.length ? { aliases: [...may] } : {}),
  };
}
