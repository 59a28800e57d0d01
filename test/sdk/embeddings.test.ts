/** Embeddings: the official SDKs over the compiled binary, with both kinds of provider. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { GoogleGenAI } from "@google/genai";
import { GoogleGenAI as GoogleGenAI2 } from "genai2";
import OpenAI from "openai";
import OpenAI6 from "openai6";
import { type Gateway, startGateway } from "../support/gateway.ts";
import {
  answerOf,
  type EmbeddingUpstream,
  startGoogleEmbeddings,
  startOpenaiEmbeddings,
  usualDimensions,
  vectorOf,
} from "../support/upstream/embeddings.ts";
import type { Refusal, Step } from "../support/upstream/script.ts";
import type { Door } from "./client.ts";
import { type EmbeddingClient, googleEmbeddings, openaiEmbeddings } from "./embedding-clients.ts";

// Both versions have the methods that are used here; their types differ in details that are not.
const sixth = OpenAI6 as unknown as typeof OpenAI;
const second = GoogleGenAI2 as unknown as typeof GoogleGenAI;

const clients: [string, (door: Door) => EmbeddingClient][] = [
  ["openai 7", (door) => openaiEmbeddings("openai 7", OpenAI, door)],
  ["openai 6", (door) => openaiEmbeddings("openai 6", sixth, door)],
  ["genai 3", (door) => googleEmbeddings("genai 3", GoogleGenAI, door)],
  ["genai 2", (door) => googleEmbeddings("genai 2", second, door)],
];
const providers = ["openai", "google", "counting-google"] as const;
type Provider = (typeof providers)[number];

const other = (name: Provider): Provider => (name === "openai" ? "google" : "openai");

let gateway: Gateway;
let upstreams: Record<Provider, EmbeddingUpstream>;
/** An alias for each client: a provider that is spent, then one of the other kind. */
const pairs = new Map<string, { alias: string; spent: string; next: string }>();
const spent: Refusal = {
  ...{ status: 429, type: "rate_limit_error", code: "rate_limit_exceeded", message: "This is too much for now." },
  ...{ headers: { "retry-after": "7" }, waitSeconds: 7 },
};

beforeAll(async () => {
  upstreams = {
    openai: startOpenaiEmbeddings(),
    google: startGoogleEmbeddings({ counts: false }),
    "counting-google": startGoogleEmbeddings({ counts: true }),
  };
  const kind = (name: Provider) => (name === "openai" ? "embeddings" : "gemini");

  for (const [name] of clients) {
    for (const first of ["openai", "google"] as const) {
      pairs.set(`${name} ${first}`, {
        alias: `pair-${name.replace(" ", "-")}-${first}`,
        spent: upstreams[first].script("spent", [spent, spent]),
        next: upstreams[other(first)].script("next", [answerOf(5), spent]),
      });
    }
  }
  gateway = await startGateway({
    config: {
      providers: Object.fromEntries(
        providers.flatMap((name) => {
          const { url, key } = upstreams[name];
          const speaking = { protocols: { [kind(name)]: url }, cooldown: false };
          return [
            [name, { ...speaking, api_key: key }],
            [`${name}-locked`, { ...speaking, api_key: "sk-of-somebody-else" }],
          ];
        }),
      ),
      aliases: Object.fromEntries(
        [...pairs].map(([key, { alias, spent: one, next }]) => {
          const first = key.endsWith("openai") ? "openai" : "google";
          return [alias, { selector: "in_order", targets: [`${first}/${one}`, `${other(first)}/${next}`] }];
        }),
      ),
    },
  });
});

afterAll(async () => {
  expect(await gateway.stop()).toBe(0);
  await Promise.all(Object.values(upstreams).map((upstream) => upstream.stop()));
});

const texts = ["a cat", "ein Hund, größer als die Katze", "猫 😀"];

