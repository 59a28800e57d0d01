/** What is known of a target, seen from a client: the whole pipeline runs, the provider is a function. */
import { expect, test } from "bun:test";
import type { JsonObject } from "../../src/model/json.ts";
import { openDoor, plainAnswers, secret } from "../recordings/door.ts";
import { exchange } from "../traps/support.ts";

const picture = "data:image/png;base64,iVBORw0KGgo=";
const looked: JsonObject = {
  messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: picture } }] }],
};
const answer = (text: string) => ({
  ...plainAnswers.chat,
  choices: [{ index: 0, message: { role: "assistant", content: text }, finish_reason: "stop" }],
});

test("a model that refuses stop sequences is not sent them, and its answer ends at them all the same", async () => {
  const body = { model: "up/grok-4.5", messages: [{ role: "user", content: "Hi" }], stop_sequences: ["END"] };
  const reply = answer("one END two");
  const got = await exchange({ client: "messages", provider: "chat", host: "api.x.ai", body, reply });
  expect(got.sent).not.toHaveProperty("stop");
  expect(got.json).toMatchObject({ content: [{ type: "text", text: "one " }], stop_reason: "stop_sequence" });
  expect(got.told).toContain("emulated stop_sequences");
});

test("a client of the provider's own protocol is passed on, whatever is known of the model", async () => {
  const body = { model: "up/grok-4.5", messages: [{ role: "user", content: "Hi" }], stop: ["END"], n: 1, seed: 7 };
  const got = await exchange({ client: "chat", provider: "chat", host: "api.x.ai", body });
  expect(got.sent).toEqual({ ...body, model: "grok-4.5" });
});

test("images towards a model without eyes are refused in the client's shape, without a call", async () => {
  const body = { model: "up/blind", ...looked };
  const more = { models: { blind: { vision: false } } };
  const got = await exchange({ client: "chat", provider: "gemini", body, more });
  expect(got.status).toBe(400);
  expect(got.json.error).toMatchObject({ type: "invalid_request_error", param: "messages.0.content.0" });
  expect(got.bodies).toEqual([]);
});

test("Azure is called with its version in the query, its own header, and what is known of OpenAI's models", async () => {
  const host = "mine.openai.azure.com";
  const door = openDoor({
    provider: "responses",
    host,
    more: { auth: { header: "api-key" }, query: { "api-version": "preview" } },
    answer: () => Response.json(plainAnswers.responses),
  });
  const body = { model: "up/gpt-6-astra", messages: [{ role: "user", content: "Hi" }], temperature: 0.5 };
  const response = await door.fetch("http://localhost/v1/chat/completions", {
    method: "POST",
    headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  door.close();
  expect(response.status).toBe(200);
  expect(response.headers.get("x-plexus-degraded")).toContain("dropped temperature");
  const [sent] = door.sent;
  expect(sent?.url).toBe(`https://${host}/v1/responses?api-version=preview`);
  expect(sent?.headers).toMatchObject({ "api-key": "sk-upstream-0123456789" });
  expect(sent?.headers).not.toHaveProperty("authorization");
});

test("a model that its provider offers with one protocol is asked in that one", async () => {
  const asked = async (model: string, more: JsonObject = {}) => {
    const url = "https://api.openai.com/v1";
    const door = openDoor({
      provider: "chat",
      more: { protocols: { chat: url, responses: url }, models: { [model]: more } },
      answer: ({ url: to }) => Response.json(plainAnswers[to.endsWith("/responses") ? "responses" : "chat"]),
    });
    const response = await door.fetch("http://localhost/v1/chat/completions", {
      method: "POST",
      headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
      body: JSON.stringify({ model: `up/${model}`, messages: [{ role: "user", content: "Hi" }] }),
    });
    door.close();
    expect(response.status).toBe(200);
    return door.sent[0]?.url;
  };
  expect(await asked("gpt-5.5-pro")).toEndWith("/responses");
  expect(await asked("gpt-5.4")).toEndWith("/chat/completions");
  expect(await asked("gpt-5.5-pro", { protocols: ["chat"] })).toEndWith("/chat/completions");
});
