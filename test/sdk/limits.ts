/** What a protocol cannot express, on the client's side or on the provider's; the cases ask here, nowhere else. */
import type { Protocol } from "./client.ts";

type Part = "stop sequences" | "counted cache writes" | "shown reasoning";

interface Limit {
  part: Part;
  /** Without it the limit holds for every one. */
  client?: Protocol;
  provider?: Protocol;
  reason: string;
}

export const limits: readonly Limit[] = [
  { part: "stop sequences", client: "responses", reason: "Responses has no field for them" },
  {
    part: "stop sequences",
    provider: "responses",
    reason: "Responses has no field for them: the answer is cut instead",
  },
  { part: "counted cache writes", client: "gemini", reason: "usageMetadata counts cache reads only" },
  { part: "counted cache writes", provider: "gemini", reason: "usageMetadata counts cache reads only" },
  {
    ...{ part: "shown reasoning", client: "chat", provider: "responses" },
    reason: "an effort asks OpenAI for no summary, and the Chat Completions of OpenAI show none either",
  },
];

interface Place {
  client: { protocol: Protocol };
  provider: Protocol;
}

/** `side`: of limits that one side alone has. */
export function isLimited(part: Part, { client, provider }: Place, side?: "client" | "provider"): boolean {
  return limits.some((limit) => {
    if (limit.part !== part) return false;
    if (side === "client" && limit.client === undefined) return false;
    if (side === "provider" && limit.provider === undefined) return false;
    return (limit.client ?? client.protocol) === client.protocol && (limit.provider ?? provider) === provider;
  });
}
