/** Token counting: the official SDKs over the compiled binary, with providers that count, and with some that do not. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import { GoogleGenAI as GoogleGenAI2 } from "genai2";
import OpenAI from "openai";
import OpenAI6 from "openai6";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { startChat } from "../support/upstream/chat.ts";
import { type CounterKind, type CounterUpstream, counterKinds, startCounter } from "../support/upstream/counting.ts";
import { answerOf } from "../support/upstream/embeddings.ts";
import type { Step } from "../support/upstream/script.ts";
import type { Upstream } from "../support/upstream/server.ts";
import { type Door, type Failure, failureOf, thrownBy, watchedFetch } from "./client.ts";

const sixth = OpenAI6 as unknown as typeof OpenAI;
const second = GoogleGenAI2 as unknown as typeof GoogleGenAI;

interface Counting {
  kind: CounterKind;
  /** Where the estimate is told of, in the client's words. */
  count(model: string, text: string): Promise<{ tokens: number | undefined; headers: Headers }>;
  fail(model: string): Promise<Failure>;
}

function counting(
  kind: CounterKind,
  last: { headers: Headers },
  ask: (model: string, text: string) => Promise<number | undefined>,
): Counting {
  return {
    kind,
    count: async (model, text) => ({ tokens: await ask(model, text), headers: last.headers }),
    fail: async (model) => ({ ...failureOf(await thrownBy(ask(model, "x")), {}), headers: last.headers }),
  };
}

const content = (text: string) => [{ role: "user" as const, content: text }];

const clients: [string, (door: Door) => Counting][] = [
  [
    "anthropic",
    ({ url, key }) => {
      const { fetch, last } = watchedFetch();
      const sdk = new Anthropic({ apiKey: key, baseURL: url, maxRetries: 0, fetch });
      const ask = async (model: string, text: string) =>
        (await sdk.messages.countTokens({ model, messages: content(text) })).input_tokens;
      return counting("messages", last, ask);
    },
  ],
  [
    "anthropic beta",
    ({ url, key }) => {
      const { fetch, last } = watchedFetch();
      const sdk = new Anthropic({ apiKey: key, baseURL: url, maxRetries: 0, fetch });
      const ask = async (model: string, text: string) =>
        (await sdk.beta.messages.countTokens({ model, messages: content(text) })).input_tokens;
      return counting("messages", last, ask);
    },
  ],
  ...([["openai 7", OpenAI] as const, ["openai 6", sixth] as const].map(([name, Sdk]) => [
    name,
    ({ url, key }: Door) => {
      const { fetch, last } = watchedFetch();
      const sdk = new Sdk({ apiKey: key, baseURL: `${url}/v1`, maxRetries: 0, fetch });
      return counting("responses", last, async (model, input) => {
        const { object, input_tokens: tokens } = await sdk.responses.inputTokens.count({ model, input });
        expect(object).toBe("response.input_tokens");
        return tokens;
      });
    },
  ]) as [string, (door: Door) => Counting][]),
  ...([["genai 3", GoogleGenAI] as const, ["genai 2", second] as const].map(([name, Sdk]) => [
    name,
    ({ url, key }: Door) => {
      const { fetch, last } = watchedFetch();
      const sdk = new Sdk({ apiKey: key, httpOptions: { baseUrl: url, fetch } });
      const ask = async (model: string, text: string) =>
        (await sdk.models.countTokens({ model, contents: text })).totalTokens;
      return counting("gemini", last, ask);
    },
  ]) as [string, (door: Door) => Counting][]),
];

let gateway: Gateway;
let counters: Record<CounterKind, CounterUpstream>;
let chat: Upstream;
const refuse = (status: number, message = "no such endpoint"): Step => ({
  ...{ status, type: "invalid_request_error" },
  message,
});

