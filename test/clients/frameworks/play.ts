/** The conversations of the official SDKs, held by a framework, over the compiled binary with every provider protocol. */
import { afterAll, beforeAll, test } from "bun:test";
import { openWorld, providers, type Seat, type World } from "../../sdk/bench.ts";
import { conversations } from "../../sdk/cases.ts";
import type { Client, Door } from "../../sdk/client.ts";
import { failures } from "../../sdk/failures.ts";
import { gapOf } from "./gaps.ts";

/** Declares the tests of each client, by its name. */
export function playAll(names: readonly string[], open: (name: string, door: Door) => Client): void {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.stop());

  const seatOf = (name: string, place: Pick<Seat, "provider" | "mode">): Seat => {
    const { url, clientKey } = world.gateway;
    const client = open(name, { url, key: clientKey });
    const stranger = open(name, { url, key: "sk-nobody-knows-this-key" });
    return { world, client, stranger, ...place };
  };
  for (const name of names) {
    for (const provider of providers) {
      for (const mode of ["whole", "stream"] as const) {
        for (const each of [...conversations, ...failures]) {
          if (each.streamed && mode === "whole") continue;
          const title = `${name} -> ${provider} provider, ${mode}: ${each.name}`;
          const gap = gapOf({ client: name, provider, mode, name: each.name });
          if (gap) test.skip(`${title} (${gap})`, () => undefined);
          else test.concurrent(title, () => each.run(seatOf(name, { provider, mode })));
        }
      }
    }
  }
}
