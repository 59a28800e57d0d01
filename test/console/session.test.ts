import { describe, expect, test } from "bun:test";
import { createLimiter } from "../../src/console/limiter.ts";
import { createSessions, isFromOwnPage } from "../../src/console/session.ts";
import { nextPath } from "../../src/console/sign-in.ts";

const hour = 3_600_000;
const here = { address: "192.0.2.1", browser: "Firefox on Linux" };

describe("a session", () => {
  test("is found by its id alone, and not after its end", () => {
    const sessions = createSessions();
    const id = sessions.start({ kind: "admin" }, here);
    const other = sessions.start({ kind: "admin" }, here);
    expect(id).toMatch(/^[\w-]{43}$/);
    expect(sessions.find(id)?.csrf).not.toBe(sessions.find(other)?.csrf);
    expect(sessions.find(`${id}x`)).toBeNull();
    sessions.end(id);
    expect([sessions.find(id), sessions.find(other) === null]).toEqual([null, false]);
  });

  test("ends after 12 hours without a visit", () => {
    let now = 0;
    const sessions = createSessions(() => now);
    const id = sessions.start({ kind: "admin" }, here);
    now += 11 * hour;
    expect(sessions.find(id)).not.toBeNull();
    now += 13 * hour;
    expect(sessions.find(id)).toBeNull();
  });

  test("does not live on by being looked at", () => {
    let now = 0;
    const sessions = createSessions(() => now);
    const id = sessions.start({ kind: "admin" }, here);
    for (; now <= 12 * hour; now += hour) expect(sessions.peek(id)).not.toBeNull();
    expect(sessions.peek(id)).toBeNull();
  });

  test("ends after 7 days, however often it is used", () => {
    let now = 0;
    const sessions = createSessions(() => now);
    const id = sessions.start({ kind: "admin" }, here);
    for (; now < 7 * 24 * hour; now += 6 * hour) expect(sessions.find(id)).not.toBeNull();
    now += hour;
    expect(sessions.find(id)).toBeNull();
  });

  test("gives way when there are more than 100 of the same key, and to no other key's", () => {
    const sessions = createSessions();
    const holder = (key: string) => ({ kind: "holder", key, secretHash: "" }) as const;
    const admin = sessions.start({ kind: "admin" }, here);
    const other = sessions.start(holder("other"), here);
    const ids = Array.from({ length: 101 }, () => sessions.start(holder("one"), here));
    const known = [ids[0], ids[1], admin, other].map((id = "") => sessions.find(id) !== null);
    expect(known).toEqual([false, true, true, true]);
    expect(sessions.list()).toHaveLength(102);
  });
});

describe("who fails to sign in", () => {
  test("waits after five times, each time longer, at most 15 minutes", () => {
    let now = 1e12;
    const limiter = createLimiter(() => now);
    const fail = () => {
      now += limiter.waitMs("a");
      limiter.failed("a");
      return limiter.waitMs("a") / 60_000;
    };
    expect(Array.from({ length: 11 }, fail)).toEqual([0, 0, 0, 0, 1, 2, 4, 8, 15, 15, 15]);
    expect(limiter.waitMs("b")).toBe(0);
  });

  test("is forgiven after success and after a long silence", () => {
    let now = 1e12;
    const limiter = createLimiter(() => now);
    for (let at = 0; at < 6; at++) limiter.failed("a");
    now += hour;
    limiter.failed("a");
    expect(limiter.waitMs("a")).toBe(0);
    for (let at = 0; at < 6; at++) limiter.failed("b");
    limiter.succeeded("b");
    expect(limiter.waitMs("b")).toBe(0);
  });

  test("may fail four times a minute for ever", () => {
    let now = 1e12;
    const limiter = createLimiter(() => now);
    for (let at = 0; at < 40; at++, now += 15_001) {
      limiter.failed("a");
      expect([at, limiter.waitMs("a")]).toEqual([at, 0]);
    }
  });

  test("slows everybody down when it comes from everywhere", () => {
    let now = 1e12;
    const limiter = createLimiter(() => now);
    for (let at = 0; at < 60; at++) limiter.failed(`address ${at}`);
    expect(limiter.slowMs()).toBe(1000);
    now += 60_000;
    expect(limiter.slowMs()).toBe(0);
  });
});

test("only a page of this site may change something", () => {
  const origin = "http://127.0.0.1:4000";
  const from = (headers: Record<string, string>) => isFromOwnPage(new Request(origin, { headers }), origin);
  expect(from({ "sec-fetch-site": "same-origin" })).toBe(true);
  expect(from({ origin })).toBe(true);
  for (const site of ["cross-site", "same-site", "none"]) expect(from({ "sec-fetch-site": site, origin })).toBe(false);
  for (const other of ["http://127.0.0.1:4001", "https://127.0.0.1:4000", "null", "http://evil.example"]) {
    expect([other, from({ origin: other })]).toEqual([other, false]);
  }
  expect(from({})).toBe(false);
});

test("after the sign-in one lands on the console, nowhere else", () => {
  for (const path of ["/console/requests?after=1", "/console", "/console?x=1"]) expect(nextPath(path)).toBe(path);
  const bad = [
    "//evil.example",
    "https://evil.example",
    "/consolex",
    "/\\evil",
    "/console/\r\nx: y",
    "javascript:x",
    null,
  ];
  for (const path of bad) expect(nextPath(path)).toBe("/console");
});
