/** Official SDKs over the compiled binary, with every provider protocol, whole and streamed. */
import { afterAll, beforeAll, test } from "bun:test";
import { GoogleGenAI } from "@google/genai";
import { GoogleGenAI as GoogleGenAI2 } from "genai2";
import OpenAI from "openai";
import OpenAI6 from "openai6";
import { anthropicClient } from "./anthropic-client.ts";
import { openWorld, providers, type World } from "./bench.ts";
import { conversations, wanderings } from "./cases.ts";
import { type Client, type Door, modes } from "./client.ts";
import { failures } from "./failures.ts";
import { geminiClient } from "./gemini-client.ts";
import { openaiClient } from "./openai-client.ts";
import { responsesClient } from "./responses-client.ts";

// Both versions have the methods that are used here; their types differ in details that are not.
const sixth = OpenAI6 as unknown as typeof OpenAI;
const second = GoogleGenAI2 as unknown as typeof GoogleGenAI;

const clients: [string, (door: Door) => Client][] = [
  ["openai 7", (door) => openaiClient("openai 7", OpenAI, door)],
  ["openai 6", (door) => openaiClient("openai 6", sixth, door)],
  ["openai 7 responses", (door) => responsesClient("openai 7 responses", OpenAI, door)],
  ["openai 6 responses", (door) => responsesClient("openai 6 responses", sixth, door)],
  ["anthropic", (door) => anthropicClient("anthropic", door)],
  ["genai 3", (door) => geminiClient("genai 3", GoogleGenAI, door)],
  ["genai 2", (door) => geminiClient("genai 2", second, door)],
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
    for (const mode of modes) {
      for (const each of [...conversations, ...wanderings[provider], ...failures]) {
        if (each.streamed && mode === "whole") continue;
        test.concurrent(`${name} -> ${provider} provider, ${mode}: ${each.name}`, async () => {
          const { url, clientKey } = world.gateway;
          const client = open({ url, key: clientKey });
          const stranger = open({ url, key: "sk-nobody-knows-this-key" });
          await each.run({ world, client, stranger, provider, mode });
        });
      }
    }
  }
}