describe.each(clients)("%s", (name, open) => {
  const client = () => open({ url: gateway.url, key: gateway.clientKey });

  describe.each(providers)("with a provider of %s", (provider) => {
    const scene = (title: string, steps: Step[]) => {
      const model = upstreams[provider].script(title, steps);
      const seen = () => {
        expect(upstreams[provider].violations(model)).toEqual([]);
        return upstreams[provider].seen(model).at(-1);
      };
      return { target: `${provider}/${model}`, seen };
    };

    async function checkRow(headers: Headers, target: string, tokens: unknown): Promise<void> {
      expect(headers.get("x-plexus-target")).toBe(target);
      expect(headers.get("x-plexus-attempts")).toBe("1");
      expect(headers.get("server-timing")).toMatch(/^gateway;dur=[\d.]+, upstream;dur=[\d.]+$/);
      const row = await gateway.request(headers.get("x-request-id") ?? "");
      const estimated = provider === "google";
      expect(row).toMatchObject({
        ...{ key: "test", protocol: client().protocol, model: target, target, attempts: 1, stream: false },
        ...{ status: 200, code: null, interrupted: false, errors: [] },
        tokens: { output: 0, reasoning: 0, cache_read: 0, cache_write: 0, estimated },
      });
      const { input } = row.tokens as { input: number };
      if (estimated) expect(input).toBeGreaterThan(0);
      else expect(input).toBe(11);
      // What passes through is not told what nobody counted; a translated answer says what the row says.
      if (tokens !== undefined) expect(tokens).toBe(input);
    }

    test.concurrent("gets the vector of one text", async () => {
      const { target, seen } = scene("one", [answerOf(11)]);
      const { vectors, tokens, headers } = await client().embed({ model: target, input: "a cat" });
      expect(vectors).toEqual([vectorOf("a cat")]);
      expect(seen()?.inputs).toEqual(["a cat"]);
      await checkRow(headers, target, tokens);
    });

    test.concurrent("gets the vectors of several texts in their order", async () => {
      const { target, seen } = scene("several", [answerOf(11)]);
      const { vectors, tokens, headers } = await client().embed({ model: target, input: texts });
      expect(vectors).toEqual(texts.map((text) => vectorOf(text)));
      expect(vectors[0]).toHaveLength(usualDimensions);
      expect(seen()).toMatchObject({ inputs: texts, isSingle: false });
      await checkRow(headers, target, tokens);
    });

    test.concurrent("gets as many vectors as it asks for, whatever the provider takes at once", async () => {
      // Google's own clients are held to Google's limit.
      const length = client().protocol === "gemini" ? 100 : 250;
      const calls = provider === "openai" || length === 100 ? 1 : 3;
      const { target, seen } = scene(
        "many",
        Array.from({ length: calls }, () => answerOf(11)),
      );
      const input = Array.from({ length }, (_, at) => `text ${at}`);
      const { vectors, tokens, headers } = await client().embed({ model: target, input });
      expect(vectors).toEqual(input.map((text) => vectorOf(text)));
      expect(seen()?.inputs.at(-1)).toBe(input.at(-1));
      expect(headers.get("x-plexus-attempts")).toBe("1");
      if (provider !== "google" && tokens !== undefined) expect(tokens).toBe(11 * calls);
    });

    test.concurrent("chooses the length of the vectors", async () => {
      const { target, seen } = scene("dimensions", [answerOf(11)]);
      const { vectors, headers } = await client().embed({ model: target, input: texts, dimensions: 32 });
      expect(vectors).toEqual(texts.map((text) => vectorOf(text, 32)));
      expect(seen()?.dimensions).toEqual([32, 32, 32]);
      const isDegraded = provider === "google" && client().protocol === "embeddings";
      expect(headers.get("x-plexus-degraded")).toBe(isDegraded ? "estimated usage.prompt_tokens" : null);
    });

    if (name.startsWith("openai")) {
      test.concurrent("gets the same vectors in every encoding that it can choose", async () => {
        const { target } = scene("encodings", [answerOf(11), answerOf(11)]);
        for (const encoding of ["float", "base64"] as const) {
          const { vectors } = await client().embed({ model: target, input: texts, encoding });
          expect(vectors).toEqual(texts.map((text) => vectorOf(text)));
        }
      });
    }

    test.concurrent("is told what the provider refuses", async () => {
      const refusal: Refusal = { status: 400, type: "invalid_request_error", message: "the input is too odd today" };
      const { target } = scene("refused", [refusal]);
      const failure = await client().fail({ model: target, input: "odd" });
      expect(failure.status).toBe(400);
      expect(failure.message).toContain("too odd today");
      const row = await gateway.request(failure.headers.get("x-request-id") ?? "");
      expect(row).toMatchObject({ status: 400, code: "invalid-request", attempts: 1, target, tokens: { input: 0 } });
    });

    test.concurrent("is told to wait as long as the provider says", async () => {
      const { target } = scene("limited", [spent]);
      const failure = await client().fail({ model: target, input: "a cat" });
      expect([failure.status, failure.headers.get("retry-after")]).toEqual([429, "7"]);
    });

    test.concurrent("does not learn of the gateway's credential when the provider refuses it", async () => {
      const model = upstreams[provider].script("locked", []);
      const failure = await client().fail({ model: `${provider}-locked/${model}`, input: "a cat" });
      expect(failure.status).toBe(502);
      expect(failure.message).not.toContain("somebody-else");
      expect(upstreams[provider].seen(model)).toEqual([]);
    });
  });

  test("is told of a model that does not exist, and of a key that nobody knows", async () => {
    const failure = await client().fail({ model: "no-such-model", input: "a cat" });
    expect(failure.status).toBe(404);
    expect(failure.message).toContain("no-such-model");
    const stranger = open({ url: gateway.url, key: "sk-nobody-knows-this-key" });
    expect((await stranger.fail({ model: "openai/x", input: "a cat" })).status).toBe(401);
  });

  test.each(["openai", "google"] as const)(
    "is answered by the next provider when one of %s is spent",
    async (first) => {
      const pair = pairs.get(`${client().name} ${first}`);
      if (!pair) throw new Error("there is no such pair");
      const next = first === "openai" ? "google" : "openai";
      const { vectors, headers } = await client().embed({ model: pair.alias, input: texts, dimensions: 16 });
      expect(vectors).toEqual(texts.map((text) => vectorOf(text, 16)));
      expect(headers.get("x-plexus-attempts")).toBe("2");
      expect(headers.get("x-plexus-target")).toBe(`${next}/${pair.next}`);
      const row = await gateway.request(headers.get("x-request-id") ?? "");
      expect(row).toMatchObject({
        ...{ alias: pair.alias, model: pair.alias, attempts: 2, status: 200 },
        errors: [{ code: "rate-limited", target: `${first}/${pair.spent}` }],
      });
      const failure = await client().fail({ model: pair.alias, input: texts });
      expect([failure.status, failure.headers.get("retry-after")]).toEqual([429, "7"]);
      expect([...upstreams[first].violations(pair.spent), ...upstreams[next].violations(pair.next)]).toEqual([]);
    },
  );
});
