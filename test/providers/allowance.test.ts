import { describe, expect, test } from "bun:test";
import { allowancesOf } from "../../src/providers/allowance.ts";

const now = 1_800_000_000_000;
const read = (headers: Record<string, string>) => allowancesOf(new Headers(headers), now);

describe("allowances in headers", () => {
  test("windows of a subscription by their utilization", () => {
    const found = read({
      "anthropic-ratelimit-unified-5h-utilization": "0.25",
      "anthropic-ratelimit-unified-5h-reset": String(now / 1000 + 3600),
      "anthropic-ratelimit-unified-7d-utilization": "0.9",
      "anthropic-ratelimit-unified-7d-reset": String(now / 1000 + 86_400),
      "anthropic-ratelimit-unified-status": "allowed",
    });
    expect(found).toHaveLength(2);
    expect(found[0]).toEqual({ left: 0.75, resetAt: now + 3_600_000, windowMs: 18_000_000 });
    expect(found[1]?.left).toBeCloseTo(0.1, 9);
    expect(found[1]?.windowMs).toBe(604_800_000);
  });

  test("windows by the percentage that is used", () => {
    const headers = {
      "x-codex-primary-used-percent": "40",
      "x-codex-primary-window-minutes": "300",
      "x-codex-primary-reset-after-seconds": "600",
      "x-codex-secondary-used-percent": "100",
      "x-codex-secondary-reset-at": String(now / 1000 + 7200),
    };
    expect(read(headers)).toEqual([
      { left: 0.6, resetAt: now + 600_000, windowMs: 18_000_000 },
      { left: 0, resetAt: now + 7_200_000 },
    ]);
  });

  test("limits with what remains of them, in both orders of the words", () => {
    const headers = {
      "x-ratelimit-limit-requests": "1000",
      "x-ratelimit-remaining-requests": "250",
      "x-ratelimit-reset-requests": "2h0m0.5s",
      "anthropic-ratelimit-tokens-limit": "50",
      "anthropic-ratelimit-tokens-remaining": "60",
      "anthropic-ratelimit-tokens-reset": new Date(now + 60_000).toISOString(),
    };
    const found = read(headers).sort((one, other) => one.left - other.left);
    expect(found).toEqual([
      { left: 0.25, resetAt: now + 7_200_500 },
      { left: 1, resetAt: now + 60_000 },
    ]);
  });

  test("what cannot be understood says nothing", () => {
    expect(read({})).toEqual([]);
    expect(read({ "x-ratelimit-remaining-requests": "5", "x-ratelimit-limit-requests": "-1" })).toEqual([]);
    expect(read({ "x-codex-primary-used-percent": "many", "x-codex-primary-reset-at": "soon" })).toEqual([]);
    const past = { "x-codex-primary-used-percent": "5", "x-codex-primary-reset-at": String(now / 1000 - 60) };
    expect(read(past)).toEqual([]);
  });
});
