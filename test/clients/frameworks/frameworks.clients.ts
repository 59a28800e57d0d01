/** The conversations of the official SDKs, held by frameworks, over the compiled binary with every provider protocol. */
import { afterAll, beforeAll, test } from "bun:test";
import { openWorld, providers, type World } from "../../sdk/bench.ts";
import { conversations } from "../../sdk/cases.ts";
import type { Client, Door } from "../../sdk/client.ts";
import { failures } from "../../sdk/failures.ts";
import { aiClient, aiProviders } from "./ai-sdk.ts";
import { gapOf } from "./gaps.ts";

const clients: [string, (door: Door) => Client][] = [
  ...Object.keys(aiProviders).map((name): [string, (door: Door) => Client] => [name, (door) => aiClient(name, door)]),
];

let world: World;

beforeAll(async () => {
  world = await openWorld();
});

afterAll(async () => {
  await world.stop();
});

for (const [name, open] of clients) {
  for (const provider of providers) {
    for (const mode of ["whole", "stream"] as const) {
      for (const each of [...conversations, ...failures]) {
        if (each.streamed && mode === "whole") continue;
        const title = `${name} -> ${provider} provider, ${mode}: ${each.name}`;
        const gap = gapOf({ client: name, provider, mode, name: each.name });
        if (gap) {
          test.skip(`${title} (${gap})`, () => undefined);
          continue;
        }
        test(title, async () => {
          const { url, clientKey } = world.gateway;
          const client = open({ url, key: clientKey });
          const stranger = open({ url, key: "sk-nobody-knows-this-key" });
          await each.run({ world, client, stranger, provider, mode });
        });
      }
    }
  }
}
