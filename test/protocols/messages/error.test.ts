import { describe, expect, test } from "bun:test";
import { errorTable, GatewayError } from "../../../src/model/error.ts";
import { messages } from "../../../src/protocols/messages/index.ts";

const read = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  messages.parseError(status, new Headers(headers), typeof body === "string" ? body : JSON.stringify(body));
const said = (type: string, message: string, more: object = {}) => ({
  type: "error",
  error: { type, message, ...more },
});

describe("what a provider refuses", () => {
  test.each([
    [400, said("invalid_request_error", "messages: roles must alternate"), "invalid-request"],
    [400, said("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"), "context-length"],
    [400, said("invalid_request_error", "input is too long for requested model"), "context-length"],
    [400, said("invalid_request_error", "Your credit balance is too low to access the API."), "billing"],
    [
      400,
      said(
        "invalid_request_error",
        "You have reached your specified API usage limits. You will regain access on 2026-12-01.",
      ),
      "billing",
    ],
    [400, said("invalid_request_error", "temperature: Extra inputs are not permitted"), "unsupported"],
    [400, said("invalid_request_error", "This model does not support assistant message prefill."), "unsupported"],
    [400, said("invalid_request_error", "Output blocked by content filtering policy"), "content-policy"],
    [401, said("authentication_error", "invalid x-api-key"), "upstream-auth"],
    [402, said("billing_error", "pay"), "billing"],
    [403, said("permission_error", "no"), "upstream-auth"],
    [404, said("not_found_error", "model: x"), "not-found"],
    [409, said("conflict_error", "busy"), "conflict"],
    [413, said("request_too_large", "Request exceeds the maximum size"), "too-large"],
    [413, said("invalid_request_error", "Prompt is too long"), "context-length"],
    [422, { detail: "bad" }, "invalid-request"],
    [429, said("rate_limit_error", "slow down"), "rate-limited"],
    [429, said("rate_limit_error", "spent", { details: { error_code: "enforced_spend_limit_reached" } }), "billing"],
    [500, said("api_error", "oops"), "upstream-failed"],
    [500, said("overloaded_error", "the type decides"), "overloaded"],
    [504, said("timeout_error", "late"), "upstream-failed"],
    [529, said("overloaded_error", "Overloaded"), "overloaded"],
    [529, "", "overloaded"],
    [503, "<html><body>no</body></html>", "overloaded"],
    [502, "<html><head><style>b{}</style></head><body><h1>Bad   Gateway</h1></body></html>", "upstream-failed"],
    [418, "[]", "invalid-request"],
    [500, '{"error":"plain text"}', "upstream-failed"],
    [400, '[{"error":{"message":"in a list"}}]', "invalid-request"],
  ] as [number, unknown, string][])("%d %j is %s", (status, body, code) => {
    const error = read(status, body);
    expect(error.code as string).toBe(code);
    expect(error.message.length).toBeGreaterThan(0);
    expect(error.message).not.toContain("<");
    expect(error.detail.upstreamStatus).toBe(status);
  });

  test("the provider's words are kept, a page is told as text, silence names the status", () => {
    expect(read(400, said("invalid_request_error", "exact words ")).message).toBe("exact words ");
    expect(read(502, "<h1>Bad   Gateway</h1>").message).toBe("Bad Gateway");
    expect(read(502, said("api_error", "")).message).toContain("502");
  });

  test("the wait comes from the headers; a rejected window is a spent allowance until its reset", () => {
    expect(read(429, said("rate_limit_error", "x"), { "retry-after": "7" }).detail.retryAfterMs).toBe(7000);
    const reset = Math.floor(Date.now() / 1000) + 3600;
    const spent = read(429, said("rate_limit_error", "x"), {
      "anthropic-ratelimit-unified-status": "rejected",
      "anthropic-ratelimit-unified-reset": String(reset),
    });
    expect(spent.code).toBe("allowance-spent");
    expect(Math.abs((spent.detail.retryAfterMs ?? 0) - 3_600_000)).toBeLessThan(10_000);
    expect(read(429, said("rate_limit_error", "x"), { "anthropic-ratelimit-unified-status": "allowed" }).code).toBe(
      "rate-limited",
    );
  });
});

describe("errors for a Messages client", () => {
  test("every code has a status and a type", () => {
    const shown = Object.keys(errorTable).map((code) => {
      const reply = messages.buildError(new GatewayError(code as keyof typeof errorTable, "words"), "r1");
      const body = reply.body as { error: { type: string; message: string } };
      return `${code} ${reply.status} ${body.error.type}`;
    });
    expect(shown).toEqual([
      ...["invalid-request 400 invalid_request_error", "unsupported 400 invalid_request_error"],
      ...["context-length 400 invalid_request_error", "content-policy 400 invalid_request_error"],
      ...["too-large 413 request_too_large", "not-found 404 not_found_error", "conflict 409 conflict_error"],
      ...["unauthenticated 401 authentication_error", "forbidden 403 permission_error"],
      ...[
        "quota-exceeded 429 rate_limit_error",
        "rate-limited 429 rate_limit_error",
        "allowance-spent 429 rate_limit_error",
      ],
      ...["billing 402 billing_error", "overloaded 529 overloaded_error", "upstream-failed 502 api_error"],
      ...["upstream-unreachable 502 api_error", "upstream-timeout 504 timeout_error", "upstream-auth 502 api_error"],
      ...["no-target 503 overloaded_error", "cancelled 499 api_error", "internal 500 api_error"],
    ]);
  });

  test("the body, the id and the wait", () => {
    const error = new GatewayError("rate-limited", "slow", { retryAfterMs: 1200, headers: { allow: "POST" } });
    expect(messages.buildError(error, "r1")).toEqual({
      status: 429,
      headers: { allow: "POST", "request-id": "r1", "retry-after": "2" },
      body: { type: "error", error: { type: "rate_limit_error", message: "slow" }, request_id: "r1" },
    });
  });

  test("a status of its own stands before the table's", () => {
    expect(messages.buildError(new GatewayError("not-found", "x", { status: 405 }), "r").status).toBe(405);
  });

  test("a prompt that is too long says so in the words that clients look for", () => {
    const words = (message: string) =>
      (messages.buildError(new GatewayError("context-length", message), "r").body as { error: { message: string } })
        .error.message;
    expect(words("maximum context length is 8")).toBe("prompt is too long: maximum context length is 8");
    expect(words("prompt is too long: 9 > 8")).toBe("prompt is too long: 9 > 8");
  });
});
