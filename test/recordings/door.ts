/** The whole pipeline in this process: a gateway whose one provider is a function that answers with given bytes. */
import { compile } from "../../src/config/compile.ts";
import { createAuthenticate } from "../../src/config/keys.ts";
import { createLiveConfig } from "../../src/config/live.ts";
import { Backgrounds } from "../../src/gateway/background.ts";
import { Describer } from "../../src/gateway/describe.ts";
import type { Gateway } from "../../src/gateway/gateway.ts";
import { Refusals } from "../../src/gateway/refusals.ts";
import { createRoutingMemory } from "../../src/gateway/routing.ts";
import { Running } from "../../src/gateway/running.ts";
import type { SealRing } from "../../src/gateway/seals.ts";
import { createSlots } from "../../src/gateway/slots.ts";
import { ingressRoutes } from "../../src/http/ingress.ts";
import { silentLog } from "../../src/kit/log.ts";
import { createScratch } from "../../src/kit/scratch.ts";
import { createSweep } from "../../src/kit/sweep.ts";
import { Calibration } from "../../src/metering/calibration.ts";
import { Ledger } from "../../src/metering/quotas/ledger.ts";
import type { JsonObject } from "../../src/model/json.ts";
import type { TurnStore } from "../../src/model/kept-turn.ts";
import type { QuotaStore } from "../../src/model/quota.ts";
import type { RequestRecord } from "../../src/model/record.ts";
import type { ResponseStore } from "../../src/model/stored.ts";
import { countWires, protocols } from "../../src/protocols/index.ts";
import { createTargetFacts } from "../../src/providers/facts.ts";
import { type Logins, noLogins } from "../../src/providers/logins.ts";
import { quirks } from "../../src/providers/quirks.ts";
import { Cooldowns } from "../../src/routing/cooldowns/cooldowns.ts";

export const protocolNames = ["chat", "messages", "responses", "gemini"] as const;
export type ProtocolName = (typeof protocolNames)[number];

/** Every client with every provider. */
export const allPairs = protocolNames.flatMap((client) => protocolNames.map((provider) => ({ client, provider })));
export const crossed = allPairs.filter(({ client, provider }) => client !== provider);

/** What the provider was sent. */
export interface Sent {
  url: string;
  headers: Record<string, string>;
  body: string;
}

export interface Door {
  /** In place of the network, for an official SDK. */
  fetch(url: string | URL | Request, init?: RequestInit): Promise<Response>;
  /** What the provider was sent last. */
  readonly sent: Sent[];
  /** What the gateway kept of each exchange. */
  readonly records: RequestRecord[];
  readonly cooldowns: Cooldowns;
  readonly ring: SealRing;
  close(): void;
}

export interface DoorOptions {
  /** Targets of the aliases, in order, instead of the one provider. */
  targets?: readonly string[];
  /** The provider hears when it is given up, as over a network. */
  hears?: true;
  /** How many requests the client's key may have in flight. */
  keyLimit?: number;
  /** What the provider speaks. */
  provider: ProtocolName;
  answer(sent: Sent): Response | Promise<Response>;
  /** Aliases, each for the provider's model of that name. */
  models?: readonly string[];
  /** Where the provider is: some hosts are known for what they take. */
  host?: string;
  /** Further fields of the provider's configuration. */
  more?: JsonObject;
  /** Where seals are kept for clients that strip them; nowhere unless said. */
  turns?: TurnStore;
  /** Tokens are counted, too. */
  counts?: boolean;
  /** More providers by name, as the configuration has them; their models are called `name/model`. */
  others?: Readonly<Record<string, JsonObject>>;
  /** Of providers that have no key; nobody's unless given. */
  logins?: Logins;
  /** Failing providers are left alone for a while, as they are in life. */
  cools?: true;
}

export const keyName = "recordings";
export const secret = "sk-recordings-0123456789";

/** A store without room. */
const full: ResponseStore = {
  keepInput: () => false,
  keepResponse: () => false,
  forgetInput: () => undefined,
  find: async () => undefined,
  findHolder: async () => undefined,
  findInput: async () => undefined,
  remove: async () => false,
};

/** Keeps no seals: recorded conversations are answered more than once. */
const forgetful: TurnStore = { keep: () => undefined, mayHave: () => false, recall: () => null, load: () => undefined };

/** Its keys have no quotas. */
const noQuotaStore: QuotaStore = {
  load: async () => [],
  reserve: () => Promise.reject(new Error("nothing is shared")),
  correct: async () => undefined,
  keep: async () => undefined,
  adjust: async () => [],
};

const uncooled = { initialMs: 0, maxMs: 0, probeMs: 0 };
const cooling = { initialMs: 120_000, maxMs: 18_000_000, probeMs: 300_000 };

