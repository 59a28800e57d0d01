import { expect, test } from "bun:test";
import { isContextLength } from "../../src/protocols/context-length.ts";
import { retryAfterMs } from "../../src/protocols/retry.ts";

const now = Date.parse("2026-11-22T12:00:00Z");
const epoch = now / 1000;

const cases: [string, Record<string, string>, unknown, number | undefined][] = [
  ["milliseconds win over seconds", { "retry-after-ms": "1500", "retry-after": "30" }, {}, 1500],
  [
    "only an empty bucket counts",
    {
      "x-ratelimit-remaining-tokens": "0",
      "x-ratelimit-reset-tokens": "6m0s",
      "x-ratelimit-remaining-requests": "10",
      "x-ratelimit-reset-requests": "12ms",
    },
    {},
    360_000,
  ],
  [
    "a daily quota beats RetryInfo: until midnight in Los Angeles",
    {},
    {
      error: {
        details: [
          { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "20s" },
          { violations: [{ quotaId: "GenerateRequestsPerDayPerProjectPerModel" }] },
        ],
      },
    },
    20 * 3_600_000,
  ],
  ["RetryInfo alone", {}, [{ error: { details: [{ retryDelay: "34.074824224s" }] } }], 34_075],
  [
    "a rejected unified window beats retry-after",
    {
      "anthropic-ratelimit-unified-status": "rejected",
      "anthropic-ratelimit-unified-reset": String(epoch + 7200),
      "retry-after": "60",
    },
    {},
    7_200_000,
  ],
  [
    "an allowed unified window says nothing",
    {
      "anthropic-ratelimit-unified-status": "allowed",
      "anthropic-ratelimit-unified-reset": String(epoch + 7200),
      "retry-after": "60",
    },
    {},
    60_000,
  ],
  [
    "a used-up codex window",
    {
      "x-codex-primary-used-percent": "100",
      "x-codex-primary-window-minutes": "10080",
      "x-codex-primary-reset-at": String(epoch + 42 * 3600),
      "x-codex-secondary-used-percent": "0",
    },
    {},
    42 * 3_600_000,
  ],
  ["resets_at in the body", {}, { error: { resets_at: epoch + 3600 } }, 3_600_000],
  ["a far date is clamped to five hours", { "retry-after": "Wed, 21 Oct 2099 07:28:00 GMT" }, {}, 5 * 3_600_000],
  [
    "an HTTP date is measured by the provider's own clock",
    { date: "Sun, 22 Nov 2026 12:10:00 GMT", "retry-after": "Sun, 22 Nov 2026 12:10:30 GMT" },
    {},
    30_000,
  ],
  ["zero is one second", { "retry-after": "0" }, {}, 1000],
  ["a list takes the longest", { "retry-after": "120, 30" }, {}, 120_000],
  ["negative is nothing", { "retry-after": "-5" }, {}, undefined],
  ["words are nothing", { "retry-after": "abc" }, {}, undefined],
  ["a year is not seconds", { "retry-after": "2026-11-22T13:00:00Z" }, {}, undefined],
  ["a date in the past is nothing", { "retry-after": "Wed, 21 Oct 2015 07:28:00 GMT" }, {}, undefined],
  ["empty is nothing", { "retry-after": "" }, {}, undefined],
  ["a huge number is clamped", { "retry-after": "1000000000" }, {}, 5 * 3_600_000],
  [
    "an RFC 3339 bucket",
    { "anthropic-ratelimit-tokens-remaining": "0", "anthropic-ratelimit-tokens-reset": "2026-11-22T12:00:30Z" },
    {},
    30_000,
  ],
  ["words: try again in 1m12.5s", {}, { error: { message: "Limit. Please try again in 1m12.5s. Visit" } }, 72_500],
  ["words: retry after 37 seconds", {}, { error: { message: "Please retry after 37 seconds." } }, 37_000],
  ["words: wait 71 minutes", {}, "please wait 71 minutes", 71 * 60_000],
  ["words: retry in 900ms", {}, { error: { message: "Please retry in 900ms" } }, 1000],
  ["metadata of a router", {}, { error: { metadata: { retry_after_seconds: 7 } } }, 7000],
  ["nothing", {}, null, undefined],
];

for (const [name, headers, body, expected] of cases) {
  test(`retry: ${name}`, () => expect(retryAfterMs(new Headers(headers), body, now)).toBe(expected as number));
}

test("context-length words are told from throttles", () => {
  for (const text of [
    "prompt is too long: 213462 tokens > 200000",
    "This model's maximum context length is 128000 tokens",
    "The input token count (1200000) exceeds the maximum number of tokens allowed",
    "400 context_length_exceeded",
  ]) {
    expect(isContextLength(text)).toBe(true);
  }
  expect(isContextLength("Rate limit: prompt is too long for your tokens per minute")).toBe(false);
  expect(isContextLength("temperature is too hot")).toBe(false);
});
