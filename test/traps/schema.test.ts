import { describe, expect, test } from "bun:test";
import type { Json, JsonObject } from "../../src/model/json.ts";
import { schemas } from "./schemas.ts";
import {
  at,
  eventsOf,
  exchange,
  geminiAnswer,
  list,
  messagesAnswer,
  messagesStream,
  responsesAnswer,
} from "./support.ts";

const asked = [{ role: "user", content: "go" }];
const chatTool = (name: string, parameters: JsonObject, more: JsonObject = {}) => ({
  ...{ type: "function", function: { name, parameters, ...more } },
});

/** The schema nodes of a JSON value. */
function nodesOf(value: Json | undefined): JsonObject[] {
  if (Array.isArray(value)) return value.flatMap(nodesOf);
  if (typeof value !== "object" || value === null) return [];
  return [value, ...Object.values(value).flatMap(nodesOf)];
}

describe.each(Object.entries(schemas))("the schema of a tool with %s", (_name, schema) => {
  test.each(["chat", "messages", "responses"] as const)(
    "is what Google takes from a %s client, and keeps its properties (trap 116)",
    async (client) => {
      const bodies = {
        chat: { messages: asked, tools: [chatTool("f", schema)] },
        messages: { messages: asked, tools: [{ name: "f", input_schema: { type: "object", ...schema } }] },
        responses: { input: "go", tools: [{ type: "function", name: "f", parameters: schema }], store: false },
      };
      const { status, sent } = await exchange({ client, provider: "gemini", body: bodies[client] });
      expect(status).toBe(200);
      const made = at(sent, "tools.0.functionDeclarations.0.parametersJsonSchema");
      const names = Object.keys(schema.properties ?? { a: 1, b: 1 });
      expect(Object.keys((at(made, "properties") ?? {}) as JsonObject)).toEqual(names);
      for (const node of nodesOf(made)) {
        expect(node).not.toHaveProperty("$schema");
        expect(node).not.toHaveProperty("default");
      }
    },
  );

  test("is what a chat, a Messages and a Responses provider take (trap 116)", async () => {
    const body = { messages: asked, tools: [chatTool("f", { type: "object", ...schema })] };
    for (const provider of ["messages", "responses"] as const) {
      expect((await exchange({ client: "chat", provider, body })).status).toBe(200);
    }
    const other = { messages: asked, tools: [{ name: "f", input_schema: { type: "object", ...schema } }] };
    expect((await exchange({ client: "messages", provider: "chat", body: other })).status).toBe(200);
  });
});

/** What Google was sent for a schema of `schemas`. */
async function google(name: string): Promise<{ made: Json | undefined; told: string }> {
  const body = { messages: asked, tools: [chatTool("f", schemas[name] as JsonObject)] };
  const { sent, told } = await exchange({ client: "chat", provider: "gemini", body });
  return { made: at(sent, "tools.0.functionDeclarations.0.parametersJsonSchema"), told: told.join() };
}

