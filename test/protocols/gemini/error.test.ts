import { describe, expect, test } from "bun:test";
import { type ErrorCode, errorTable, GatewayError } from "../../../src/model/error.ts";
import { gemini } from "../../../src/protocols/gemini/index.ts";
import type { Loose } from "./support.ts";

const built = (error: GatewayError): Loose => gemini.buildError(error, "id").body;

describe("errors for clients", () => {
  test("every code has a status word and Google's shape", () => {
    for (const code of Object.keys(errorTable) as ErrorCode[]) {
      const { error } = built(new GatewayError(code, "words"));
      expect(error).toMatchObject({ code: errorTable[code].status, message: "words" });
      expect(error.status).toMatch(/^[A-Z_]+$/);
    }
  });

  test("a field and a wait are told in details", () => {
    const reply = gemini.buildError(
      new GatewayError("rate-limited", "slow", { retryAfterMs: 1500, param: "a.b" }),
      "id",
    );
    expect(reply.headers["retry-after"]).toBe("2");
    expect((reply.body as Loose).error.details).toEqual([
      {
        "@type": "type.googleapis.com/google.rpc.BadRequest",
        fieldViolations: [{ field: "a.b", description: "slow" }],
      },
      { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "2s" },
    ]);
  });
});

const parse = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  gemini.parseError(status, new Headers(headers), typeof body === "string" ? body : JSON.stringify(body));
const error = (code: number, status: string, message: string, details?: unknown) => ({
  error: { code, message, status, ...(details ? { details } : {}) },
});
const info = (reason: string) => [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason }];

describe("errors of providers", () => {
  test("status, reason and words decide", () => {
    const cases: [number, unknown, ErrorCode][] = [
      [
        400,
        error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", info("API_KEY_INVALID")),
        "upstream-auth",
      ],
      [400, error(400, "INVALID_ARGUMENT", "API key expired. Please renew the API key."), "upstream-auth"],
      [
        400,
        error(
          400,
          "INVALID_ARGUMENT",
          "The input token count (1250074) exceeds the maximum number of tokens allowed (1048576).",
        ),
        "context-length",
      ],
      [400, error(400, "FAILED_PRECONDITION", "User location is not supported for the API use."), "upstream-auth"],
      [400, error(400, "FAILED_PRECONDITION", "Enable billing on project"), "billing"],
      [400, error(400, "INVALID_ARGUMENT", "Please use a valid role: user, model."), "invalid-request"],
      [
        400,
        error(400, "INVALID_ARGUMENT", 'Invalid JSON payload received. Unknown name "foo": Cannot find field.'),
        "unsupported",
      ],
      [400, error(400, "INVALID_ARGUMENT", "Thinking is not supported for this model."), "unsupported"],
      [402, error(402, "RESOURCE_EXHAUSTED", "payment_required"), "billing"],
      [403, error(403, "PERMISSION_DENIED", "denied", info("BILLING_DISABLED")), "billing"],
      [403, error(403, "PERMISSION_DENIED", "Generative Language API has not been used"), "upstream-auth"],
      [404, error(404, "NOT_FOUND", "models/x is not found for API version v1beta"), "not-found"],
      [429, error(429, "RESOURCE_EXHAUSTED", "Resource exhausted. Please try again later."), "rate-limited"],
      [429, error(429, "RESOURCE_EXHAUSTED", "spent", info("QUOTA_EXHAUSTED")), "allowance-spent"],
      [429, error(429, "RESOURCE_EXHAUSTED", "no room", info("MODEL_CAPACITY_EXHAUSTED")), "overloaded"],
      [500, error(500, "INTERNAL", "An internal error has occurred."), "upstream-failed"],
      [503, error(503, "UNAVAILABLE", "The model is overloaded. Please try again later."), "overloaded"],
      [504, error(504, "DEADLINE_EXCEEDED", "The request timed out."), "upstream-timeout"],
      [502, "<html><body>Bad Gateway</body></html>", "upstream-failed"],
      [500, "", "upstream-failed"],
    ];
    for (const [status, body, code] of cases) expect(parse(status, body).code, JSON.stringify(body)).toBe(code);
  });

  test("waits come from RetryInfo, and a daily quota from its own midnight", () => {
    const retry = { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "34.4s" };
    const quota = (quotaId: string) => ({
      "@type": "type.googleapis.com/google.rpc.QuotaFailure",
      violations: [{ quotaId }],
    });
    const minute = parse(
      429,
      error(429, "RESOURCE_EXHAUSTED", "quota", [quota("GenerateRequestsPerMinutePerProject"), retry]),
    );
    expect(minute).toMatchObject({ code: "rate-limited", detail: { retryAfterMs: 34_400 } });
    const day = parse(429, [
      error(429, "RESOURCE_EXHAUSTED", "quota", [quota("GenerateRequestsPerDayPerProject"), retry]),
    ]);
    expect(day.code).toBe("rate-limited");
    expect(day.detail.retryAfterMs).not.toBe(34_400);
    const none = parse(
      429,
      error(429, "RESOURCE_EXHAUSTED", "Quota exceeded for metric x, limit: 0. Please retry in 20s."),
    );
    expect(none.detail.retryAfterMs).toBe(18_000_000);
  });

  test("JSON inside the message and lists around the error are opened", () => {
    const inner = JSON.stringify(error(503, "UNAVAILABLE", "busy inside"));
    expect(parse(503, error(503, "Service Unavailable", inner))).toMatchObject({
      code: "overloaded",
      message: "busy inside",
    });
    expect(parse(400, [error(400, "INVALID_ARGUMENT", "in a list")]).message).toBe("in a list");
  });

  test("the field that a violation names is the parameter", () => {
    const details = [
      {
        "@type": "type.googleapis.com/google.rpc.BadRequest",
        fieldViolations: [{ field: "generation_config.top_k", description: "d" }],
      },
    ];
    expect(parse(400, error(400, "INVALID_ARGUMENT", "bad", details)).detail.param).toBe("generation_config.top_k");
    expect(parse(400, error(400, "INVALID_ARGUMENT", 'Unknown name "seed" at generation_config')).detail.param).toBe(
      "seed",
    );
  });

  test("a message that is missing is worded", () => {
    expect(parse(500, { error: { code: 500 } }).message).not.toBe("");
    expect(parse(400, "[]").code).toBe("invalid-request");
    expect(parse(400, "null").code).toBe("invalid-request");
  });
});
