/** Schemas of quotas and MCP servers. */
import { type Static, Type } from "@sinclair/typebox";
import { closed, headers, url } from "./common.ts";

export const quota = Type.Object(
  {
    unit: Type.Union([Type.Literal("tokens"), Type.Literal("requests"), Type.Literal("cost")], {
      expects: "tokens, requests or cost",
    }),
    limit: Type.Number({ exclusiveMinimum: 0, maximum: 1e15, description: "in the unit; cost in US dollars" }),
    window: Type.Union(
      [Type.Literal("rolling"), Type.Literal("daily"), Type.Literal("weekly"), Type.Literal("monthly")],
      { expects: "rolling, daily, weekly or monthly" },
    ),
    period: Type.Optional(
      Type.String({ pattern: "^[0-9]{1,9}(s|m|h|d)$", expects: "a length of time such as 30s, 10m, 5h or 7d" }),
    ),
    warn: Type.Number({ minimum: 0, maximum: 1, default: 0.8 }),
    shared: Type.Boolean({ default: false }),
    unpriced: Type.Union([Type.Literal("refuse"), Type.Literal("allow")], {
      default: "refuse",
      expects: "refuse or allow",
    }),
  },
  closed,
);
export type QuotaConfig = Static<typeof quota>;

export const mcpServer = Type.Object(
  {
    url,
    headers,
    enabled: Type.Boolean({ default: true }),
    timeout_s: Type.Number({ exclusiveMinimum: 0, maximum: 86_400, default: 60 }),
  },
  closed,
);
export type McpServerConfig = Static<typeof mcpServer>;