describe("references", () => {
  test("keep their definitions, and nothing stands beside them (trap 117)", async () => {
    const { made, told } = await google("definitions with words beside the reference");
    expect(at(made, "properties.from")).toEqual({ $ref: "#/$defs/Point" });
    expect(at(made, "$defs.Point.required")).toEqual(["x", "y"]);
    expect(told).toContain("emulated");
    const { made: old } = await google("old definitions");
    expect(at(old, "properties.items.items")).toEqual({ $ref: "#/$defs/Item" });
    expect(at(old, "$defs.Item.properties.name.type")).toBe("string");
  });

  test("that are recursive stand where Google takes them: in no required property (trap 117)", async () => {
    const { made } = await google("a recursive definition");
    expect(at(made, "$defs.Node.properties.children.items")).toEqual({ $ref: "#/$defs/Node" });
    expect(at(made, "$defs.Node.required")).toEqual(["name"]);
    expect(at(made, "properties.root")).toEqual({ $ref: "#/$defs/Node" });
  });

  test("to other places than definitions are resolved (trap 117)", async () => {
    const { made } = await google("a reference into properties");
    expect(at(made, "properties.second")).toEqual(at(made, "properties.first") as Json);
    const { made: whole, told } = await google("a reference to the whole");
    expect(at(whole, "properties.inner.properties.name.type")).toBe("string");
    expect(JSON.stringify(whole)).not.toContain("$ref");
    expect(told).toContain("emulated");
  });

  test("to references do not multiply without end (trap 117)", async () => {
    const steps = Array.from({ length: 40 }, (_, step): [string, JsonObject] => {
      const next = step === 39 ? { type: "string" } : { $ref: `#/properties/p${step + 1}` };
      return [`p${step}`, { type: "object", properties: { a: next, b: next } }];
    });
    const schema = { type: "object", properties: Object.fromEntries(steps) };
    const body = { messages: asked, tools: [chatTool("f", schema)] };
    const { status, sentText } = await exchange({ client: "chat", provider: "gemini", body });
    expect(status).toBe(200);
    expect(sentText.length).toBeLessThan(500_000);
  });

  test.each(["#/$defs/none", "#/a%", "#/properties/a/type", "other.json", ""])(
    "to nothing in the schema are refused: %p (trap 117)",
    async ($ref) => {
      const schema = { type: "object", properties: { a: { type: "string" }, b: { $ref } } };
      const body = { messages: asked, tools: [chatTool("f", schema)] };
      const { status, json } = await exchange({ client: "chat", provider: "gemini", body });
      expect(status).toBe(400);
      expect(at(json, "error.message")).toContain("tools.0");
    },
  );

  test("to addresses are refused by name (trap 117)", async () => {
    const schema = { type: "object", properties: { a: { $ref: "https://example.com/a.json" } } };
    const body = { messages: asked, tools: [chatTool("f", schema)] };
    const { status, json, bodies } = await exchange({ client: "chat", provider: "gemini", body });
    expect(status).toBe(400);
    expect(at(json, "error.param")).toContain("tools.0");
    expect(bodies).toHaveLength(0);
  });

  test("and definitions reach the other protocols as they are (trap 117)", async () => {
    for (const name of ["a recursive definition", "definitions with words beside the reference"]) {
      const schema = schemas[name] as JsonObject;
      const body = { messages: asked, tools: [chatTool("f", schema)] };
      const messages = await exchange({ client: "chat", provider: "messages", body });
      expect(at(messages.sent, "tools.0.input_schema")).toEqual(schema);
      const responses = await exchange({ client: "chat", provider: "responses", body });
      expect(at(responses.sent, "tools.0.parameters")).toEqual(schema);
    }
  });
});

test("a node without a type says one to Google (trap 118)", async () => {
  const { made } = await google("enumerations without a type");
  expect(at(made, "properties.order")).toEqual({ type: "string", enum: ["asc", "desc"] });
  expect(at(made, "properties.level")).toEqual({ type: "number", enum: [1, 2, 3] });
  expect(JSON.stringify(at(made, "properties.either"))).toContain('"null"');
  const { made: malformed } = await google("malformed nodes");
  expect(list(malformed, "properties.anything.anyOf").length).toBeGreaterThan(3);
  expect(at(malformed, "required")).toBeUndefined();
});

const answer = {
  type: "object",
  properties: { z: { $ref: "#/$defs/Word" }, a: { type: ["string", "null"] } },
  required: ["z", "a"],
  additionalProperties: false,
  $defs: { Word: { type: "string", description: "One word." } },
};

