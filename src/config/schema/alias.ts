/** Schema of an alias: a name that clients call, and the targets behind it. */
import { type Static, Type } from "@sinclair/typebox";
import { body, captureOverride, closed } from "./common.ts";

/** Every selector that a configuration may name. */
export const selectorNames = [
  "random",
  "in_order",
  "cost",
  "performance",
  "latency",
  "usage",
  "allowance",
  "e2e_performance",
] as const;
export type SelectorName = (typeof selectorNames)[number];

const selector = Type.Union(
  selectorNames.map((name) => Type.Literal(name)),
  { expects: `one of ${selectorNames.join(", ")}` },
);

const target = Type.Union(
  [
    Type.String({ pattern: "^[^/\\s]+/.+$", maxLength: 400, expects: '"provider/model"' }),
    Type.Object(
      {
        provider: Type.String({ minLength: 1, maxLength: 64 }),
        model: Type.String({ minLength: 1, maxLength: 256 }),
        weight: Type.Number({ minimum: 0, maximum: 1_000_000, default: 1 }),
        enabled: Type.Boolean({ default: true }),
      },
      closed,
    ),
  ],
  { expects: '"provider/model" or { provider, model, weight, enabled }' },
);
export type TargetConfig = Static<typeof target>;

const targets = Type.Array(target, { minItems: 1, expects: "a list with at least one target" });

const group = Type.Object(
  {
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    selector: Type.Optional(selector),
    targets,
  },
  closed,
);

export const alias = Type.Object(
  {
    also: Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { default: [] }),
    priority: Type.Union([Type.Literal("selector"), Type.Literal("api_match")], {
      default: "selector",
      expects: "selector or api_match",
    }),
    selector: Type.Optional(selector),
    targets: Type.Optional(targets),
    groups: Type.Optional(Type.Array(group, { minItems: 1, expects: "a list with at least one group" })),
    vision_fallthrough: Type.Boolean({ default: false }),
    sticky: Type.Boolean({ default: false }),
    capture: captureOverride,
    body,
  },
  closed,
);
export type AliasConfig = Static<typeof alias>;
