/** The scripted Responses and Gemini providers refuse what the vendors refuse. */
import { afterAll, describe, expect, test } from "bun:test";
import { startGemini } from "../support/upstream/gemini.ts";
import { startResponses } from "../support/upstream/responses.ts";
import type { Upstream } from "../support/upstream/server.ts";
import { type Fields, fieldsOf, listOf } from "../support/upstream/shape.ts";
import { png } from "./media.ts";

const upstreams = { responses: startResponses(), gemini: startGemini() };

afterAll(async () => {
  await Promise.all(Object.values(upstreams).map((upstream) => upstream.stop()));
});

const counts = { input: 1, cached: 0, written: 0, visible: 1, reasoning: 0 };
const called = { id: "call_1", name: "f", args: { a: 1 } };

/** Posts to a model that reasons and calls in its first answer. */
function conversation(upstream: Upstream, path: (model: string) => string) {
  const first = { reasoning: "because", calls: [called], counts };
  const model = upstream.script("m", [first, { text: "ok", counts }]);
  return async (body: Fields) => {
    const response = await fetch(`${upstream.url}${path(model)}`, {
      method: "POST",
      headers: {
        ...{ "content-type": "application/json", "x-goog-api-key": upstream.key },
        authorization: `Bearer ${upstream.key}`,
      },
      body: JSON.stringify(upstream === upstreams.responses ? { model, ...body } : body),
    });
    return { status: response.status, body: fieldsOf(await response.json()), violations: upstream.violations(model) };
  };
}

describe("Responses", () => {
  const open = () => conversation(upstreams.responses, () => "/responses");
  const user = (content: unknown = "Hi") => ({ role: "user", content });
  const call = (id: string, more: Fields = {}) => ({
    ...{ type: "function_call", call_id: id, name: "f", arguments: "{}" },
    ...more,
  });
  const result = (id: string) => ({ type: "function_call_output", call_id: id, output: "x" });
  const tool = (more: Fields = {}) => ({
    ...{ type: "function", name: "f", strict: false, parameters: { type: "object", properties: {} } },
    ...more,
  });
  const says = (...input: unknown[]) => ({ input });
  const jpeg = `data:image/jpeg;base64,${png().toString("base64")}`;

  test.each<[string, Fields]>([
    ["an unknown member", { stop: ["x"] }],
    ["no input", { input: [] }],
    ["a small room", { max_output_tokens: 15 }],
    ["a tool of Chat Completions", { tools: [{ type: "function", function: { name: "f" } }] }],
    ["a tool that leaves its strictness open", { tools: [tool({ strict: undefined })] }],
    ["a tool whose strictness is null", { tools: [tool({ strict: null })] }],
    ["a tool without parameters", { tools: [tool({ parameters: undefined })] }],
    ["an object without properties", { tools: [tool({ parameters: { type: "object" } })] }],
    ["two tools of one name", { tools: [tool(), tool()] }],
    ["a choice without tools", { tool_choice: "auto" }],
    ["a choice of no tool", { tools: [tool()], tool_choice: { type: "function", name: "g" } }],
    ["input text of an assistant", says(user(), { role: "assistant", content: [{ type: "input_text", text: "a" }] })],
    ["output text of a user", says(user([{ type: "output_text", text: "a" }]))],
    ["an image of wrong type", says(user([{ type: "input_image", detail: "auto", image_url: jpeg }]))],
    ["an image without its detail", says(user([{ type: "input_image", image_url: "https://e.x/a.png" }]))],
    ["an unanswered call", says(user(), call("a"))],
    ["a result without its call", says(user(), result("a"))],
    ["a result before its call", says(user(), result("a"), call("a"))],
    ["two calls of one id", says(user(), call("a"), call("a"), result("a"))],
    ["a long id", says(user(), call("a".repeat(65)), result("a".repeat(65)))],
    ["arguments that are no JSON", says(user(), call("a", { arguments: "{" }), result("a"))],
    ["an id of another kind", says(user(), call("a", { id: "call_1" }), result("a"))],
    ["an id that nobody made", says(user(), call("a", { id: "fc_1" }), result("a"))],
    ["reasoning of others", says(user(), { type: "reasoning", summary: [], encrypted_content: "x" }, call("a"))],
    ["reasoning without a proof", says(user(), { type: "reasoning", summary: [] }, call("a"), result("a"))],
    [
      "an open schema of the answer",
      { text: { format: { type: "json_schema", name: "a", strict: true, schema: {} } } },
    ],
    ["a schema in Chat's wrapper", { text: { format: { type: "json_schema", json_schema: { name: "a" } } } }],
    ["JSON without the word", { text: { format: { type: "json_object" } } }],
  ])("refuses %s", async (_name, body) => {
    const { status, violations } = await open()({ ...says(user()), ...body });
    expect([status, violations.length]).toEqual([400, 1]);
  });

  test("its own items come back with their ids and proofs, before what they led to", async () => {
    const asked = { tools: [tool()], include: ["reasoning.encrypted_content"], reasoning: { summary: "auto" } };
    const ask = open();
    const { body } = await ask({ ...says(user()), ...asked });
    const [reasoning, made] = listOf(body.output);
    expect(reasoning).toMatchObject({ type: "reasoning", summary: [{ text: "because" }] });
    const send = (...items: unknown[]) => ask({ ...says(user(), ...items), ...asked });
    expect((await send(made, result("call_1"), reasoning)).status).toBe(400);
    expect((await send({ ...reasoning, summary: [{ type: "summary_text", text: "x" }] }, made)).status).toBe(400);
    expect((await send(reasoning, made, result("call_1"))).status).toBe(200);
  });

  test("reasoning is shown and sealed for those that ask", async () => {
    const { body } = await open()({ ...says(user()), tools: [tool()] });
    expect(listOf(body.output)[0]).toEqual({ id: expect.any(String), type: "reasoning", summary: [] });
  });
});

