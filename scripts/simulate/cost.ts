/** What the choice of a target costs in the pipeline: name, key, order; with a gateway that has no database at all. */
import { compile } from "../../src/config/compile.ts";
import { createLiveConfig } from "../../src/config/live.ts";
import { Exchange } from "../../src/gateway/exchange.ts";
import type { Call, Gateway } from "../../src/gateway/gateway.ts";
import { createRoutingMemory, route, speaker } from "../../src/gateway/routing.ts";
import { createSlots } from "../../src/gateway/slots.ts";
import { Content } from "../../src/kit/content.ts";
import { createPriceOf } from "../../src/metering/pricing.ts";
import { chat } from "../../src/protocols/chat/index.ts";
import { protocols } from "../../src/protocols/index.ts";
import { createTargetFacts } from "../../src/providers/facts.ts";
import { Cooldowns } from "../../src/routing/cooldowns/cooldowns.ts";
import type { Candidate } from "../../src/routing/resolve.ts";
import { seeded } from "./world.ts";

const rounds = 3000;
const model = "many";

/** The median in microseconds. */
export function routingCost(selector: string, targets: number): number {
  const choose = chooser(selector, targets);
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const choice = choose();
    const started = performance.now();
    choice();
    times.push(1000 * (performance.now() - started));
  }
  times.sort((one, other) => one - other);
  return times[Math.floor(rounds / 2)] ?? 0;
}

/** Each call makes a request that is ready to be routed, and gives the function that does it. */
export function chooser(selector: string, targets: number): () => () => readonly Candidate[] {
  const gateway = gatewayFor(selector, targets);
  const key = gateway.config.current().keys.get("test") ?? null;
  return () => {
    const exchange = new Exchange(gateway, call);
    exchange.key = key;
    exchange.model = model;
    exchange.stream = true;
    exchange.requestCharacters = 12_000;
    return () => route(exchange, model, speaker(exchange));
  };
}

const call: Call = {
  ...{ requestId: "r", protocol: chat, place: { path: "/v1/chat/completions", query: new URLSearchParams() } },
  ...{ headers: new Headers(), credentials: [], address: "127.0.0.1", body: async () => Content.ofText("{}") },
  signal: new AbortController().signal,
};

function gatewayFor(selector: string, targets: number): Gateway {
  const random = seeded(9);
  const names = Array.from({ length: targets }, (_, at) => ({ provider: `p${at % 20}`, model: `m${at}` }));
  const providers = Object.fromEntries(
    Array.from({ length: 20 }, (_, at) => {
      const models = Object.fromEntries(
        names
          .filter(({ provider }) => provider === `p${at}`)
          .map((name) => [name.model, { price: { input: 1 + 9 * random(), output: 5 + 45 * random() } }]),
      );
      return [`p${at}`, { protocols: { chat: `https://p${at}.example/v1` }, api_key: "secret-of-nobody", models }];
    }),
  );
  const aliases = { [model]: { selector, targets: names.map((one) => `${one.provider}/${one.model}`) } };
  const keys = { test: { secret: "sk-of-the-simulation-0123" } };
  const snapshot = compile(
    { file: { providers, aliases, keys } },
    { protocols: protocols.map(({ name }) => name), quirks: [], demoProtocols: ["chat"] },
  );
  const routing = createRoutingMemory(createTargetFacts(createPriceOf(() => null)));
  for (const { provider, model: id } of names) {
    const asking = routing.standings.ask(`${provider}/${id}`);
    asking.told([{ left: random(), resetAt: Date.now() + 8.64e7 * random(), windowMs: 8.64e7 }]);
    asking.answered({ isStream: true, firstMs: 1000 * random(), totalMs: 1000 + 9000 * random(), tokens: 500 });
  }
  const settings = { initialMs: 120_000, maxMs: 18_000_000, probeMs: 900_000, onTimeout: false };
  const parts: Partial<Gateway> = {
    ...{ config: createLiveConfig(snapshot), protocols, routing, slots: createSlots(), random },
    cooldowns: new Cooldowns({ settings: () => settings }),
  };
  // Routing uses nothing else; whatever it did use would fail loudly.
  return parts as Gateway;
}
