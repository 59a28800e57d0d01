/** Images for models that cannot see: described once by one that does, in every protocol, streamed or not. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { png } from "../sdk/media.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { startChat } from "../support/upstream/chat.ts";
import { startGemini } from "../support/upstream/gemini.ts";
import { startMessages } from "../support/upstream/messages.ts";
import { startResponses } from "../support/upstream/responses.ts";
import { type Fields, fieldsOf } from "../support/upstream/shape.ts";

const names = ["chat", "messages", "responses", "gemini"] as const;
type Name = (typeof names)[number];

const upstreams = {
  chat: startChat({ router: false }),
  messages: startMessages(),
  responses: startResponses(),
  gemini: startGemini(),
};
const counts = { input: 50, cached: 0, written: 0, visible: 9, reasoning: 0 };
const files = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: ({ url }) =>
    new Response(picture(Number(new URL(url).pathname.slice(1))), { headers: { "content-type": "image/png" } }),
});
const blind = Object.fromEntries(names.map((name) => [name, upstreams[name].script("blind", [])])) as Record<
  Name,
  string
>;
const eye = upstreams.chat.script("eye", []);
const seeing = upstreams.messages.script("seeing", []);

let gateway: Gateway;
beforeAll(async () => {
  const provider = (name: Name) => ({
    protocols: { [name]: upstreams[name].url },
    api_key: upstreams[name].key,
    models: { [blind[name]]: { vision: false } },
  });
  const target = (name: Name) => `${name}/${blind[name]}`;
  gateway = await startGateway({
    config: {
      providers: Object.fromEntries(names.map((name) => [name, provider(name)])),
      aliases: {
        ...Object.fromEntries(names.map((name) => [name, { targets: [target(name)], vision_fallthrough: true }])),
        eye: { targets: [`chat/${eye}`] },
        bare: { targets: [target("chat")] },
        both: { targets: [target("chat"), `messages/${seeing}`], selector: "in_order", vision_fallthrough: true },
      },
      settings: { vision: { descriptor: "eye" }, media: { allow_private: true } },
    },
  });
});
afterAll(async () => {
  await Promise.all([gateway.stop(), files.stop(true), ...Object.values(upstreams).map((one) => one.stop())]);
});

/** Pictures that differ. */
let painted = 0;
function picture(number: number): Buffer {
  return Buffer.concat([png(), Buffer.from(`picture ${number}`)]);
}

interface Shown {
  data?: string;
  url?: string;
}
const bytes = (): Shown => ({ data: picture(painted++).toString("base64") });
const address = (): Shown => ({ url: `http://127.0.0.1:${files.port}/${painted++}` });

const parts: Record<Name, { text(text: string): Fields; image(shown: Shown): Fields }> = {
  chat: {
    text: (text) => ({ type: "text", text }),
    image: ({ data, url }) => ({ type: "image_url", image_url: { url: url ?? `data:image/png;base64,${data}` } }),
  },
  messages: {
    text: (text) => ({ type: "text", text }),
    image: ({ data, url }) => ({
      type: "image",
      source: url === undefined ? { type: "base64", media_type: "image/png", data } : { type: "url", url },
    }),
  },
  responses: {
    text: (text) => ({ type: "input_text", text }),
    image: ({ data, url }) => ({
      type: "input_image",
      image_url: url ?? `data:image/png;base64,${data}`,
      detail: "auto",
    }),
  },
  gemini: {
    text: (text) => ({ text }),
    image: ({ data, url }) =>
      url === undefined
        ? { inlineData: { mimeType: "image/png", data } }
        : { fileData: { mimeType: "image/png", fileUri: url } },
  },
};

const schema = { type: "object", properties: { what: { type: "string" } } };