describe("the schema of an answer", () => {
  const formats = {
    chat: {
      messages: asked,
      response_format: { type: "json_schema", json_schema: { name: "n", schema: answer, strict: true } },
    },
    responses: {
      input: "go",
      store: false,
      text: { format: { type: "json_schema", name: "n", schema: answer, strict: true } },
    },
    messages: { messages: asked, output_config: { format: { type: "json_schema", schema: answer } } },
  };

  test.each(["chat", "responses", "messages"] as const)("of a %s client reaches Google (trap 119)", async (client) => {
    const { status, sent } = await exchange({ client, provider: "gemini", body: formats[client] });
    expect(status).toBe(200);
    expect(at(sent, "generationConfig.responseMimeType")).toBe("application/json");
    const made = at(sent, "generationConfig.responseJsonSchema");
    expect(at(made, "properties.z")).toEqual({ $ref: "#/$defs/Word" });
    expect(at(made, "$defs.Word.type")).toBe("string");
    // Google sorts what it is not told the order of.
    expect(at(made, "propertyOrdering")).toEqual(["z", "a"]);
  });

  test("in Google's own form, with definitions, reaches the others as JSON Schema (trap 119)", async () => {
    const responseSchema = {
      type: "OBJECT",
      properties: { a: { type: "STRING", nullable: true }, b: { $ref: "#/$defs/Word" } },
      required: ["a"],
      $defs: { Word: { type: "STRING" } },
    };
    const generationConfig = { responseMimeType: "application/json", responseSchema };
    const body = { contents: [{ role: "user", parts: [{ text: "go" }] }], generationConfig };
    const { sent } = await exchange({ client: "gemini", provider: "chat", body });
    const schema = at(sent, "response_format.json_schema.schema");
    expect(at(schema, "type")).toBe("object");
    expect(at(schema, "properties.a.type")).toEqual(["string", "null"]);
    expect(at(schema, "$defs.Word.type")).toBe("string");
  });

  test("of a Responses client reaches a chat provider, and so does JSON without a schema (trap 120)", async () => {
    const { sent } = await exchange({ client: "responses", provider: "chat", body: formats.responses });
    expect(sent.response_format).toEqual(formats.chat.response_format);
    const body = { input: "Say it as JSON.", store: false, text: { format: { type: "json_object" } } };
    const plain = await exchange({ client: "responses", provider: "chat", body });
    expect(plain.sent.response_format).toEqual({ type: "json_object" });
    const messages = await exchange({ client: "responses", provider: "messages", body: formats.responses });
    expect(at(messages.sent, "output_config.format.type")).toBe("json_schema");
  });
});

