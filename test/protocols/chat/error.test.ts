import { describe, expect, test } from "bun:test";
import { type ErrorCode, GatewayError } from "../../../src/model/error.ts";
import { chat } from "../../../src/protocols/chat/index.ts";

type Row = [string, number, Record<string, string>, unknown, ErrorCode, object?];

const wrap = (message: string, more: object = {}) => ({
  error: { message, type: null, param: null, code: null, ...more },
});

const rows: Row[] = [
  [
    "a bad key",
    401,
    {},
    wrap("Incorrect API key", { code: "invalid_api_key" }),
    "upstream-auth",
    { upstreamStatus: 401 },
  ],
  ["a refused region", 403, {}, wrap("no", { code: "unsupported_country_region_territory" }), "upstream-auth"],
  [
    "content that a provider behind a router forbids",
    403,
    {},
    wrap("Provider returned error", {
      code: 403,
      metadata: { raw: '{"code":"no permission","error":"Content violates usage guidelines."}' },
    }),
    "content-policy",
  ],
  ["no credit", 402, {}, wrap("Insufficient Balance"), "billing"],
  [
    "a spent quota",
    429,
    {},
    wrap("You exceeded your current quota", { type: "insufficient_quota", code: "insufficient_quota" }),
    "billing",
  ],
  [
    "a project's limit",
    429,
    {},
    wrap("x", { type: "insufficient_quota", code: "project_spend_limit_exceeded" }),
    "billing",
  ],
  ["credit in a 400", 400, {}, wrap("Your credit balance is too low"), "billing"],
  [
    "a budget in flight",
    402,
    { "retry-after": "3" },
    wrap("x", { metadata: { limit_source: "openrouter_in_flight_budget" } }),
    "rate-limited",
    { retryAfterMs: 3000 },
  ],
  [
    "a rate limit",
    429,
    { "retry-after": "20" },
    wrap("Rate limit reached", { code: "rate_limit_exceeded" }),
    "rate-limited",
    { retryAfterMs: 20_000, vendorCode: "rate_limit_exceeded" },
  ],
  [
    "words with the wait",
    429,
    {},
    wrap("Rate limit. Please try again in 1m12.5s."),
    "rate-limited",
    { retryAfterMs: 72_500 },
  ],
  [
    "a request that never fits",
    429,
    {},
    wrap("Request too large for gpt in organization o on tokens per min (TPM): Limit 30000, Requested 50000."),
    "context-length",
  ],
  [
    "a plan's window",
    429,
    {},
    { error: { type: "usage_limit_reached", message: "limit", resets_in_seconds: 300 } },
    "allowance-spent",
    { retryAfterMs: 300_000 },
  ],
  ["Z.ai's window", 429, {}, wrap("used up", { code: "1308" }), "allowance-spent"],
  ["Z.ai's concurrency", 429, {}, wrap("busy", { code: "1302" }), "rate-limited"],
  ["an overloaded engine", 429, {}, wrap("x", { type: "engine_overloaded_error" }), "overloaded"],
  ["Moonshot's quota", 429, {}, wrap("x", { type: "exceeded_current_quota_error" }), "billing"],
  ["503, clamped", 503, { "retry-after": "7200" }, wrap("x"), "overloaded", { retryAfterMs: 900_000 }],
  ["529", 529, {}, "", "overloaded"],
  ["an overloaded 500", 500, {}, wrap("The server is overloaded"), "overloaded"],
  ["500", 500, {}, wrap("The server had an error"), "upstream-failed"],
  ["504", 504, {}, "", "upstream-timeout"],
  [
    "an unknown model",
    404,
    {},
    wrap("The model `x` does not exist", { code: "model_not_found" }),
    "not-found",
    { vendorCode: "model_not_found" },
  ],
  ["an unknown model in a 400", 400, {}, wrap("x is not a valid model ID"), "not-found"],
  ["a gone model", 410, {}, "", "not-found"],
  [
    "too long",
    400,
    {},
    wrap("This model's maximum context length is 8192 tokens", { code: "context_length_exceeded" }),
    "context-length",
  ],
  [
    "too long, Google's words",
    400,
    {},
    [{ error: { code: 400, message: "The input token count (9) exceeds the maximum", status: "INVALID_ARGUMENT" } }],
    "context-length",
  ],
  ["too many bytes", 413, {}, "<html><body>413 Request Entity Too Large</body></html>", "too-large"],
  [
    "a refused parameter",
    400,
    {},
    wrap("Unsupported parameter: 'temperature' is not supported with this model.", {
      param: "temperature",
      code: "unsupported_parameter",
    }),
    "unsupported",
    { param: "temperature" },
  ],
  [
    "a refused parameter in words",
    400,
    {},
    { detail: "Unsupported parameter: max_output_tokens" },
    "unsupported",
    { param: "max_output_tokens" },
  ],
  ["a refused modality", 404, {}, wrap("No endpoints found that support image input"), "unsupported"],
  ["content policy", 400, {}, wrap("The response was filtered", { code: "content_filter" }), "content-policy"],
  ["moderation", 403, {}, wrap("flagged", { metadata: { reasons: ["hate"], flagged_input: "x" } }), "content-policy"],
  ["an ordinary 400", 400, {}, wrap("'messages' is a required property"), "invalid-request"],
  ["FastAPI's faults", 422, {}, { detail: [{ loc: ["body", "n"], msg: "not an int" }] }, "invalid-request"],
  [
    "Google's bad key",
    400,
    {},
    { error: { code: 400, message: "API key not valid. Please pass a valid API key.", status: "INVALID_ARGUMENT" } },
    "upstream-auth",
  ],
  [
    "a rate limit that names billing",
    429,
    {},
    wrap("Rate limit reached. Add a payment method at https://platform.openai.com/account/billing."),
    "rate-limited",
  ],
  [
    "Gemini's per-minute quota",
    429,
    {},
    {
      error: {
        code: 429,
        message: "You exceeded your current quota, please check your plan and billing details.",
        status: "RESOURCE_EXHAUSTED",
      },
    },
    "rate-limited",
    { vendorCode: "RESOURCE_EXHAUSTED" },
  ],
  ["conflict", 409, {}, wrap("x"), "conflict"],
];

