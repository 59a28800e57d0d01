// What goes wrong in the made-up year: at providers, before any provider is asked, and afterwards.
import { type ErrorCode, errorTable } from "../../src/model/error.ts";
import type { FailureRecord } from "../../src/model/record.ts";

interface Kind {
  weight: number;
  code: ErrorCode;
  message: string;
  upstreamStatus?: number;
}

/** Of one attempt. */
export const attemptFailures: readonly Kind[] = [
  { weight: 34, code: "rate-limited", message: "The provider has rate limited this model.", upstreamStatus: 429 },
  { weight: 22, code: "overloaded", message: "The provider is overloaded.", upstreamStatus: 529 },
  { weight: 16, code: "upstream-failed", message: "The provider failed with status 500.", upstreamStatus: 500 },
  { weight: 8, code: "upstream-timeout", message: "The provider did not begin to answer in 300 s." },
  { weight: 6, code: "upstream-unreachable", message: "The provider cannot be reached: connection refused." },
  { weight: 4, code: "allowance-spent", message: "The weekly allowance is used up.", upstreamStatus: 429 },
  { weight: 3, code: "upstream-auth", message: "The provider refuses our credential.", upstreamStatus: 401 },
  { weight: 3, code: "billing", message: "The account has no credit.", upstreamStatus: 402 },
  {
    weight: 2,
    code: "context-length",
    message: "The request is longer than the model's context.",
    upstreamStatus: 400,
  },
  { weight: 1, code: "unsupported", message: "This model takes no images.", upstreamStatus: 400 },
  { weight: 1, code: "content-policy", message: "The provider refuses this content.", upstreamStatus: 400 },
];

/** How far a refused request came. */
export type Stage = "key" | "read" | "route" | "quota";

export const rejections: readonly (Kind & { stage: Stage })[] = [
  { weight: 26, stage: "key", code: "unauthenticated", message: "This key is not known, or is switched off." },
  { weight: 18, stage: "route", code: "not-found", message: 'There is no model "sonet". Did you mean "sonnet"?' },
  {
    weight: 24,
    stage: "quota",
    code: "quota-exceeded",
    message: "The quota day-25-dollars is used up until midnight.",
  },
  { weight: 10, stage: "read", code: "invalid-request", message: "messages.0.role: must be one of user, assistant." },
  { weight: 6, stage: "route", code: "forbidden", message: "This key may not call this model." },
  { weight: 4, stage: "read", code: "too-large", message: "The body is larger than 100 MB." },
  { weight: 8, stage: "route", code: "no-target", message: "Every target of this model is left alone at present." },
  { weight: 2, stage: "read", code: "internal", message: "Plexus failed inside while handling this request." },
  { weight: 1, stage: "route", code: "conflict", message: "This response is still being made." },
];

export function failureOf({ code, message, upstreamStatus }: Kind, target?: string): FailureRecord {
  const cause = upstreamStatus === undefined ? "" : `\n    upstream status ${upstreamStatus}`;
  return {
    ...{ code, message },
    ...(target === undefined ? {} : { target }),
    ...(upstreamStatus === undefined ? {} : { upstreamStatus }),
    chain: [`GatewayError: ${message}${cause}\n    at attempt (src/gateway/attempt.ts)`],
  };
}

export function statusOf(code: ErrorCode): number {
  return errorTable[code].status;
}