describe("Gemini", () => {
  const open = () => conversation(upstreams.gemini, (model) => `/models/${model}:generateContent`);
  const user = (...parts: Fields[]) => ({ role: "user", parts: parts.length > 0 ? parts : [{ text: "Hi" }] });
  const model = (...parts: Fields[]) => ({ role: "model", parts });
  const skip = { thoughtSignature: "skip_thought_signature_validator" };
  const call = (more: Fields = skip, id?: string) => ({ functionCall: { ...(id ? { id } : {}), name: "f" }, ...more });
  const result = (name = "f", id?: string) => ({
    functionResponse: { ...(id ? { id } : {}), name, response: { output: "x" } },
  });
  const says = (...contents: unknown[]) => ({ contents });
  const declared = (...list: Fields[]) => ({ tools: [{ functionDeclarations: list }] });
  const config = (generationConfig: Fields) => ({ generationConfig });
  const format = (schema: Fields) => config({ responseMimeType: "application/json", responseJsonSchema: schema });
  const data = png().toString("base64");
  const inline = (mimeType: string, text: string) => user({ inlineData: { mimeType, data: text } });

  test.each<[string, Fields]>([
    ["an unknown member", { stop: ["x"] }],
    ["no content", says()],
    ["a content without parts", says({ role: "user", parts: [] })],
    ["the role of others", says({ role: "assistant", parts: [{ text: "a" }] })],
    ["a model that speaks first", says(model({ text: "a" }), user())],
    ["a part of two payloads", says(user({ text: "a", inlineData: { mimeType: "image/png", data } }))],
    ["a part of none", says(user({ thought: true }))],
    ["an empty text", says(user({ text: "" }))],
    ["a lone empty text of the model", says(user(), model({ text: "" }), user())],
    ["an image of wrong type", says(inline("image/jpeg", data))],
    ["a data URL", says(inline("image/png", `data:image/png;base64,${data}`))],
    ["a result that is text", says(user(), model(call()), user({ functionResponse: { name: "f", response: "x" } }))],
    ["an unanswered call", says(user(), model(call()))],
    ["fewer results than calls", says(user(), model(call(), call({})), user(result()))],
    ["a result beside words", says(user(), model(call()), user(result(), { text: "a" }))],
    ["results in two contents", says(user(), model(call(), call({})), user(result()), user(result()))],
    ["a result of another tool", says(user(), model(call()), user(result("g")))],
    ["a result of another id", says(user(), model(call(skip, "a")), user(result("f", "b")))],
    ["a call without its signature", says(user(), model(call({})), user(result()))],
    ["a signature of others", says(user(), model(call({ thoughtSignature: "QQ==" })), user(result()))],
    ["sampling beside the config", { temperature: 1 }],
    ["six stops", config({ stopSequences: ["a", "b", "c", "d", "e", "f"] })],
    ["budget and level", config({ thinkingConfig: { thinkingBudget: 1, thinkingLevel: "LOW" } })],
    ["a schema without its type of answer", config({ responseJsonSchema: { type: "object" } })],
    ["a schema of unknown keys", format({ type: "object", not: {} })],
    ["a schema without a type", format({ type: "object", properties: { a: {} } })],
    ["JSON Schema in Google's own form", declared({ name: "f", parameters: { type: ["string", "null"] } })],
    ["an odd name", declared({ name: "1f" })],
    ["two tools of one name", declared({ name: "f" }, { name: "f" })],
    ["names without the need to call", { ...declared({ name: "f" }), ...mode("AUTO", "f") }],
    ["a choice of no tool", { ...declared({ name: "f" }), ...mode("ANY", "g") }],
    ["a mode without tools", mode("ANY")],
  ])("refuses %s", async (_name, body) => {
    const { status, violations } = await open()({ ...says(user()), ...body });
    expect([status, violations.length]).toEqual([400, 1]);
  });

  function mode(word: string, ...names: string[]): Fields {
    const allowed = names.length > 0 ? { allowedFunctionNames: names } : {};
    return { toolConfig: { functionCallingConfig: { mode: word, ...allowed } } };
  }

  test("its own signature comes back on the call where it was, in the running turn", async () => {
    const ask = open();
    const asked = declared({ name: "f" });
    const { body } = await ask({ ...says(user()), ...asked });
    const [made = {}] = listOf(fieldsOf(listOf(body.candidates)[0]?.content).parts);
    const { thoughtSignature, ...bare } = made;
    const send = (part: Fields, ...more: unknown[]) =>
      ask({ ...says(user(), model(part), user(result("f", "call_1")), ...more), ...asked });
    expect((await send(bare)).status).toBe(400);
    const other = { functionCall: { ...called, args: { a: 2 } }, thoughtSignature };
    expect((await send(other)).status).toBe(400);
    expect((await send(made)).status).toBe(200);
    // The script has ended, but nothing was refused: an older turn is not looked at.
    expect((await send(bare, model({ text: "ok" }), user())).status).toBe(500);
  });

  test("an unknown key is a bad request with a reason", async () => {
    const path = `${upstreams.gemini.url}/models/m:generateContent`;
    const response = await fetch(path, { method: "POST", headers: { "x-goog-api-key": "x" }, body: "{}" });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { details: [{ reason: "API_KEY_INVALID" }] } });
  });
});
