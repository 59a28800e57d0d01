import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type ErrorCode, errorTable, GatewayError } from "../../src/model/error.ts";
import type { Permit } from "../../src/routing/cooldowns/permit.ts";
import { clearCooldowns, forgetGone, listCooldowns } from "../../src/routing/cooldowns/upkeep.ts";
import { acme, broken, hour, limited, minute, openWorld, providerOf, second, usual } from "./cooling.ts";

const minutesOfSchedule = [2, 4, 8, 16, 32, 64, 128, 256, 300, 300];

describe("the schedule", () => {
  test("doubles from two minutes to five hours, one step for each trial that fails", async () => {
    const world = openWorld();
    for (const [at, minutes] of minutesOfSchedule.entries()) {
      await world.fail(broken());
      expect(world.state().until - world.clock.at).toBe(minutes * minute);
      expect(world.state().failures).toBe(at + 1);
      world.clock.at = world.state().until;
    }
  });

  const own: [ErrorCode, number[]][] = [
    ["overloaded", [0.5, 1, 2, 4, 8, 15, 15]],
    ["billing", [30, 60, 120, 240, 300, 300]],
    ["upstream-auth", [5, 10, 20, 40, 80, 160, 300]],
    ["allowance-spent", [2, 4, 8]],
  ];
  for (const [code, minutes] of own) {
    test(`${code} has its own steps`, async () => {
      const world = openWorld();
      for (const each of minutes) {
        await world.fail(new GatewayError(code, "no"));
        expect((world.state().until - world.clock.at) / minute).toBe(each);
        world.clock.at = world.state().until;
      }
    });
  }

  test("follows the settings, and max_s 0 switches it off", async () => {
    const short = openWorld({ settings: { initialMs: second, maxMs: 3 * second } });
    for (const seconds of [1, 2, 3, 3]) {
      await short.fail(broken());
      expect(short.state().until - short.clock.at).toBe(seconds * second);
      short.clock.at = short.state().until;
    }
    const off = openWorld({ settings: { initialMs: 0, maxMs: 0 } });
    await off.fail(broken());
    await off.fail(limited(hour));
    expect(off.states()).toEqual([]);
  });

  test("never falls, never exceeds the longest step, whatever the settings", () => {
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 600 }),
        fc.integer({ min: 600, max: 30_000 }),
        fc.integer({ min: 1, max: 70 }),
        async (initial, longest, count) => {
          const world = openWorld({ settings: { initialMs: initial * second, maxMs: longest * second } });
          let before = 0;
          for (let at = 0; at < count; at++) {
            await world.fail(broken());
            const step = world.state().until - world.clock.at;
            expect(step).toBeGreaterThanOrEqual(before);
            expect(step).toBe(Math.min(longest * second, initial * second * 2 ** at));
            before = step;
            world.clock.at = world.state().until;
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  test("remembers failures for a day after their time", async () => {
    const world = openWorld();
    await world.fail(broken());
    world.clock.at = world.state().until + 23 * hour;
    await world.fail(broken());
    expect(world.state().failures).toBe(2);
    world.clock.at = world.state().until + 25 * hour;
    expect(listCooldowns(world.cooldowns, usual)).toEqual([]);
    await world.fail(broken());
    expect(world.state().failures).toBe(1);
  });
});

describe("what counts", () => {
  const cools: Partial<Record<ErrorCode, string>> = {
    "rate-limited": "model",
    "allowance-spent": "account",
    billing: "account",
    overloaded: "model",
    "upstream-failed": "model",
    "upstream-auth": "account",
  };
  for (const code of Object.keys(errorTable) as ErrorCode[]) {
    const scope = cools[code];
    test(`${code} cools ${scope ? `the ${scope}` : "nothing at once"}`, async () => {
      const world = openWorld();
      await world.fail(new GatewayError(code, "words"));
      expect(world.states().map(({ key }) => String(key.scope))).toEqual(scope ? [scope] : []);
    });
  }

  test("a deadline of ours counts where the settings say so", async () => {
    const world = openWorld({ settings: { onTimeout: true } });
    await world.fail(new GatewayError("upstream-timeout", "late"));
    expect(world.state().key.scope).toBe("model");
  });

  test("an unreachable provider is cooled by the second failure within 30 s", async () => {
    const gone = () => new GatewayError("upstream-unreachable", "refused");
    const world = openWorld();
    await world.fail(gone());
    world.clock.at += 31 * second;
    await world.fail(gone(), acme, "other");
    expect(world.states()).toEqual([]);
    world.clock.at += 29 * second;
    await world.fail(gone());
    expect(world.state()).toMatchObject({ key: { scope: "provider", account: "", model: "" }, failures: 1 });
    world.clock.at = world.state().until;
    await world.fail(gone());
    expect(world.state().failures).toBe(2);
  });

  test("connections that are refused together are one failure, and a success in between forgets it", async () => {
    const gone = () => new GatewayError("upstream-unreachable", "refused");
    const world = openWorld();
    const together = await Promise.all([world.enter(), world.enter(), world.enter()]);
    world.clock.at += second;
    for (const permit of together) permit.failed(gone());
    expect(world.states()).toEqual([]);
    world.clock.at += second;
    (await world.enter()).succeeded();
    await world.fail(gone());
    expect(world.states()).toEqual([]);
  });

  test("requests that fail together count once", async () => {
    const world = openWorld();
    const permits = await Promise.all(Array.from({ length: 10 }, () => world.enter()));
    for (const permit of permits) {
      world.clock.at += 100;
      permit.failed(broken());
    }
    expect(world.state()).toMatchObject({ failures: 1 });
    expect(world.state().until - world.clock.at).toBe(2 * minute - 900);
  });

  test("counts once in any order of beginnings and ends", () => {
    const flight = fc.record({ start: fc.nat(1000), length: fc.integer({ min: 1, max: 1000 }) });
    return fc.assert(
      fc.asyncProperty(fc.array(flight, { minLength: 1, maxLength: 30 }), async (flights) => {
        const world = openWorld();
        const begin = world.clock.at;
        const events = flights.flatMap(({ start, length }, flight) => [
          { at: start, flight, isEnd: false },
          { at: start + length, flight, isEnd: true },
        ]);
        events.sort((one, other) => one.at - other.at || Number(one.isEnd) - Number(other.isEnd));
        const open = new Map<number, Permit>();
        for (const { at, flight, isEnd } of events) {
          world.clock.at = begin + at;
          if (isEnd) open.get(flight)?.failed(broken());
          else if (!world.cooldowns.cooling({ provider: acme, model: "m" })) open.set(flight, await world.enter());
        }
        expect(world.state().failures).toBe(1);
      }),
      { numRuns: 100 },
    );
  });

  test("a request fails once, whatever it was told of before, and after its commit too", async () => {
    const world = openWorld();
    const permit = await world.enter();
    permit.succeeded();
    world.clock.at += 10 * second;
    permit.failed(broken());
    permit.failed(broken());
    expect(world.state()).toMatchObject({ failures: 1, until: world.clock.at + 2 * minute });
  });

  test("a provider may be exempt", async () => {
    const world = openWorld();
    const exempt = providerOf("exempt", { cooldown: false });
    await world.fail(limited(hour), exempt);
    await world.fail(broken(), exempt);
    expect(world.states()).toEqual([]);
    await world.fail(broken(), acme);
    const same = providerOf("acme", { cooldown: false });
    expect(world.cooldowns.cooling({ provider: same, model: "m" })).toBeUndefined();
  });
});

describe("a stated time", () => {
  test("is believed instead of the schedule and raises no count", async () => {
    const world = openWorld();
    await world.fail(limited(20 * second));
    expect(world.state()).toMatchObject({ failures: 0, until: world.clock.at + 20 * second, source: "stated" });
    for (let at = 0; at < 3; at++) {
      world.clock.at = world.state().until;
      await world.fail(limited(20 * second));
    }
    world.clock.at = world.state().until;
    await world.fail(broken());
    expect(world.state()).toMatchObject({ failures: 1, until: world.clock.at + 2 * minute, source: "schedule" });
  });

  test("of five seconds or less is a short hold: others first, nothing counted, no trial", async () => {
    const world = openWorld();
    await world.fail(limited(1500));
    expect(world.states()).toEqual([]);
    expect(world.cooldowns.cooling({ provider: acme, model: "m" })).toMatchObject({ reason: "rate-limited" });
    expect(world.cooldowns.cooling({ provider: acme, model: "n" })).toBeUndefined();
    world.clock.at += 1500;
    expect(await world.refuses()).toBe(false);
    await Promise.all([world.enter(), world.enter()]);
  });

  test("that ends sooner shortens nothing, one that ends later is taken", async () => {
    const world = openWorld();
    const [first, second_, third] = await Promise.all([world.enter(), world.enter(), world.enter()]);
    first.failed(limited(10 * minute));
    const { until } = world.state();
    second_.failed(limited(minute));
    expect(world.state().until).toBe(until);
    third.failed(limited(20 * minute));
    expect(world.state()).toMatchObject({ until: world.clock.at + 20 * minute, failures: 0 });
  });

  test("that was clamped is told with what was written", async () => {
    const world = openWorld();
    await world.fail(limited(5 * hour, 156 * hour));
    expect(world.clamped).toEqual([[156 * hour, 5 * hour]]);
  });
});

describe("half open", () => {
  test("one request at a time tries, and success closes it at the commit", async () => {
    const world = openWorld();
    await world.fail(broken());
    expect(await world.refuses()).toBe(true);
    world.clock.at = world.state().until;
    const probe = await world.enter();
    expect(await world.refuses()).toBe(true);
    expect(world.cooldowns.cooling({ provider: acme, model: "m" })).toMatchObject({ isProbing: true });
    probe.succeeded();
    expect(world.states()).toEqual([]);
    expect(await world.refuses()).toBe(false);
  });

  test("never more than one is in flight, whatever happens in which order", () => {
    const step = fc.constantFrom("ask", "succeed", "fail", "leave", "wait");
    return fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const world = openWorld();
        await world.fail(broken());
        let probe: Permit | undefined;
        for (const step of steps) {
          const isOpen = world.states().length > 0;
          if (step === "wait") world.clock.at = Math.max(world.clock.at, world.states()[0]?.until ?? 0);
          else if (step === "ask" && isOpen) {
            const given = await world.cooldowns.enter(
              { provider: acme, model: "m" },
              { requestId: crypto.randomUUID(), slackMs: 0 },
            );
            expect(given !== undefined && probe !== undefined).toBe(false);
            probe ??= given;
          } else if (step === "succeed") {
            probe?.succeeded();
            probe = undefined;
          } else if (step === "fail" || step === "leave") {
            if (step === "fail") probe?.failed(broken());
            else probe?.release();
            probe = undefined;
          }
        }
        probe?.release();
      }),
      { numRuns: 200 },
    );
  });

  test("a trial that is left without a word lets the next one try", async () => {
    const world = openWorld();
    await world.fail(broken());
    world.clock.at = world.state().until;
    (await world.enter()).release();
    (await world.enter()).failed(new GatewayError("invalid-request", "no such field"));
    expect(world.state().failures).toBe(1);
    (await world.enter()).failed(broken());
    expect(world.state().failures).toBe(2);
  });

  test("a trial whose process died is given up after a minute", async () => {
    const world = openWorld();
    await world.fail(broken());
    world.clock.at = world.state().until;
    const dead = await world.enter();
    world.clock.at += 59 * second;
    expect(await world.refuses()).toBe(true);
    world.clock.at += second;
    expect(await world.refuses()).toBe(false);
    dead.release();
  });

  test("the lease is renewed while the trial runs", async () => {
    const world = openWorld();
    await world.fail(broken());
    world.clock.at = world.state().until;
    const probe = await world.enter();
    for (let at = 0; at < 10; at++) {
      world.clock.at += 40 * second;
      world.cooldowns.renew(probe);
      expect(await world.refuses()).toBe(true);
    }
    probe.succeeded();
    expect(world.states()).toEqual([]);
  });

  test("a success that began before the cooldown clears nothing", async () => {
    const world = openWorld();
    const early = await world.enter();
    world.clock.at += second;
    await world.fail(broken());
    early.succeeded();
    expect(world.state().failures).toBe(1);
  });

  test("a success closes what covers the target, and nothing else", async () => {
    const world = openWorld();
    await world.fail(broken(), acme, "m");
    await world.fail(broken(), acme, "llama3:8b");
    await world.fail(broken(), acme, "llama3");
    world.clock.at += 2 * minute;
    (await world.enter(acme, "llama3:8b")).succeeded();
    expect(
      world
        .states()
        .map(({ key }) => key.model)
        .sort(),
    ).toEqual(["llama3", "m"]);
  });
});