/** A user turn with text and images in turn; or a tool's result that holds the images. */
function conversation(name: Name, images: Shown[], { inResult = false } = {}): Fields {
  const { text, image } = parts[name];
  const mixed = images.flatMap((one, at) => [text(`before ${at}`), image(one)]);
  const said = inResult ? [text("look")] : mixed;
  if (name === "gemini") {
    const call = {
      role: "model",
      parts: [
        {
          functionCall: { name: "look", args: {}, id: "call_1" },
          thoughtSignature: "skip_thought_signature_validator",
        },
      ],
    };
    const media = images.map((one) => image(one));
    const functionResponse = { name: "look", id: "call_1", response: { output: "see" }, parts: media };
    const result = { role: "user", parts: [{ functionResponse }] };
    return {
      contents: [{ role: "user", parts: said }, ...(inResult ? [call, result] : [])],
      ...(inResult ? { tools: [{ functionDeclarations: [{ name: "look", parametersJsonSchema: schema }] }] } : {}),
    };
  }
  if (name === "responses") {
    const call = { type: "function_call", call_id: "call_1", name: "look", arguments: "{}" };
    const result = { type: "function_call_output", call_id: "call_1", output: mixed };
    return {
      input: [{ type: "message", role: "user", content: said }, ...(inResult ? [call, result] : [])],
      ...(inResult ? { tools: [{ type: "function", name: "look", parameters: schema, strict: false }] } : {}),
      store: false,
    };
  }
  if (name === "messages") {
    const call = { role: "assistant", content: [{ type: "tool_use", id: "toolu_1", name: "look", input: {} }] };
    const result = { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: mixed }] };
    return {
      messages: [{ role: "user", content: said }, ...(inResult ? [call, result] : [])],
      ...(inResult ? { tools: [{ name: "look", input_schema: schema }] } : {}),
      max_tokens: 500,
    };
  }
  const tool_calls = [{ id: "call_1", type: "function", function: { name: "look", arguments: "{}" } }];
  const result = { role: "tool", tool_call_id: "call_1", content: mixed };
  return {
    messages: [
      { role: "user", content: said },
      ...(inResult ? [{ role: "assistant", content: null, tool_calls }, result] : []),
    ],
    ...(inResult ? { tools: [{ type: "function", function: { name: "look", parameters: schema } }] } : {}),
  };
}

interface Sending {
  client: Name;
  model: string;
  body: Fields;
  stream?: boolean;
}