describe("a schema beside tools towards Messages", () => {
  const body = {
    messages: asked,
    tools: [chatTool("f", { type: "object", properties: {} })],
    response_format: { type: "json_schema", json_schema: { name: "n", schema: answer, strict: true } },
  };
  const text = '{"z":"w","a":null}';

  test("leaves the tools and the choice among them alone (trap 121)", async () => {
    const { sent } = await exchange({ client: "chat", provider: "messages", body });
    expect(list(sent, "tools").map(({ name }) => name)).toEqual(["f"]);
    expect([undefined, "auto"]).toContain(at(sent, "tool_choice.type") as string | undefined);
    expect(at(sent, "output_config.format.type")).toBe("json_schema");
  });

  test.each([false, true])(
    "gives text that ends with stop, and calls that end for them, stream %p (trap 121)",
    async (stream) => {
      const said = [
        { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
        { type: "content_block_delta", index: 0, delta: { type: "text_delta", text } },
        { type: "content_block_stop", index: 0 },
      ];
      const called = [
        { type: "content_block_start", index: 0, content_block: { type: "tool_use", id: "a", name: "f", input: {} } },
        { type: "content_block_stop", index: 0 },
      ];
      const use = { type: "tool_use", id: "a", name: "f", input: {} };
      const replies = stream
        ? [messagesStream(said, "end_turn"), messagesStream(called, "tool_use")]
        : [messagesAnswer([{ type: "text", text }], "end_turn"), messagesAnswer([use], "tool_use")];
      const [first, second] = await Promise.all(
        replies.map((reply) => exchange({ client: "chat", provider: "messages", body, reply, stream })),
      );
      const wordsOf = (one = first) =>
        one && stream
          ? eventsOf(one)
              .flatMap((event) => at(event, "choices.0.delta.content") || [])
              .join("")
          : at(one?.json, "choices.0.message.content");
      const finishOf = (one = first) =>
        one && stream
          ? eventsOf(one).flatMap((event) => at(event, "choices.0.finish_reason") ?? [])
          : [at(one?.json, "choices.0.finish_reason")];
      expect(wordsOf()).toBe(text);
      expect(finishOf()).toEqual(["stop"]);
      expect(finishOf(second)).toEqual(["tool_calls"]);
    },
  );
});

describe("property keys that Messages refuses", () => {
  const odd = {
    $top: { type: "integer" },
    "@type": { type: "string" },
    "a key": { type: "string" },
    plain: { type: "string" },
  };
  const schema = { type: "object", properties: odd, required: ["$top", "a key"] };
  const args = '{"$top":12345678901234567890,"a key":"$top","plain":"@type"}';
  const call = { id: "a", type: "function", function: { name: "f", arguments: args } };
  const history = [
    ...asked,
    { role: "assistant", content: null, tool_calls: [call] },
    { role: "tool", tool_call_id: "a", content: "x" },
  ];

  test.each([false, true])("are renamed and come back as they were, stream %p (trap 145)", async (stream) => {
    const outcome = await exchange({
      ...{ client: "chat", provider: "messages", stream, body: { messages: history, tools: [chatTool("f", schema)] } },
      reply: (sent) => {
        // What the model was shown is what it uses.
        const input = at(JSON.parse(sent.body) as JsonObject, "messages.1.content.0.input") as JsonObject;
        if (!stream) return messagesAnswer([{ type: "tool_use", id: "b", name: "f", input }], "tool_use");
        const partial_json = JSON.stringify(input);
        return messagesStream(
          [
            {
              type: "content_block_start",
              index: 0,
              content_block: { type: "tool_use", id: "b", name: "f", input: {} },
            },
            ...[partial_json.slice(0, 5), partial_json.slice(5)].map((piece) => ({
              ...{ type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: piece } },
            })),
            { type: "content_block_stop", index: 0 },
          ],
          "tool_use",
        );
      },
    });
    expect(outcome.status).toBe(200);
    const made = at(outcome.sent, "tools.0.input_schema") as JsonObject;
    const keys = Object.keys(made.properties as JsonObject);
    expect(keys).toHaveLength(4);
    for (const key of keys) expect(key).toMatch(/^[a-zA-Z0-9_.-]{1,64}$/);
    expect(keys[3]).toBe("plain");
    expect(made.required).toEqual([keys[0] as string, keys[2] as string]);
    expect(Object.keys(at(outcome.sent, "messages.1.content.0.input") as JsonObject)).toEqual([
      ...[keys[0] as string, keys[2] as string, "plain"],
    ]);
    expect(outcome.told.join()).toContain("renamed");
    const back = stream
      ? eventsOf(outcome)
          .flatMap((event) => at(event, "choices.0.delta.tool_calls.0.function.arguments") ?? [])
          .join("")
      : String(at(outcome.json, "choices.0.message.tool_calls.0.function.arguments"));
    const { $top, ...rest } = JSON.parse(back) as JsonObject;
    expect(rest).toEqual({ "a key": "$top", plain: "@type" });
    expect($top).toBeGreaterThan(1e19);
  });

  test("are left as they are where they are taken (trap 145)", async () => {
    const body = { messages: history, tools: [chatTool("f", schema)] };
    const responses = await exchange({
      ...{ client: "chat", provider: "responses", body },
      reply: responsesAnswer([
        { id: "fc_1", type: "function_call", call_id: "b", name: "f", arguments: args, status: "completed" },
      ]),
    });
    expect(at(responses.sent, "tools.0.parameters")).toEqual(schema);
    expect(at(responses.json, "choices.0.message.tool_calls.0.function.arguments")).toBe(args);
    const reply = geminiAnswer([{ functionCall: { name: "f", args: { $top: 1 } } }]);
    const google = await exchange({ client: "chat", provider: "gemini", body, reply });
    expect(google.sentText).toContain('"$top":12345678901234567890');
    expect(at(google.json, "choices.0.message.tool_calls.0.function.arguments")).toBe('{"$top":1}');
  });
});
