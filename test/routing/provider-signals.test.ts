/** What providers answer, what of it is cooled, and for how long: as the page on their signals has it, form by form. */
import { describe, expect, test } from "bun:test";
import { type ErrorCode, GatewayError } from "../../src/model/error.ts";
import { protocols } from "../../src/protocols/index.ts";
import { acme, hour, minute, openWorld, second } from "./cooling.ts";

const day = 24 * hour;
/** Absolute times are told against the real clock. */
const slackMs = 3 * second;

interface Given {
  status: number;
  headers?: Record<string, string>;
  body?: unknown;
  protocol?: string;
}

/** `model`, `account`, `provider`: cooled; `hold`: others first for a moment; `none`: the request's own fault. */
type Verdict = "model" | "account" | "provider" | "hold" | "none";

function protocolOf(name = "chat") {
  const found = protocols.find((protocol) => protocol.name === name);
  if (!found) throw new Error(`there is no protocol ${name}`);
  return found;
}

function errorOf({ status, headers = {}, body = "", protocol }: Given): GatewayError {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  if (status !== 200) return protocolOf(protocol).parseError(status, new Headers(headers), text);
  try {
    protocolOf(protocol).parseResponse(JSON.parse(text));
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

/** What one such refusal does to a target that was well before. */
async function judge(
  given: Given,
): Promise<{ code: ErrorCode; verdict: Verdict; ms: number | undefined; window: string | null }> {
  const error = errorOf(given);
  const world = openWorld();
  await world.fail(error);
  const [state] = world.states();
  const { code } = error;
  if (state) return { code, verdict: state.key.scope, ms: state.until - world.clock.at, window: state.window };
  const hold = world.cooldowns.cooling({ provider: acme, model: "m" });
  if (hold) return { code, verdict: "hold", ms: hold.until - world.clock.at, window: null };
  return { code, verdict: "none", ms: undefined, window: null };
}

const wrap = (message: string, more: object = {}) => ({ error: { message, ...more } });
const google = (message: string, details: object[] = [], status = "RESOURCE_EXHAUSTED", code = 429) => ({
  error: { code, status, message, details },
});
const retryInfo = (retryDelay: string) => ({ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay });
const quota = (quotaId: string) => ({
  "@type": "type.googleapis.com/google.rpc.QuotaFailure",
  violations: [{ quotaId }],
});
const info = (reason: string) => ({ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason });
const epoch = (fromNow: number) => String(Math.round((Date.now() + fromNow) / 1000));

/** Worked out another way than the code does: by the offset that the zone has at that moment. */
function untilPacificMidnight(): number {
  const text = new Date().toLocaleString("sv-SE", { timeZone: "America/Los_Angeles" });
  const [hours = 0, minutes = 0, seconds = 0] = (text.split(" ")[1] ?? "").split(":").map(Number);
  return day - (hours * hour + minutes * minute + seconds * second);
}

function untilNextMonth(): number {
  const now = new Date();
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1) - now.getTime();
}

type Row = [name: string, given: Given, verdict: Verdict, ms?: number | undefined, code?: ErrorCode, window?: string];

function rows(list: readonly Row[]): void {
  for (const [name, given, verdict, ms, code, window] of list) {
    test(name, async () => {
      const found = await judge(given);
      expect({ code: found.code, verdict: found.verdict }).toEqual({ code: code ?? found.code, verdict });
      if (ms === undefined) expect(found.ms).toBeUndefined();
      else expect(Math.abs((found.ms ?? 0) - ms)).toBeLessThanOrEqual(ms <= 5 * second ? 0 : slackMs);
      if (window !== undefined) expect(found.window).toBe(window);
    });
  }
}

const unified = (more: Record<string, string>) =>
  Object.fromEntries(Object.entries(more).map(([name, value]) => [`anthropic-ratelimit-unified-${name}`, value]));

describe("test vectors", () => {
  rows([
    ["1", { status: 429, headers: { "retry-after-ms": "1500", "retry-after": "30" } }, "hold", 1500],
    [
      "2",
      {
        status: 429,
        headers: {
          ...{ "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "6m0s" },
          ...{ "x-ratelimit-remaining-requests": "10", "x-ratelimit-reset-requests": "12ms" },
        },
      },
      "model",
      360 * second,
    ],
    [
      "3",
      { status: 429, body: wrap("x", { code: "project_spend_limit_exceeded", type: "insufficient_quota" }) },
      ...(["account", 30 * minute, "billing"] as const),
    ],
    [
      "4",
      {
        status: 429,
        body: google("quota", [retryInfo("20s"), quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier")]),
        protocol: "gemini",
      },
      ...(["model", untilPacificMidnight(), "rate-limited", "daily"] as const),
    ],
    [
      "5",
      {
        status: 429,
        headers: { ...unified({ status: "rejected", reset: epoch(7200 * second) }), "retry-after": "60" },
        body: { type: "error", error: { type: "rate_limit_error", message: "limit" } },
        protocol: "messages",
      },
      ...(["account", 7200 * second, "allowance-spent"] as const),
    ],
    [
      "6",
      {
        status: 429,
        headers: {
          ...{ "x-codex-primary-used-percent": "100", "x-codex-primary-window-minutes": "10080" },
          ...{ "x-codex-primary-reset-at": epoch(42 * hour), "x-codex-secondary-used-percent": "0" },
          "x-codex-secondary-window-minutes": "",
        },
        protocol: "responses",
      },
      ...(["account", 42 * hour, "allowance-spent", "weekly"] as const),
    ],
    [
      "7",
      {
        status: 402,
        headers: { "retry-after": "3" },
        body: wrap("x", {
          code: 402,
          metadata: { error_code: "in_flight_budget_exhausted", limit_source: "openrouter_in_flight_budget" },
        }),
      },
      ...(["hold", 3 * second] as const),
    ],
    [
      "8",
      {
        status: 400,
        body: { type: "error", error: { type: "invalid_request_error", message: "Your credit balance is too low" } },
        protocol: "messages",
      },
      ...(["account", 30 * minute, "billing"] as const),
    ],
    [
      "9",
      {
        status: 400,
        body: {
          type: "error",
          error: { type: "invalid_request_error", message: "prompt is too long: 213462 tokens > 200000" },
        },
        protocol: "messages",
      },
      ...(["none", undefined, "context-length"] as const),
    ],
    [
      "10",
      { status: 200, body: { base_resp: { status_code: 1008, status_msg: "insufficient balance" } } },
      ...(["account", 30 * minute, "billing"] as const),
    ],
    ["11", { status: 429, headers: { "retry-after": "Wed, 21 Oct 2099 07:28:00 GMT" } }, "model", 5 * hour],
    ["11b", { status: 503, headers: { "retry-after": "7200" } }, "model", 15 * minute, "overloaded"],
    [
      "11c",
      {
        status: 429,
        headers: {
          date: new Date(Date.now() + 10 * minute).toUTCString(),
          "retry-after": new Date(Date.now() + 10 * minute + 30 * second).toUTCString(),
        },
      },
      ...(["model", 30 * second] as const),
    ],
    ["14", { status: 529 }, "model", 30 * second, "overloaded"],
    ["15", { status: 503, headers: { "x-should-retry": "false" } }, "model", 30 * second, "overloaded"],
  ]);

  test("3 doubles to five hours, 14 to fifteen minutes", async () => {
    const series = async (given: Given, longest: number) => {
      const world = openWorld();
      const found: number[] = [];
      while (found.at(-1) !== longest) {
        await world.fail(errorOf(given));
        found.push(world.state().until - world.clock.at);
        world.clock.at = world.state().until;
      }
      return found.map((ms) => ms / minute);
    };
    const spend = { status: 429, body: wrap("x", { code: "project_spend_limit_exceeded" }) };
    expect(await series(spend, 5 * hour)).toEqual([30, 60, 120, 240, 300]);
    expect(await series({ status: 529 }, 15 * minute)).toEqual([0.5, 1, 2, 4, 8, 15]);
  });

  test("11 and 11b tell the raw value", () => {
    expect(errorOf({ status: 503, headers: { "retry-after": "7200" } }).detail).toMatchObject({
      ...{ statedMs: 7200 * second, retryAfterMs: 15 * minute },
    });
    const far = errorOf({ status: 429, headers: { "retry-after": "Wed, 21 Oct 2099 07:28:00 GMT" } });
    expect(far.detail.statedMs).toBeGreaterThan(365 * day);
  });
});

describe("Retry-After", () => {
  const at = (fromNow: number) => new Date(Date.now() + fromNow).toUTCString();
  const forms: [string, Verdict, number][] = [
    ["0", "hold", second],
    ["-5", "model", 2 * minute],
    ["1e9", "model", 2 * minute],
    ["abc", "model", 2 * minute],
    ["120, 30", "model", 2 * minute],
    ["", "model", 2 * minute],
    ["7.66", "model", 7660],
    ["2026-11-22T13:00:00Z", "model", 2 * minute],
    [at(-hour), "model", 2 * minute],
    [at(40 * second), "model", 40 * second],
    [at(10 * 365 * day), "model", 5 * hour],
    [String(156 * 3600), "model", 5 * hour],
  ];
  rows(
    forms.map(([value, verdict, ms]) => [
      `${value || "nothing"}`,
      { status: 429, headers: { "retry-after": value } },
      verdict,
      ms,
    ]),
  );

  test("twice", async () => {
    const headers = new Headers();
    headers.append("retry-after", "90");
    headers.append("retry-after", "45");
    expect(protocolOf().parseError(429, headers, "").detail.retryAfterMs).toBe(90 * second);
  });

  const statuses: [number, object, Verdict][] = [
    [402, wrap("pay"), "account"],
    [403, wrap("no"), "account"],
    [408, wrap("late"), "model"],
    [413, wrap("come again"), "model"],
    [429, wrap("slow"), "model"],
    [500, wrap("broken"), "model"],
    [502, wrap("broken"), "model"],
    [503, wrap("busy"), "model"],
    [529, wrap("busy"), "model"],
  ];
  rows(
    statuses.map(([status, body, verdict]) => [
      `is read with ${status}`,
      { status, body, headers: { "retry-after": "100" } },
      verdict,
      100 * second,
    ]),
  );
});

describe("what the request did itself cools nothing", () => {
  rows([
    ["400", { status: 400, body: wrap("'messages' is required") }, "none"],
    ["404 of an unknown path", { status: 404, body: wrap("no such path") }, "none"],
    ["405", { status: 405, body: wrap("no such method") }, "none"],
    ["409", { status: 409, body: wrap("conflict") }, "none"],
    ["413", { status: 413, body: wrap("too large") }, "none"],
    ["415", { status: 415, body: wrap("no such type") }, "none"],
    ["422", { status: 422, body: { detail: [{ loc: ["body"], msg: "wrong" }] } }, "none"],
    [
      "content filter",
      { status: 400, body: wrap("x", { code: "content_filter" }) },
      "none",
      undefined,
      "content-policy",
    ],
    ["a deadline", { status: 504, body: wrap("DEADLINE_EXCEEDED") }, "none", undefined, "upstream-timeout"],
    ["moderation", { status: 403, body: wrap("x", { metadata: { reasons: ["hate"], flagged_input: "y" } }) }, "none"],
    [
      "a request beyond the whole limit",
      { status: 429, body: wrap("Request too large for m on tokens per min (TPM): Limit 30000, Requested 40000.") },
      ...(["none", undefined, "context-length"] as const),
    ],
    [
      "a weight beyond the budget",
      { status: 402, body: wrap("x", { metadata: { error_code: "weight_exceeds_budget" } }) },
      "none",
    ],
  ]);
});

describe("context length", () => {
  const words = [
    "This model's maximum context length is 8192 tokens",
    "input token count (9) exceeds the maximum",
    "Please reduce the length of the messages",
    "exceeds the available context size",
    "context window exceeds limit",
    "passed 9000 input tokens",
  ];
  rows(
    [400, 413, 422, 429, 500].flatMap((status) =>
      words.map(
        (text): Row => [
          `${status} ${text}`,
          { status, body: wrap(`${text}. Check your quota.`) },
          "none",
          undefined,
          "context-length",
        ],
      ),
    ),
  );
  rows([
    [
      "words of a throttle come first",
      { status: 429, body: wrap("Too many tokens, please wait before trying again. rate limit: input is too long") },
      "model",
      2 * minute,
      "rate-limited",
    ],
    [
      "too many tokens",
      { status: 429, body: wrap("Too many tokens, please wait before trying again.") },
      "model",
      2 * minute,
      "rate-limited",
    ],
  ]);
});

describe("OpenAI and what imitates it", () => {
  rows([
    ["rate_limit_exceeded", { status: 429, body: wrap("x", { code: "rate_limit_exceeded" }) }, "model", 2 * minute],
    ["slow_down", { status: 503, body: wrap("x", { code: "slow_down" }) }, "model", 30 * second, "overloaded"],
    ...[
      "credit_balance_exhausted",
      "organization_spend_limit_exceeded",
      "organization_usage_limit_exceeded",
      "insufficient_quota",
      "billing_hard_limit_reached",
    ].map((code): Row => [code, { status: 429, body: wrap("x", { code }) }, "account", 30 * minute, "billing"]),
    [
      "401",
      { status: 401, body: wrap("bad key", { code: "invalid_api_key" }) },
      "account",
      5 * minute,
      "upstream-auth",
    ],
    [
      "403 of a country",
      { status: 403, body: wrap("Country not supported", { code: "unsupported_country_region_territory" }) },
      "account",
      5 * minute,
    ],
    ["500", { status: 500, body: wrap("oops") }, "model", 2 * minute],
    ["try again in 1m12.5s", { status: 429, body: wrap("Please try again in 1m12.5s.") }, "model", 72_500],
    [
      "Please retry after 37 seconds",
      { status: 429, body: wrap("Please retry after 37 seconds.") },
      "model",
      37 * second,
    ],
    ["try again in ~9725 min", { status: 429, body: wrap("try again in ~9725 min") }, "model", 5 * hour],
    ["will reset at 3pm", { status: 429, body: wrap("your limit will reset at 3pm") }, "model", 2 * minute],
    ["words beside another status", { status: 500, body: wrap("try again in 20s") }, "model", 2 * minute],
    [
      "Azure's sentinels",
      {
        status: 429,
        headers: {
          "x-ratelimit-limit-tokens": "-1",
          "x-ratelimit-remaining-tokens": "0",
          "x-ratelimit-reset-tokens": "0",
        },
      },
      "model",
      2 * minute,
    ],
    [
      "Azure's seconds",
      { status: 429, headers: { "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "42" } },
      "model",
      42 * second,
    ],
    [
      "a bucket with room says nothing",
      { status: 429, headers: { "x-ratelimit-remaining-tokens": "7", "x-ratelimit-reset-tokens": "6m0s" } },
      "model",
      2 * minute,
    ],
    [
      "the latest of several empty buckets",
      {
        status: 429,
        headers: {
          "x-ratelimit-remaining-tokens": "0",
          "x-ratelimit-reset-tokens": "9s",
          "x-ratelimit-remaining-requests": "0",
          "x-ratelimit-reset-requests": "2m59.56s",
        },
      },
      "model",
      179_560,
    ],
    [
      "a bucket of a month",
      { status: 429, headers: { "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "700h" } },
      "model",
      day,
    ],
    [
      "OpenRouter's milliseconds",
      { status: 429, headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(Date.now() + 90 * second) } },
      "model",
      90 * second,
    ],
    [
      "OpenRouter's plain 402",
      { status: 402, body: wrap("credits", { code: 402 }) },
      "account",
      30 * minute,
      "billing",
    ],
    [
      "OpenRouter's budget",
      {
        status: 403,
        body: wrap("limit", {
          code: 403,
          metadata: { limit_source: "openrouter_key_limit", resets_at: new Date(Date.now() + 3 * hour).toISOString() },
        }),
      },
      "account",
      3 * hour,
      "allowance-spent",
    ],
    [
      "OpenRouter's seconds",
      { status: 429, body: wrap("slow", { metadata: { provider_name: "p", retry_after_seconds: 44 } }) },
      "model",
      44 * second,
    ],
    ["Cerebras without a body", { status: 402 }, "account", 30 * minute],
    ["DeepSeek's 402", { status: 402, body: wrap("Insufficient Balance") }, "account", 30 * minute],
    [
      "Mistral's capacity",
      {
        status: 429,
        body: {
          object: "error",
          message: "Service tier capacity exceeded for this model.",
          type: "invalid_request_error",
          code: "3505",
        },
      },
      "model",
      30 * second,
    ],
    [
      "Mistral's rate",
      {
        status: 429,
        body: { object: "error", message: "Requests rate limit exceeded", type: "rate_limited", code: "1300" },
      },
      "model",
      2 * minute,
    ],
    ["Fireworks suspends", { status: 412, body: wrap("suspended") }, "account", 30 * minute],
    [
      "Moonshot's quota",
      { status: 429, body: wrap("x", { type: "exceeded_current_quota_error" }) },
      "account",
      30 * minute,
    ],
    ["Moonshot's engine", { status: 429, body: wrap("x", { type: "engine_overloaded_error" }) }, "model", 30 * second],
    [
      "Kimi's period",
      { status: 429, body: wrap("You've reached your usage limit for this period") },
      "account",
      2 * minute,
      "allowance-spent",
    ],
    [
      "Z.ai's window",
      { status: 429, body: wrap(`Usage limit reached, your limit will reset at ${zai(4 * hour)}`, { code: "1308" }) },
      "account",
      4 * hour,
      "allowance-spent",
    ],
    ["Z.ai's concurrency", { status: 200, body: wrap("busy", { code: "1302" }) }, "model", 2 * minute],
    [
      "MiniMax's window",
      { status: 200, body: { base_resp: { status_code: 2056, status_msg: "x" } } },
      "account",
      2 * minute,
      "allowance-spent",
    ],
    ["MiniMax's content", { status: 200, body: { base_resp: { status_code: 1026, status_msg: "x" } } }, "none"],
    [
      "Ollama's week",
      { status: 429, body: { error: "you (me) have reached your weekly usage limit" } },
      "account",
      2 * minute,
      "allowance-spent",
    ],
    ["Copilot's model", { status: 429, body: wrap("x", { code: "user_model_rate_limited" }) }, "model", 2 * minute],
    [
      "Copilot's account",
      { status: 429, body: wrap("x", { code: "rate_limited" }), headers: { "x-ratelimit-user-retry-after": "300" } },
      "account",
      5 * minute,
    ],
    [
      "Copilot's agents",
      { status: 429, body: wrap("x", { code: "agent_mode_limit_exceeded" }) },
      "account",
      2 * minute,
    ],
    ["Copilot in words", { status: 429, body: wrap("Please try again in 58 hours.") }, "model", 5 * hour],
    [
      "Codex's body",
      {
        status: 429,
        body: {
          error: {
            type: "usage_limit_reached",
            message: "x",
            resets_at: Number(epoch(30 * hour)),
            resets_in_seconds: 30 * 3600,
          },
        },
        protocol: "responses",
      },
      "account",
      30 * hour,
      "allowance-spent",
    ],
    [
      "Codex's pool",
      {
        status: 429,
        headers: {
          "x-codex-bengalfox-primary-used-percent": "100",
          "x-codex-bengalfox-primary-window-minutes": "300",
          "x-codex-bengalfox-primary-reset-after-seconds": "7200",
        },
        protocol: "responses",
      },
      "model",
      2 * hour,
      "allowance-spent",
      "5 h",
    ],
    [
      "Codex's empty slot",
      {
        status: 429,
        headers: {
          "x-codex-primary-used-percent": "100",
          "x-codex-primary-window-minutes": "0",
          "x-codex-primary-reset-after-seconds": "7200",
        },
      },
      "model",
      2 * minute,
    ],
    [
      "a week of nine days",
      {
        status: 429,
        headers: {
          "x-codex-primary-used-percent": "100",
          "x-codex-primary-window-minutes": "10080",
          "x-codex-primary-reset-at": epoch(9 * day),
        },
      },
      "account",
      day,
    ],
  ]);
});

function zai(fromNow: number): string {
  return new Date(Date.now() + fromNow + 8 * hour).toISOString().slice(0, 19).replace("T", " ");
}

describe("Anthropic", () => {
  const said = (type: string, message = "words", more: object = {}) => ({
    type: "error",
    error: { type, message, ...more },
  });
  const to = (given: Omit<Given, "protocol">): Given => ({ ...given, protocol: "messages" });
  rows([
    [
      "a throttle",
      to({ status: 429, headers: { "retry-after": "20" }, body: said("rate_limit_error") }),
      "model",
      20 * second,
    ],
    [
      "an empty bucket",
      to({
        status: 429,
        headers: {
          "anthropic-ratelimit-input-tokens-remaining": "0",
          "anthropic-ratelimit-input-tokens-reset": new Date(Date.now() + 50 * second).toISOString(),
        },
        body: said("rate_limit_error"),
      }),
      "model",
      50 * second,
    ],
    [
      "a spend limit",
      to({
        status: 429,
        body: said("rate_limit_error", "limit", { details: { error_code: "enforced_spend_limit_reached" } }),
      }),
      "account",
      untilNextMonth(),
      "billing",
      "monthly",
    ],
    ["402", to({ status: 402, body: said("billing_error") }), "account", 30 * minute],
    ["529", to({ status: 529, body: said("overloaded_error") }), "model", 30 * second],
    [
      "529 with a long time",
      to({ status: 529, headers: { "retry-after": "7200" }, body: said("overloaded_error") }),
      "model",
      15 * minute,
    ],
    ["401", to({ status: 401, body: said("authentication_error") }), "account", 5 * minute],
    ["413", to({ status: 413, body: said("request_too_large") }), "none"],
    ["409", to({ status: 409, body: said("conflict_error") }), "none"],
    ["500", to({ status: 500, body: said("api_error") }), "model", 2 * minute],
    [
      "a class of models",
      to({
        status: 429,
        headers: unified({ status: "rejected", reset: epoch(50 * hour), "representative-claim": "seven_day_opus" }),
        body: said("rate_limit_error"),
      }),
      "model",
      50 * hour,
      "allowance-spent",
      "weekly",
    ],
    [
      "five hours",
      to({
        status: 429,
        headers: unified({ status: "rejected", reset: epoch(3 * hour), "representative-claim": "five_hour" }),
        body: said("rate_limit_error"),
      }),
      "account",
      3 * hour,
      "allowance-spent",
      "5 h",
    ],
    [
      "one window of several",
      to({
        status: 429,
        headers: unified({
          status: "rejected",
          "5h-status": "rejected",
          "5h-reset": epoch(hour),
          "7d-status": "allowed",
          "7d-reset": epoch(90 * hour),
        }),
        body: said("rate_limit_error"),
      }),
      "account",
      hour,
      "allowance-spent",
      "5 h",
    ],
    [
      "an allowed window",
      to({
        status: 429,
        headers: unified({ status: "allowed_warning", reset: epoch(7200 * second), "7d-utilization": "1.0" }),
        body: said("rate_limit_error"),
      }),
      "model",
      2 * minute,
      "rate-limited",
    ],
    [
      "the old suffix",
      to({ status: 429, body: said("rate_limit_error", `Claude AI usage limit reached|${epoch(2 * hour)}`) }),
      "account",
      2 * hour,
    ],
  ]);
});

describe("Google", () => {
  const to = (given: Omit<Given, "protocol">): Given => ({ ...given, protocol: "gemini" });
  rows([
    [
      "RetryInfo",
      to({ status: 429, body: google("slow", [retryInfo("34.07s"), quota("GenerateRequestsPerMinute")]) }),
      "model",
      34_070,
    ],
    ["in an array", to({ status: 429, body: [google("slow", [retryInfo("900ms")])] }), "hold", second],
    [
      "inside the message",
      to({ status: 429, body: wrap(JSON.stringify(google("slow", [retryInfo("40s")]))) }),
      "model",
      40 * second,
    ],
    ["without details", to({ status: 429, body: google("Resource exhausted") }), "model", 2 * minute],
    ["limit: 0", to({ status: 429, body: google("Quota exceeded, limit: 0, retry in 20s") }), "model", 5 * hour],
    [
      "quota exhausted",
      to({ status: 429, body: google("x", [info("QUOTA_EXHAUSTED"), retryInfo("3h")]) }),
      "account",
      3 * hour,
      "allowance-spent",
    ],
    [
      "capacity",
      to({ status: 429, body: google("x", [info("MODEL_CAPACITY_EXHAUSTED"), retryInfo("3h")]) }),
      "model",
      15 * minute,
      "overloaded",
    ],
    [
      "credits",
      to({ status: 403, body: google("x", [info("INSUFFICIENT_G1_CREDITS_BALANCE")], "PERMISSION_DENIED", 403) }),
      "account",
      30 * minute,
    ],
    [
      "a bad key",
      to({ status: 400, body: google("x", [info("API_KEY_INVALID")], "INVALID_ARGUMENT", 400) }),
      "account",
      5 * minute,
    ],
    [
      "billing disabled",
      to({ status: 403, body: google("x", [info("BILLING_DISABLED")], "PERMISSION_DENIED", 403) }),
      "account",
      30 * minute,
    ],
    [
      "overloaded",
      to({ status: 503, body: google("The model is overloaded.", [], "UNAVAILABLE", 503) }),
      "model",
      30 * second,
    ],
    ["a deadline", to({ status: 504, body: google("late", [], "DEADLINE_EXCEEDED", 504) }), "none"],
    [
      "a region",
      to({
        status: 400,
        body: google("User location is not supported for the API use.", [], "FAILED_PRECONDITION", 400),
      }),
      "account",
      5 * minute,
    ],
  ]);
});
