/** What goes wrong, as every SDK sees it. */
import { expect } from "bun:test";
import type { Refusal } from "../support/upstream/script.ts";
import { Scene, type Seat } from "./bench.ts";
import type { Case } from "./cases.ts";

const question = (seat: Seat) => ({ history: [seat.client.user("Hello")] });

async function badRequest(seat: Seat): Promise<void> {
  const refusal: Refusal = {
    ...{ status: 400, type: "invalid_request_error", code: "invalid_value" },
    message: "messages: this is not acceptable today",
  };
  const scene = new Scene(seat, "bad", { steps: [refusal] });
  const failure = await scene.fail(question(seat), "invalid-request");
  expect(failure).toMatchObject(seat.client.failures.bad);
  expect(failure.message).toContain("this is not acceptable today");
}

async function clientKey(seat: Seat): Promise<void> {
  const { stranger, mode, world } = seat;
  const scene = new Scene(seat, "stranger", { steps: [] });
  const failure = await stranger.fail({ ...question(seat), model: scene.model, mode });
  expect(failure).toMatchObject(stranger.failures.unknown);
  expect(failure.headers.get("x-plexus-target")).toBeNull();
  expect(failure.headers.get("x-plexus-attempts")).toBeNull();
  expect(scene.seen()).toEqual([]);
  const row = await world.gateway.request(failure.headers.get("x-request-id") ?? "");
  expect(row).toMatchObject({ key: null, status: 401, code: "unauthenticated", attempts: 0, target: null });
}

async function providerKey(seat: Seat): Promise<void> {
  const scene = new Scene(seat, "locked", { steps: [], locked: true });
  const failure = await scene.fail(question(seat), "upstream-auth");
  expect(failure).toMatchObject(seat.client.failures.locked);
  expect(failure.message).not.toContain("somebody-else");
  expect(scene.seen()).toEqual([]);
}

async function rateLimit(seat: Seat): Promise<void> {
  const refusal: Refusal = {
    ...{ status: 429, type: "rate_limit_error", code: "rate_limit_exceeded" },
    message: "This request would exceed your rate limit.",
    ...(seat.provider === "gemini" ? { waitSeconds: 7 } : { headers: { "retry-after": "7" } }),
  };
  const scene = new Scene(seat, "limited", { steps: [refusal] });
  const failure = await scene.fail(question(seat), "rate-limited");
  expect(failure).toMatchObject(seat.client.failures.limited);
  expect(failure.headers.get("retry-after")).toBe("7");
}

async function overloaded(seat: Seat): Promise<void> {
  const refusal: Refusal =
    seat.provider === "messages"
      ? { status: 529, type: "overloaded_error", message: "Overloaded" }
      : { status: 503, type: "server_error", message: "The model is overloaded. Please try again later." };
  const scene = new Scene(seat, "overloaded", { steps: [refusal] });
  const failure = await scene.fail(question(seat), "overloaded");
  expect(failure).toMatchObject(seat.client.failures.overloaded);
}

/** What came before the break is kept, and an end that is none does not look like one. */
function broken(breaks: "error" | "cut"): (seat: Seat) => Promise<void> {
  return async (seat) => {
    const { client, mode } = seat;
    const counts = { input: 9, cached: 0, written: 0, visible: 9, reasoning: 0 };
    const scene = new Scene(seat, "broken", { steps: [{ text: "It begins well, and then", counts, breaks }] });
    const failure = await client.fail({ ...question(seat), model: scene.model, mode });
    if (breaks === "error") expect(failure.message).toContain("Overloaded in the middle");
    const code = breaks === "error" ? "overloaded" : "upstream-failed";
    expect(await rowOf(seat, scene.model)).toMatchObject({ status: 200, code, attempts: 1, stream: true });
  };
}

/** By the model's name: an error in a stream brings no headers along. */
async function rowOf({ world }: Seat, name: string) {
  for (let tries = 0; tries < 100; tries++) {
    const row = (await world.gateway.requests()).find(({ model }) => model === name);
    if (row) return row;
    await Bun.sleep(20);
  }
  throw new Error(`no row of ${name}`);
}

export const failures: Case[] = [
  { name: "an error 400", run: badRequest },
  { name: "an unknown client key", run: clientKey },
  { name: "a provider that refuses our key", run: providerKey },
  { name: "a rate limit with Retry-After", run: rateLimit },
  { name: "an overloaded provider", run: overloaded },
  { name: "an error in the middle", run: broken("error"), streamed: true },
  { name: "an end in the middle", run: broken("cut"), streamed: true },
];