export function openDoor(options: DoorOptions): Door {
  const sent: Sent[] = [];
  const records: RequestRecord[] = [];
  const sweep = createSweep();
  const sealKey = Buffer.alloc(32, 7);
  const gateway: Gateway = {
    config: createLiveConfig(snapshot(options)),
    protocols,
    embeddingWires: [],
    countWires: options.counts ? countWires : [],
    authenticate: createAuthenticate(),
    transport: () => async (url, init) => {
      const body = typeof init.body === "string" ? init.body : new TextDecoder().decode(init.body);
      const one = { url, headers: init.headers, body };
      sent.push(one);
      const answer = await options.answer(one);
      if (!options.hears || !answer.body) return answer;
      return new Response(answer.body.pipeThrough(new TransformStream(), { signal: init.signal }), answer);
    },
    observers: [{ closed: (record) => void records.push(record) }],
    log: silentLog,
    targetFacts: createTargetFacts(),
    sweep,
    scratch: createScratch(),
    slots: createSlots(),
    routing: createRoutingMemory(createTargetFacts()),
    cooldowns: new Cooldowns({ settings: () => ({ ...(options.cools ? cooling : uncooled), onTimeout: false }) }),
    logins: options.logins ?? noLogins,
    stored: full,
    turns: options.turns ?? forgetful,
    backgrounds: new Backgrounds(),
    descriptions: { recall: () => undefined, find: async () => undefined, keep: () => undefined },
    describer: new Describer(),
    refusals: new Refusals(),
    running: new Running(),
    calibration: new Calibration(),
    quotas: new Ledger({ store: noQuotaStore, isShared: false }),
    sealKey,
    random: () => 0,
  };
  const routes = ingressRoutes(gateway);
  const fetch = async (url: string | URL | Request, init?: RequestInit) => {
    const request = new Request(url as string, init);
    const { pathname: path } = new URL(request.url);
    const route = routes.find((one) => one.method === request.method && matches(one.path, path));
    if (!route) throw new Error(`nothing is served at ${path}`);
    const requestId = "01930000-0000-7000-8000-000000000000";
    return route.run({ request, requestId, path, parameters: {}, address: "127.0.0.1", peer: "127.0.0.1" });
  };
  return {
    fetch,
    sent,
    records,
    cooldowns: gateway.cooldowns,
    ring: { key: sealKey, owner: keyName },
    close: () => sweep.stop(),
  };
}

function matches(route: string, path: string): boolean {
  return route.endsWith("*") ? path.startsWith(route.slice(0, -1)) : path === route;
}

const names = {
  protocols: [...protocolNames],
  quirks: Object.keys(quirks),
  demoProtocols: ["chat"],
};

function snapshot({
  provider,
  models = ["model"],
  host = "up.example",
  more = {},
  others = {},
  targets,
  keyLimit,
}: DoorOptions) {
  const up = { protocols: { [provider]: `https://${host}/v1` }, api_key: "sk-upstream-0123456789", ...more };
  const file = {
    providers: { up, ...others },
    aliases: Object.fromEntries(
      models.map((model) => [
        model,
        targets ? { targets, selector: "in_order" } : { targets: [{ provider: "up", model }] },
      ]),
    ),
    keys: { [keyName]: { secret, ...(keyLimit === undefined ? {} : { max_concurrency: keyLimit }) } },
    // Recordings name addresses of the real world.
    settings: { media: { fetch: false } },
  };
  return compile({ file }, names);
}

/** Where a client of this protocol sends its request. */
export function pathOf(client: ProtocolName, model = "model", isStream = false): string {
  const method = isStream ? "streamGenerateContent?alt=sse" : "generateContent";
  const paths = { chat: "/v1/chat/completions", messages: "/v1/messages", responses: "/v1/responses" };
  return client === "gemini" ? `/v1beta/models/${model}:${method}` : paths[client];
}

/** One word from a provider of each protocol. */
export const plainAnswers = {
  chat: {
    ...{ id: "c", object: "chat.completion", created: 1, model: "m" },
    choices: [{ index: 0, message: { role: "assistant", content: "a" }, finish_reason: "stop" }],
  },
  messages: {
    ...{ id: "msg_1", type: "message", role: "assistant", model: "m", content: [{ type: "text", text: "a" }] },
    ...{ stop_reason: "end_turn", usage: { input_tokens: 1, output_tokens: 1 } },
  },
  responses: {
    ...{ id: "resp_1", object: "response", created_at: 1, model: "m", status: "completed", error: null },
    output: [
      {
        ...{ id: "msg_1", type: "message", role: "assistant", status: "completed" },
        content: [{ type: "output_text", text: "a", annotations: [] }],
      },
    ],
  },
  gemini: {
    candidates: [{ content: { role: "model", parts: [{ text: "a" }] }, finishReason: "STOP", index: 0 }],
    modelVersion: "m",
  },
};