describe("a far stated reset", () => {
  const far = () => new GatewayError("allowance-spent", "weekly", { retryAfterMs: 156 * hour });

  test("lets one live request through every probe_s; its failure changes nothing, its success clears", async () => {
    const world = openWorld();
    const began = world.clock.at;
    await world.fail(far());
    const { until } = world.state();
    expect(until - began).toBe(156 * hour);
    world.clock.at = began + 15 * minute - 1;
    expect(await world.refuses()).toBe(true);
    for (let trial = 1; trial <= 3; trial++) {
      world.clock.at = began + trial * 15 * minute;
      const probe = await world.enter();
      expect(await world.refuses()).toBe(true);
      probe.failed(trial === 2 ? broken() : far());
      expect(world.states().find(({ key }) => key.scope === "account")).toMatchObject({ until, failures: 0 });
      expect(await world.refuses()).toBe(true);
      clearCooldowns(world.cooldowns, { scope: "model" });
    }
    world.clock.at = began + 60 * minute;
    (await world.enter()).succeeded();
    expect(world.states()).toEqual([]);
  });

  test("counts as far by what was written, also where less was believed", async () => {
    const world = openWorld();
    await world.fail(limited(5 * hour, 156 * hour));
    world.clock.at += 15 * minute;
    expect(await world.refuses()).toBe(false);
    const near = openWorld();
    await near.fail(limited(5 * hour, 5 * hour));
    near.clock.at += 15 * minute;
    expect(await near.refuses()).toBe(true);
  });

  test("failures that ran together do not push the trial away", async () => {
    const world = openWorld();
    const together = await Promise.all([world.enter(), world.enter()]);
    together[0].failed(far());
    world.clock.at += 10 * minute;
    together[1].failed(new GatewayError("allowance-spent", "weekly", { retryAfterMs: 157 * hour }));
    world.clock.at += 5 * minute;
    expect(await world.refuses()).toBe(false);
  });
});

