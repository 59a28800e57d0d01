/** The conversations of the official SDKs, held by frameworks, over the compiled binary with every provider protocol. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { openWorld, providers, Scene, type Seat, type World } from "../../sdk/bench.ts";
import { conversations } from "../../sdk/cases.ts";
import type { Client, Door } from "../../sdk/client.ts";
import { failures } from "../../sdk/failures.ts";
import { aiClient, aiProviders } from "./ai-sdk.ts";
import { gapOf } from "./gaps.ts";
import { langchainClient, langchainModels } from "./langchain.ts";

type Opened = [string, (door: Door) => Client];
const clients = [
  ...Object.keys(aiProviders).map((name): Opened => [name, (door) => aiClient(name, door)]),
  ...Object.keys(langchainModels).map((name): Opened => [name, (door) => langchainClient(name, door)]),
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

/** Names, arguments and results find each other although the framework sends no ids back. */
async function loopWithoutIds(seat: Seat): Promise<void> {
  const { client, provider } = seat;
  const counts = { input: 10, cached: 0, written: 0, visible: 5, reasoning: 0 };
  const prefix = provider === "messages" ? "toolu" : "call";
  const calls = [1, 2].map((at) => ({ id: `${prefix}_0${at}`, name: "look", args: { city: `city ${at}` } }));
  const steps = [
    { calls, counts },
    { text: "Both are fine.", counts },
  ];
  const scene = new Scene(seat, "loop", { steps });
  const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
  const tools = [{ name: "look", description: "Looks", schema }];
  const history: unknown[] = [client.user("Look at both")];
  const asked = await scene.ask({ history, tools }, { calls, counts });
  expect(asked.calls.map(({ args }) => args)).toEqual(calls.map(({ args }) => args));
  const results = client.results(asked.calls.map(({ id, args }) => ({ id, name: "look", text: `${args.city}: fine` })));
  await scene.ask({ history: [...history, asked.message, ...results], tools }, { text: "Both are fine.", counts });
  expect(scene.last().calls.map(({ name, args }) => ({ name, args }))).toEqual(
    calls.map(({ name, args }) => ({ name, args })),
  );
  const said = scene.last().results.map(({ text }) => text);
  expect(said).toEqual([1, 2].map((at) => JSON.stringify({ result: `city ${at}: fine` })));
}

for (const provider of providers) {
  for (const mode of ["whole", "stream"] as const) {
    test(`langchain google -> ${provider} provider, ${mode}: a tool loop without ids`, async () => {
      const { url, clientKey } = world.gateway;
      const client = langchainClient("langchain google", { url, key: clientKey });
      await loopWithoutIds({ world, client, stranger: client, provider, mode });
    });
  }
}
