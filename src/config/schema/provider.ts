/** Schema of a provider and its models. */
import { type Static, Type } from "@sinclair/typebox";
import { body, captureOverride, closed, credential, headers, keep, nullable, url } from "./common.ts";
import { price } from "./price.ts";

/** In the order in which editors offer them; the order that counts is the one written in a configuration. */
export const protocolKeys = [
  "chat",
  "responses",
  "messages",
  "gemini",
  "embeddings",
  "images",
  "speech",
  "transcription",
  "moderations",
  "rerank",
] as const;
export type ProtocolKey = (typeof protocolKeys)[number];

const protocolKey = Type.Union(protocolKeys.map((key) => Type.Literal(key)));

const protocols = Type.Partial(
  Type.Object({
    chat: url,
    responses: url,
    messages: url,
    gemini: url,
    embeddings: url,
    images: url,
    speech: url,
    transcription: url,
    moderations: url,
    rerank: url,
  }),
  { ...closed, minProperties: 1, expects: "at least one protocol with its base URL" },
);

const quirks = Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { default: [] });

export const modelSchema = Type.Object(
  {
    price: Type.Optional(nullable(price)),
    protocols: nullable(Type.Array(protocolKey, { minItems: 1 })),
    vision: Type.Optional(nullable(Type.Boolean())),
    context: Type.Optional(nullable(Type.Integer({ minimum: 1 }))),
    max_output: Type.Optional(nullable(Type.Integer({ minimum: 1 }))),
    quirks,
    body,
  },
  closed,
);
const modelId = Type.String({ minLength: 1, maxLength: 256 });

const auth = Type.Union(
  [
    Type.Literal("bearer"),
    Type.Literal("x-api-key"),
    Type.Literal("x-goog-api-key"),
    Type.Literal("none"),
    Type.Object(
      { header: Type.String({ pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$", expects: "a header name" }) },
      closed,
    ),
  ],
  { expects: "bearer, x-api-key, x-goog-api-key, none or { header: NAME }" },
);

const limited = Type.Number({ exclusiveMinimum: 0, maximum: 86_400 });
const stall = Type.Object(
  {
    first_byte_s: nullable(limited),
    min_bytes_per_s: nullable(Type.Number({ exclusiveMinimum: 0 })),
    window_s: Type.Number({ exclusiveMinimum: 0, maximum: 86_400, default: 10 }),
    grace_s: Type.Number({ minimum: 0, maximum: 86_400, default: 30 }),
  },
  { ...closed, default: {} },
);

const allowance = Type.Object(
  {
    kind: Type.String({ minLength: 1, maxLength: 64 }),
    every_min: Type.Number({ exclusiveMinimum: 0, maximum: 10_080, default: 10 }),
    stop_at: Type.Number({ exclusiveMinimum: 0, maximum: 1, default: 0.99 }),
  },
  closed,
);

export const provider = Type.Object(
  {
    name: Type.Optional(nullable(Type.String({ maxLength: 128 }))),
    protocols,
    api_key: Type.Optional(nullable(Type.Union([credential, keep]))),
    oauth: Type.Optional(
      nullable(
        Type.Object(
          {
            kind: Type.String({ minLength: 1, maxLength: 64 }),
            account: Type.String({ minLength: 1, maxLength: 64, default: "default" }),
          },
          closed,
        ),
      ),
    ),
    auth: Type.Optional(nullable(auth)),
    headers,
    query: Type.Record(Type.String(), Type.Union([Type.String(), keep], { expects: "text" }), { default: {} }),
    body,
    proxy: Type.Union([Type.String({ pattern: "^https?://\\S+$", maxLength: 2048 }), keep, Type.Null()], {
      default: null,
      expects: "an http or https URL",
    }),
    enabled: Type.Boolean({ default: true }),
    cooldown: Type.Boolean({ default: true }),
    max_concurrency: nullable(Type.Integer({ minimum: 1 })),
    timeout_s: Type.Number({ exclusiveMinimum: 0, maximum: 86_400, default: 300 }),
    stall,
    quirks,
    estimate_tokens: Type.Boolean({ default: false }),
    capture: captureOverride,
    allowance: nullable(allowance),
    raw: nullable(url),
    models: Type.Union([Type.Array(modelId), Type.Record(modelId, Type.Union([modelSchema, Type.Null()]))], {
      default: {},
      expects: "a list of model ids, or model ids with their facts",
    }),
  },
  closed,
);
export type ProviderConfig = Static<typeof provider>;
export type ModelConfig = Static<typeof modelSchema>;
