/** Images and documents that a client sends by address, to strict providers that take none. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { pdf, png } from "../sdk/media.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { startChat } from "../support/upstream/chat.ts";
import { startGemini } from "../support/upstream/gemini.ts";
import { type Fields, fieldsOf } from "../support/upstream/shape.ts";

const chat = startChat({ router: false });
const gemini = startGemini();
const calls: string[] = [];
const files = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch(request) {
    const { pathname } = new URL(request.url);
    calls.push(pathname);
    if (pathname.startsWith("/png")) return new Response(png(), { headers: { "content-type": "image/png" } });
    if (pathname === "/pdf") return new Response(pdf, { headers: { "content-type": "application/pdf" } });
    return new Response("no", { status: 404 });
  },
});
const base = `http://127.0.0.1:${files.port}`;
const counts = { input: 1, cached: 0, written: 0, visible: 1, reasoning: 0 };
const pair = [
  gemini.script("first", [{ status: 503, type: "UNAVAILABLE", message: "busy" }]),
  gemini.script("second", [{ text: "ok", counts }]),
] as const;

const providers = {
  gemini: { protocols: { gemini: gemini.url }, api_key: gemini.key },
  chat: { protocols: { chat: chat.url }, api_key: chat.key },
};
let open: Gateway;
let closed: Gateway;
let off: Gateway;
beforeAll(async () => {
  const aliases = { pair: { targets: pair.map((model) => `gemini/${model}`) } };
  open = await startGateway({ config: { providers, aliases, settings: { media: { allow_private: true } } } });
  closed = await startGateway({ config: { providers } });
  off = await startGateway({ config: { providers, settings: { media: { fetch: false, allow_private: true } } } });
});
afterAll(async () => {
  await Promise.all([open.stop(), closed.stop(), off.stop(), chat.stop(), gemini.stop(), files.stop(true)]);
});

async function post(gateway: Gateway, path: string, body: Fields) {
  const response = await fetch(gateway.url + path, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${gateway.clientKey}` },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: fieldsOf(await response.json()) };
}

function ofImage(model: string, url: string): Fields {
  const content = [
    { type: "text", text: "What is this?" },
    { type: "image_url", image_url: { url } },
  ];
  return { model, messages: [{ role: "user", content }] };
}

function ofDocument(model: string, url: string): Fields {
  const source = { type: "url", url };
  return { model, max_tokens: 50, messages: [{ role: "user", content: [{ type: "document", source }] }] };
}

test("an image by address reaches a Gemini provider as its bytes", async () => {
  const model = gemini.script("image", [{ text: "ok", counts }]);
  const { status } = await post(open, "/v1/chat/completions", ofImage(`gemini/${model}`, `${base}/png`));
  expect(status).toBe(200);
  expect(gemini.violations(model)).toEqual([]);
  expect(gemini.seen(model)[0]?.images).toEqual([png()]);
});

test("a document by address reaches a Chat provider as its bytes", async () => {
  const model = chat.script("document", [{ text: "ok", counts }]);
  const { status } = await post(open, "/v1/messages", ofDocument(`chat/${model}`, `${base}/pdf`));
  expect(status).toBe(200);
  expect(chat.violations(model)).toEqual([]);
  expect(chat.seen(model)).toHaveLength(1);
  expect(calls).toContain("/pdf");
});

test("what was fetched for one target is not fetched again for the next", async () => {
  const { status } = await post(open, "/v1/chat/completions", ofImage("pair", `${base}/png-once`));
  expect(status).toBe(200);
  expect(calls.filter((path) => path === "/png-once")).toHaveLength(1);
  expect(gemini.seen(pair[1])[0]?.images).toEqual([png()]);
});

test.each<[string, string, Fields, string]>([
  ["an image that is not there", "/v1/chat/completions", ofImage("gemini/m", `${base}/gone`), "404"],
  ["a document of another type", "/v1/messages", ofDocument("chat/m", `${base}/png`), "not application/pdf"],
])("%s is a 400 that names the field", async (_name, path, body, words) => {
  const answer = await post(open, path, body);
  const message = String(fieldsOf(answer.body.error).message);
  expect(answer.status).toBe(400);
  expect(message).toContain(words);
  expect(message).toStartWith("messages.0.content.");
});

test("without leave, an address inside is never called", async () => {
  const before = calls.length;
  const answer = await post(closed, "/v1/chat/completions", ofImage("gemini/m", `${base}/png`));
  expect(answer.status).toBe(400);
  expect(String(fieldsOf(answer.body.error).message)).toContain("not on the public internet");
  expect(calls.length).toBe(before);
});

test("nothing is fetched where that is turned off", async () => {
  const before = calls.length;
  const answer = await post(off, "/v1/chat/completions", ofImage("gemini/m", `${base}/png`));
  expect(answer.status).toBe(400);
  expect(String(fieldsOf(answer.body.error).message)).toContain("does not fetch addresses");
  expect(calls.length).toBe(before);
});