beforeAll(async () => {
  counters = {
    messages: startCounter("messages"),
    responses: startCounter("responses"),
    gemini: startCounter("gemini"),
  };
  chat = startChat({ router: false });
  const provider = (kind: CounterKind) => ({
    protocols: { [kind]: counters[kind].url },
    api_key: counters[kind].key,
    cooldown: false,
  });
  gateway = await startGateway({
    config: {
      providers: {
        ...Object.fromEntries(counterKinds.map((kind) => [kind, provider(kind)])),
        ...Object.fromEntries(
          counterKinds.map((kind) => [`${kind}-laden`, { ...provider(kind), body: { temperature: 0.5 } }]),
        ),
        chat: { protocols: { chat: chat.url }, api_key: chat.key },
      },
      aliases: { plain: { targets: ["chat/anything"] } },
    },
  });
});

afterAll(async () => {
  expect(await gateway.stop()).toBe(0);
  await Promise.all([...Object.values(counters), chat].map((upstream) => upstream.stop()));
});

describe.each(clients)("%s", (_name, open) => {
  const client = () => open({ url: gateway.url, key: gateway.clientKey });
  const scene = (title: string, steps: Step[], provider = "") => {
    const { kind } = client();
    const model = counters[kind].script(title, steps);
    const seen = () => {
      expect(counters[kind].violations(model)).toEqual([]);
      return counters[kind].seen(model);
    };
    return { target: `${kind}${provider}/${model}`, model, seen };
  };

  test("is told the provider's own count, and a row without tokens is kept", async () => {
    const { target, seen } = scene("own", [answerOf(4711)]);
    const { tokens, headers } = await client().count(target, "How long is this?");
    expect(tokens).toBe(4711);
    expect(JSON.stringify(seen())).toContain("How long is this?");
    expect(headers.get("x-plexus-degraded")).toBeNull();
    expect([headers.get("x-plexus-target"), headers.get("x-plexus-attempts")]).toEqual([target, "1"]);
    const row = await gateway.request(headers.get("x-request-id") ?? "");
    expect(row).toMatchObject({
      ...{ status: 200, target, model: target, attempts: 1, errors: [] },
      tokens: { input: 0, estimated: false },
    });
  });

  test("is not told of configured fields that no counter takes", async () => {
    const { target, seen } = scene("laden", [answerOf(12)], "-laden");
    expect((await client().count(target, "x")).tokens).toBe(12);
    expect(seen()).toHaveLength(1);
  });

  test.each([404, 405, 501])("is told an estimate where the provider answers %d", async (status) => {
    const { target, seen } = scene(`none-${status}`, [refuse(status)]);
    const { tokens, headers } = await client().count(target, "a".repeat(3500));
    expect(tokens).toBeGreaterThanOrEqual(1000);
    expect(tokens).toBeLessThan(1100);
    expect(headers.get("x-plexus-degraded")).toBe("estimated input_tokens");
    expect(headers.get("x-plexus-attempts")).toBe("1");
    expect(seen()).toHaveLength(1);
    expect(await gateway.request(headers.get("x-request-id") ?? "")).toMatchObject({ status: 200, errors: [] });
  });

  test("is told an estimate, and nobody is called, where the provider has no counter", async () => {
    for (const model of ["chat/anything", "plain"]) {
      const { tokens, headers } = await client().count(model, "猫".repeat(700));
      expect(tokens).toBeGreaterThanOrEqual(600);
      expect(headers.get("x-plexus-degraded")).toBe("estimated input_tokens");
      expect(headers.get("x-plexus-attempts")).toBeNull();
      expect(await gateway.request(headers.get("x-request-id") ?? "")).toMatchObject({ status: 200, attempts: 0 });
    }
  });

  test("is told of other refusals, of models that are not there and of unknown keys", async () => {
    const { target } = scene("refused", [refuse(400, "the messages are too odd today")]);
    const refused = await client().fail(target);
    expect(refused.message).toContain("too odd today");
    expect((await client().fail("no-such-model")).message).toContain("no-such-model");
    const stranger = open({ url: gateway.url, key: "sk-nobody-knows-this-key" });
    expect((await stranger.fail(target)).status).toBe(401);
    expect(refused.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  });
});