async function send({ client, model, body, stream = false }: Sending) {
  const paths = { chat: "/v1/chat/completions", messages: "/v1/messages", responses: "/v1/responses" };
  const method = stream ? "streamGenerateContent?alt=sse" : "generateContent";
  const path = client === "gemini" ? `/v1beta/models/${encodeURIComponent(model)}:${method}` : paths[client];
  const response = await fetch(gateway.url + path, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${gateway.clientKey}` },
    body: JSON.stringify(client === "gemini" ? body : { model, ...body, ...(stream ? { stream } : {}) }),
  });
  const id = response.headers.get("x-request-id") ?? response.headers.get("x-plexus-request-id") ?? "";
  return { status: response.status, text: await response.text(), id };
}

/** So many more answers of the model that sees; it says which picture it was. */
function willDescribe(count: number): void {
  for (let at = 0; at < count; at++) upstreams.chat.add(eye, { text: "a red square", counts });
}
const willAnswer = (provider: Name) => upstreams[provider].add(blind[provider], { text: "I see it", counts });
const asked = () => upstreams.chat.seen(eye).length;
const given = (provider: Name) => upstreams[provider].seen(blind[provider]).at(-1);

const cases: [string, number, (client: Name) => Fields][] = [
  ["one image of the user's", 1, (client) => conversation(client, [bytes()])],
  ["an image in a tool's result", 1, (client) => conversation(client, [bytes()], { inResult: true })],
  ["five images", 5, (client) => conversation(client, [bytes(), bytes(), bytes(), bytes(), bytes()])],
  ["images by address and as bytes", 3, (client) => conversation(client, [address(), bytes(), address()])],
];
const pairs = names.flatMap((client) =>
  [...new Set<Name>([client, "chat", "messages"])].map((provider) => ({ client, provider })),
);

describe.each(pairs)("$client over a blind model at $provider", ({ client, provider }) => {
  for (const stream of [false, true]) {
    test.each(cases)(`%s, ${stream ? "streamed" : "whole"}`, async (_what, images, build) => {
      const body = build(client);
      const before = asked();
      willDescribe(images);
      willAnswer(provider);
      const answer = await send({ client, model: provider, body, stream });
      expect([answer.status, answer.status === 200 ? "" : answer.text]).toEqual([200, ""]);
      expect(asked() - before).toBe(images);
      expect([upstreams[provider].violations(blind[provider]), upstreams.chat.violations(eye)]).toEqual([[], []]);
      const seen = given(provider);
      expect(seen?.images).toEqual([]);
      const words = JSON.stringify([seen?.said, seen?.results]);
      expect(words.match(/Image, described: a red square/g)).toHaveLength(images);
      // The second turn brings the same images: nobody is asked again.
      willAnswer(provider);
      expect((await send({ client, model: provider, body, stream })).status).toBe(200);
      expect(asked() - before).toBe(images);
      expect(JSON.stringify([given(provider)?.said, given(provider)?.results])).toBe(words);
    });
  }
});

test("the words stand where the images stood", async () => {
  willDescribe(2);
  willAnswer("chat");
  await send({ client: "messages", model: "chat", body: conversation("messages", [bytes(), bytes()]) });
  const words = given("chat")?.said.join("|") ?? "";
  expect(words.indexOf("before 0")).toBeLessThan(words.indexOf("described"));
  expect(words.indexOf("described")).toBeLessThan(words.indexOf("before 1"));
  expect(words.indexOf("before 1")).toBeLessThan(words.lastIndexOf("described"));
});

test("the same image twice is described once", async () => {
  const [one, before] = [bytes(), asked()];
  willDescribe(1);
  willAnswer("chat");
  await send({ client: "chat", model: "chat", body: conversation("chat", [one, one]) });
  expect(asked() - before).toBe(1);
  expect(JSON.stringify(given("chat")?.said).match(/described: /g)).toHaveLength(2);
});

test("each description has its own usage row, on the same key and linked to the request", async () => {
  willDescribe(2);
  willAnswer("chat");
  await send({ client: "chat", model: "chat", body: conversation("chat", [bytes(), bytes()]) });
  await Bun.sleep(600);
  const rows = await gateway.requests();
  const parent = rows.find(({ alias }) => alias === "chat");
  const children = rows.filter((row) => row.parent === parent?.id);
  expect(children.map(({ alias, key, status }) => [alias, key, status])).toEqual([
    ["eye", "test", 200],
    ["eye", "test", 200],
  ]);
  expect(children.map(({ tokens }) => fieldsOf(tokens).input)).toEqual([50, 50]);
  expect(parent?.degraded).toContainEqual({
    action: "emulated",
    field: "messages.0.content.1",
    detail: "image_described",
  });
});

test("a target that sees is asked first, and gets the image itself", async () => {
  upstreams.messages.add(seeing, { text: "I do see", counts });
  const before = asked();
  const answer = await send({ client: "chat", model: "both", body: conversation("chat", [bytes()]) });
  expect([answer.status, answer.text.includes("I do see"), asked() - before]).toEqual([200, true, 0]);
  expect(upstreams.messages.seen(seeing).at(-1)?.images).toHaveLength(1);
});

test("when the one that sees fails, the others get words", async () => {
  upstreams.messages.add(seeing, { status: 529, type: "overloaded_error", message: "busy" });
  willDescribe(1);
  willAnswer("chat");
  const answer = await send({ client: "chat", model: "both", body: conversation("chat", [bytes()]) });
  expect([answer.status, answer.text.includes("I see it")]).toEqual([200, true]);
});

test("an image that nobody could describe is an error with words, never a blind answer", async () => {
  upstreams.chat.add(eye, { status: 500, type: "server_error", message: "boom" });
  const before = upstreams.chat.seen(blind.chat).length;
  const answer = await send({ client: "messages", model: "chat", body: conversation("messages", [bytes()]) });
  expect(answer.status).toBe(502);
  expect(answer.text).toContain("could not be described");
  expect(answer.text).toContain("messages.0.content.1");
  expect(upstreams.chat.seen(blind.chat).length).toBe(before);
});

test("without the fallthrough images are refused with words before anybody is asked", async () => {
  const answer = await send({ client: "chat", model: "bare", body: conversation("chat", [bytes()]) });
  expect(answer.status).toBe(400);
  expect(answer.text).toContain("image input is not supported");
});
