/** Each family of providers gets what it needs and nothing that it refuses, and its refusals are understood. */
import { describe, expect, test } from "bun:test";
import type { Json, JsonObject } from "../../src/model/json.ts";
import { presets } from "../../src/providers/presets.ts";
import { families } from "./families.ts";
import { configOf, factsOf, protocolOf, render } from "./render.ts";

const look = { name: "look", parameters: { type: "object", properties: { at: { type: "string" } } } };
const call = { id: "call_0123456789", type: "function", function: { name: "look", arguments: "{}" } };

/** Of a Chat client: all that some family refuses. */
const chatBody: JsonObject = {
  ...{ stream: true, max_completion_tokens: 3000, temperature: 0.5, top_p: 0.9, seed: 7, logit_bias: { 5: 1 } },
  ...{ presence_penalty: 0.1, frequency_penalty: 0.1, stop: ["END"], reasoning_effort: "low" },
};
const messages: JsonObject[] = [
  { role: "developer", content: "Be short." },
  { role: "user", name: "bob", content: "Look." },
  { role: "assistant", content: null, reasoning_content: "I look.", tool_calls: [call] },
  { role: "tool", tool_call_id: call.id, content: "A cat." },
  { role: "user", content: "And now?" },
];
const tooled: JsonObject = { tools: [{ type: "function", function: look }], tool_choice: "required" };
const format = {
  response_format: { type: "json_schema", json_schema: { name: "n", schema: { type: "object", properties: {} } } },
};
const said = messages.filter(({ role, tool_calls: calls }) => role !== "tool" && calls === undefined);

function at(body: Json | undefined, path: string): Json | undefined {
  const step = (value: Json | undefined, key: string) => (value as JsonObject | undefined)?.[key];
  return path.split(".").reduce(step, body);
}

/** Names of members and, for roles and types, their values; participants as `name:…`. */
function words(value: Json | undefined, key = ""): string[] {
  if (Array.isArray(value)) return value.flatMap((entry) => words(entry));
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).flatMap(([name, entry]) => [name, ...words(entry, name)]);
  }
  if (key === "role" || key === "type") return [String(value)];
  return key === "name" ? [`name:${value}`] : [];
}

describe("a family of providers", () => {
  test("has a case here", () => {
    expect(families.map(({ id }) => id).sort()).toEqual(presets.map(({ id }) => id).sort());
  });

  test.each(families.map((family) => [family.id, family] as const))("%s is sent what it takes", (id, family) => {
    const facts = factsOf(configOf(id), family.model);
    const tools = facts.can.tools ? { ...tooled, messages } : { messages: said };
    const schema = id === "groq" ? format : {};
    const { ext } = { ext: facts.can.chatTopK ? { top_k: 5 } : {} };
    const { body, told } = render("chat", family.protocol, facts, { ...chatBody, ...tools, ...schema, ...ext });
    for (const [path, value] of Object.entries(family.has))
      expect([path, at(body, path)]).toEqual([path, value as Json]);
    const found = words(body).filter((word) => family.lacks.includes(word));
    expect(found).toEqual([]);
    if (family.lacks.includes("temperature")) expect(told.join()).toContain("dropped temperature");
  });

  test.each(families.map((family) => [family.id, family] as const))(
    "%s is understood when it refuses",
    (_id, family) => {
      const { status, headers, body } = family.refusal;
      const error = protocolOf(family.protocol).parseError(status, new Headers(headers), JSON.stringify(body));
      expect(error.code).toBe(family.code);
    },
  );

  test("mistral's calls have ids of nine letters and digits, in calls and results alike", () => {
    const { body } = render("chat", "chat", factsOf(configOf("mistral"), "mistral-medium-3.5"), {
      ...tooled,
      messages,
    });
    const sent = body.messages as JsonObject[];
    const id = at(sent, "2.tool_calls.0.id");
    expect(id).toMatch(/^[A-Za-z0-9]{9}$/);
    expect(at(sent, "3.tool_call_id")).toBe(id as string);
  });
});