describe("a provider's refusal", () => {
  for (const [name, status, headers, body, code, detail] of rows) {
    test(name, () => {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      const error = chat.parseError(status, new Headers(headers), text);
      expect(error.code).toBe(code);
      expect(error.message).not.toBe("");
      if (detail) expect(error.detail).toMatchObject(detail);
      expect(error.detail.upstreamStatus).toBe(status);
    });
  }

  const shown: [string, number, string, string][] = [
    ["the provider's own words", 400, JSON.stringify(wrap("Do this.")), "Do this."],
    ["nothing said", 502, "", "The provider answered 502 Bad Gateway without saying why."],
    [
      "an empty message",
      500,
      JSON.stringify(wrap("")),
      "The provider answered 500 Internal Server Error without saying why.",
    ],
    [
      "a page",
      502,
      "<!DOCTYPE html><html><head><style>p{}</style></head><body><h1>502</h1>\n<p>Bad</p></body></html>",
      "502 Bad",
    ],
    ["a bare string", 400, '{"error":"model is busy"}', "model is busy"],
    ["plain text", 500, "upstream connect error", "upstream connect error"],
    ["JSON inside the message", 500, JSON.stringify(wrap('{"error":{"message":"inner"}}')), "inner"],
    [
      "a router's inner words",
      400,
      JSON.stringify(wrap("Provider returned error", { metadata: { raw: '{"error":{"message":"real"}}' } })),
      "real",
    ],
    [
      "a key in a URL",
      400,
      JSON.stringify(wrap("GET https://e.x/?key=abcdef failed")),
      "GET https://e.x/?key=*** failed",
    ],
    ["a repeated key", 401, JSON.stringify(wrap("bad sk-abcdefghijklmnopqrstuv")), "bad sk-***"],
  ];
  for (const [name, status, body, message] of shown) {
    test(`${name} is shown`, () => expect(chat.parseError(status, new Headers(), body).message).toBe(message));
  }

  test("what is shown is bounded", () => {
    expect(chat.parseError(500, new Headers(), "x".repeat(60_000)).message.length).toBeLessThan(2100);
  });
});

describe("an error that hides in a 200", () => {
  const bodies: [unknown, ErrorCode][] = [
    [{ error: { message: "m", code: 429 } }, "rate-limited"],
    [{ error: "broken" }, "upstream-failed"],
    [{ base_resp: { status_code: 1004, status_msg: "login" }, choices: null }, "upstream-auth"],
    [{ object: "error", message: "m", type: "invalid_request_error" }, "invalid-request"],
    [{ choices: [] }, "upstream-failed"],
    [null, "upstream-failed"],
    [[], "upstream-failed"],
    ["text", "upstream-failed"],
  ];
  for (const [body, code] of bodies) {
    test(`${JSON.stringify(body)} is ${code}`, () => {
      let caught: unknown;
      try {
        chat.parseResponse(body as never);
      } catch (error) {
        caught = error;
      }
      expect(caught).toBeInstanceOf(GatewayError);
      expect((caught as GatewayError).code).toBe(code);
    });
  }
});

describe("an error for a client", () => {
  const table: [ErrorCode, number, string, string | null][] = [
    ["invalid-request", 400, "invalid_request_error", null],
    ["unsupported", 400, "invalid_request_error", "unsupported_parameter"],
    ["context-length", 400, "invalid_request_error", "context_length_exceeded"],
    ["too-large", 413, "invalid_request_error", "request_too_large"],
    ["unauthenticated", 401, "invalid_request_error", "invalid_api_key"],
    ["forbidden", 403, "permission_error", null],
    ["quota-exceeded", 429, "insufficient_quota", "insufficient_quota"],
    ["rate-limited", 429, "rate_limit_error", "rate_limit_exceeded"],
    ["billing", 429, "insufficient_quota", "insufficient_quota"],
    ["overloaded", 503, "server_error", "overloaded"],
    ["upstream-auth", 502, "server_error", "upstream_auth"],
    ["upstream-timeout", 504, "server_error", "timeout"],
    ["internal", 500, "server_error", "internal_error"],
  ];
  for (const [code, status, type, word] of table) {
    test(code, () => {
      expect(chat.buildError(new GatewayError(code, "m"), "r")).toEqual({
        status,
        headers: {},
        body: { error: { message: "m", type, param: null, code: word } },
      });
    });
  }

  test("the wait is whole seconds, the provider's code is kept, a provider's view of our key is not", () => {
    const limited = new GatewayError("rate-limited", "m", { retryAfterMs: 1200, vendorCode: "slow_down", param: "p" });
    expect(chat.buildError(limited, "r")).toMatchObject({
      headers: { "retry-after": "2" },
      body: { error: { code: "slow_down", param: "p" } },
    });
    const auth = new GatewayError("upstream-auth", "m", { vendorCode: "invalid_api_key" });
    expect(chat.buildError(auth, "r").body).toMatchObject({ error: { code: "upstream_auth" } });
    const missing = new GatewayError("not-found", "m", { param: "model" });
    expect(chat.buildError(missing, "r").body).toMatchObject({ error: { code: "model_not_found" } });
  });
});
