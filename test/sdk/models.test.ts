/** What the official SDKs use beside answers: model lists, and streams of clients that ask for no usage. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import OpenAI6 from "openai6";
import { openWorld, type World } from "./bench.ts";

let world: World;

beforeAll(async () => {
  world = await openWorld();
});

afterAll(async () => {
  await world.stop();
});

function door() {
  return { apiKey: world.gateway.clientKey, maxRetries: 0 };
}

function reason(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
}

for (const [version, Sdk] of [
  ["7", OpenAI],
  // Both versions have the methods that are used here; their types differ in details that are not.
  ["6", OpenAI6 as unknown as typeof OpenAI],
] as const) {
  const open = () => new Sdk({ ...door(), baseURL: `${world.gateway.url}/v1` });

  test(`openai ${version} lists models and finds one`, async () => {
    const listed: string[] = [];
    for await (const model of open().models.list()) listed.push(model.id);
    expect(listed).toContain("favourite");
    expect(await open().models.retrieve("favourite")).toMatchObject({ id: "favourite", object: "model" });
    expect(await reason(open().models.retrieve("nothing"))).toBeInstanceOf(Sdk.NotFoundError);
  });

  for (const place of ["chat", "messages"] as const) {
    test(`openai ${version} that asks for no usage gets none, and the row has it: ${place} provider`, async () => {
      const counts = { input: 3, cached: 0, written: 0, visible: 4, reasoning: 0 };
      const upstream = world.upstreams[place];
      const model = upstream.script("quiet", [{ text: "Quiet.", counts }]);
      const stream = await open()
        .chat.completions.create({
          model: `${place}/${model}`,
          messages: [{ role: "user", content: "Hi" }],
          stream: true,
        })
        .withResponse();
      let text = "";
      for await (const chunk of stream.data) {
        expect(chunk.choices.length).toBe(1);
        expect("usage" in chunk).toBe(false);
        text += chunk.choices[0]?.delta.content ?? "";
      }
      expect(text).toBe("Quiet.");
      expect(upstream.violations(model)).toEqual([]);
      const row = await world.gateway.request(stream.response.headers.get("x-request-id") ?? "");
      expect(row.tokens).toMatchObject({ input: 3, output: 4, estimated: false });
    });
  }
}

test("the Anthropic SDK lists models and finds one", async () => {
  const sdk = new Anthropic({ ...door(), baseURL: world.gateway.url });
  const listed: string[] = [];
  for await (const model of sdk.models.list()) listed.push(model.id);
  expect(listed).toContain("favourite");
  expect(await sdk.models.retrieve("favourite")).toMatchObject({ id: "favourite", type: "model" });
  expect(await reason(sdk.models.retrieve("nothing"))).toBeInstanceOf(Anthropic.NotFoundError);
});
