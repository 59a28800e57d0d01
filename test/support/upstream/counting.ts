/** The token counters of three providers, as strict on what they are asked as their vendors. */
import { errorBody as googleError } from "./gemini.ts";
import { checkGemini } from "./gemini-rules.ts";
import { checkMessages } from "./messages-rules.ts";
import { checkResponses } from "./responses-rules.ts";
import { startUpstream, type Upstream, type Vendor } from "./server.ts";
import { type Fields, fieldsOf, shape, Violation } from "./shape.ts";

export const counterKinds = ["messages", "responses", "gemini"] as const;
export type CounterKind = (typeof counterKinds)[number];
/** The requests themselves, as they came. */
export type CounterUpstream = Upstream<Fields>;

const none = new Map<string, never>();
const messagesMembers = [
  ...["model", "messages", "system", "tools", "tool_choice", "thinking", "cache_control", "output_config", "speed"],
];
const responsesMembers = [
  ...["model", "input", "instructions", "tools", "tool_choice", "parallel_tool_calls", "reasoning", "text"],
  ...["truncation", "previous_response_id", "conversation"],
];

function onlyOf(body: Fields, members: readonly string[]): void {
  const odd = Object.keys(body).find((key) => !members.includes(key));
  if (odd !== undefined) throw new Violation(odd, "Extra inputs are not permitted");
}

type Counter = Pick<Vendor<Fields>, "path" | "address" | "credential" | "check" | "errorBody" | "whole">;

const counters: Record<CounterKind, Counter> = {
  messages: {
    path: "/messages/count_tokens",
    credential: (headers) => headers.get("x-api-key"),
    check(body, headers) {
      onlyOf(body, messagesMembers);
      checkMessages({
        body: { ...body, max_tokens: 64_000 },
        headers,
        issued: none,
      });
    },
    errorBody: ({ type, message }) => ({ type: "error", error: { type, message }, request_id: "req_011CVeRt2Xk9" }),
    whole: ({ counts }) => ({ input_tokens: counts.input }),
  },
  responses: {
    path: "/responses/input_tokens",
    credential: (headers) => headers.get("authorization")?.replace(/^Bearer /, "") ?? null,
    check(body) {
      onlyOf(body, responsesMembers);
      checkResponses(body, { encrypted: none, ids: new Set() });
    },
    errorBody: ({ message, type, code }) => ({ error: { message, type, param: null, code: code ?? null } }),
    whole: ({ counts }) => ({ object: "response.input_tokens", input_tokens: counts.input }),
  },
  gemini: {
    path: "/models",
    address(path) {
      const model = /^\/v1\/models\/([^:]+):countTokens$/.exec(path)?.[1];
      return model === undefined ? undefined : { model, stream: false };
    },
    credential: (headers) => headers.get("x-goog-api-key"),
    check(body, _headers, address) {
      const whole = fieldsOf(body.generateContentRequest);
      if (body.generateContentRequest === undefined) {
        onlyOf(body, ["contents", "model"]);
        checkGemini({ contents: body.contents }, none);
        return;
      }
      shape({ generateContentRequest: () => undefined })(body, "");
      const { model, ...request } = whole;
      if (model !== `models/${address?.model}`) throw new Violation("generateContentRequest.model", `is ${model}`);
      checkGemini(request, none);
    },
    errorBody: googleError,
    whole: ({ counts }) => ({
      totalTokens: counts.input,
      promptTokensDetails: [{ modality: "TEXT", tokenCount: counts.input }],
    }),
  },
};

export function startCounter(kind: CounterKind): CounterUpstream {
  return startUpstream<Fields>({
    ...counters[kind],
    see: (body) => body,
    stream: () => [],
    errorFrame: () => "",
  });
}
