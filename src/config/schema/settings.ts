/** Schema of the settings, every field with its default. */
import { type Static, type TProperties, Type } from "@sinclair/typebox";
import { closed, network, nullable, url } from "./common.ts";

function section<Properties extends TProperties>(properties: Properties) {
  return Type.Object(properties, { ...closed, default: {} });
}

function seconds(normal: number, minimum = 0) {
  return Type.Number({ minimum, maximum: 31_536_000, default: normal });
}

function days(normal: number) {
  return Type.Number({ minimum: 0, maximum: 36_500, default: normal });
}

export const settings = section({
  public_url: nullable(url),
  trusted_proxies: Type.Array(network, { default: [] }),
  vision: section({
    descriptor: nullable(Type.String({ minLength: 1, maxLength: 512 })),
    prompt: nullable(Type.String({ maxLength: 16_384 })),
    cache_days: days(30),
  }),
  cooldown: section({
    initial_s: seconds(120),
    max_s: seconds(18_000),
    probe_s: seconds(900),
    on_timeout: Type.Boolean({ default: false }),
  }),
  failover: section({
    enabled: Type.Boolean({ default: true }),
    max_attempts: Type.Integer({ minimum: 1, maximum: 100, default: 5 }),
  }),
  timeouts: section({ request_s: seconds(600, 0.001), connect_s: seconds(10, 0.001), idle_s: seconds(120, 0.001) }),
  heartbeat_s: Type.Number({ minimum: 0.01, maximum: 3600, default: 15 }),
  exploration: Type.Number({ minimum: 0, maximum: 1, default: 0.05 }),
  limits: section({
    body_mb: Type.Number({ exclusiveMinimum: 0, maximum: 4096, default: 100 }),
    header_kb: Type.Number({ minimum: 1, maximum: 1024, default: 64 }),
  }),
  media: section({
    fetch: Type.Boolean({ default: true }),
    max_mb: Type.Number({ exclusiveMinimum: 0, maximum: 1024, default: 20 }),
    allow_private: Type.Boolean({ default: false }),
  }),
  capture: section({
    mode: Type.Union([Type.Literal("off"), Type.Literal("errors"), Type.Literal("all")], {
      default: "errors",
      expects: "off, errors or all",
    }),
    retention_days: days(30),
    max_mb: Type.Number({ minimum: 0, default: 2048 }),
    bodies: Type.Boolean({ default: true }),
  }),
  responses: section({ retention_days: days(7) }),
  seals: section({ retention_days: days(30) }),
  usage: section({ retention_days: days(400) }),
  timezone: Type.String({ minLength: 1, maxLength: 64, default: "UTC" }),
  currency: section({
    code: Type.String({ pattern: "^[A-Z]{3}$", default: "USD", expects: "a currency code of three capital letters" }),
    per_usd: Type.Number({ exclusiveMinimum: 0, default: 1 }),
  }),
});

/** Settings that are accepted and kept, and that nothing makes use of yet: their paths, and what it is that is not. */
export const settingsNotInForce: Readonly<Record<string, string>> = {
  capture: "capture is",
  "usage.retention_days": "taking old usage out is",
  currency: "another currency is",
};

export type SettingsConfig = Static<typeof settings>;