describe("keys", () => {
  test("are structured: names that begin alike or hold signs are told apart", async () => {
    const world = openWorld();
    for (const model of ["gpt-4", "x/y:free", "x/y", "llama3:8b"]) await world.fail(broken(), acme, model);
    expect(clearCooldowns(world.cooldowns, { provider: "acme", model: "gpt-4" })).toBe(1);
    await world.fail(broken(), acme, "gpt-4o");
    expect(clearCooldowns(world.cooldowns, { provider: "acme", model: "gpt-4" })).toBe(0);
    const listed = listCooldowns(world.cooldowns, usual).map(({ model }) => model);
    expect(listed.sort()).toEqual(["gpt-4o", "llama3:8b", "x/y", "x/y:free"]);
    expect(world.cooldowns.cooling({ provider: acme, model: "x" })).toBeUndefined();
  });

  test("a new credential is a new account, and the old one's cooldowns go", async () => {
    const world = openWorld();
    await world.fail(new GatewayError("upstream-auth", "bad key"));
    await world.fail(broken(), providerOf("gone"));
    const renewed = providerOf("acme", { apiKey: "another key" });
    expect(await world.refuses(acme)).toBe(true);
    expect(await world.refuses(renewed)).toBe(false);
    const providers = new Map([["acme", renewed]]);
    forgetGone(world.cooldowns, { providers } as unknown as Parameters<typeof forgetGone>[1]);
    expect(world.states()).toEqual([]);
  });

  test("what is listed says why, since when, until when and what would come next", async () => {
    const world = openWorld();
    await world.fail(new GatewayError("upstream-failed", "the words"), acme, "m");
    expect(listCooldowns(world.cooldowns, usual)).toEqual([
      expect.objectContaining({
        ...{ scope: "model", provider: "acme", model: "m", state: "cooled", reason: "upstream-failed" },
        ...{ message: "the words", request: "r1", failures: 1, remaining_s: 120, next_step_s: 240, source: "schedule" },
      }),
    ]);
  });
});
