/** A request that goes on from a kept answer: texts that are put together, and answers that name what they go on from. */
import { describe, expect, test } from "bun:test";
import { Content } from "../../../src/kit/content.ts";
import type { Json, JsonObject } from "../../../src/model/json.ts";
import { responses } from "../../../src/protocols/responses/index.ts";
import { target } from "./support.ts";

const message = { id: "msg_1", type: "message", role: "assistant", content: [{ type: "output_text", text: "Two" }] };
const call = { id: "fc_1", type: "function_call", call_id: "call_1", name: "look", arguments: "{}" };

function goOn(text: string, { input, output }: { input: Json; output: Json }): string {
  const response = JSON.stringify({ id: "resp_1", output });
  return responses.stored?.continueFrom(text, { input: JSON.stringify(input), response }) ?? "";
}

function inputOf(body: JsonObject, history: { input: Json; output: Json }): Json | undefined {
  const text = JSON.stringify({ model: "m", previous_response_id: "resp_1", ...body });
  return (JSON.parse(goOn(text, history)) as JsonObject).input;
}

describe("the conversation in place of the id", () => {
  test("is the kept input, the answer's items and the new input, each in its long or short form", () => {
    const one = { type: "message", role: "user", content: "One" };
    const three = { type: "message", role: "user", content: "Three" };
    const history = { input: "One", output: [message] };
    expect(inputOf({ input: "Three" }, history)).toEqual([one, message, three]);
    expect(inputOf({ input: [three, three] }, { ...history, input: [one] })).toEqual([one, message, three, three]);
    for (const input of [null, "", []]) expect(inputOf({ input }, history)).toEqual([one, message]);
    expect(inputOf({}, { input: "One", output: [] })).toEqual([one]);
    expect(inputOf({ input: "Three" }, { input: [], output: null })).toEqual([three]);
  });

  test("leaves everything else as it was written", () => {
    const text =
      '{ "n": 1.0,\r\n "previous_response_id" : "resp_1" , "input": [ {"big": 12345678901234567890} ], "z": "é" }';
    const whole =
      '{"n": 1.0,"z": "é","input":[{"type":"message","role":"user","content":"One"},{"big": 12345678901234567890}]}';
    expect(goOn(text, { input: "One", output: [] })).toBe(whole);
    const spelled = '{"model":"m","previous\\u005fresponse_id":"resp_1","input":"x"}';
    expect(JSON.parse(goOn(spelled, { input: [], output: [] }))).not.toHaveProperty("previous_response_id");
  });

  test("stands for references to its items; others stay", () => {
    const reference = (id: string) => ({ type: "item_reference", id });
    const history = { input: [call], output: [message] };
    const input = [
      reference("fc_1"),
      reference("msg_1"),
      reference("msg_2"),
      { role: "user", content: "item_reference" },
    ];
    expect(inputOf({ input }, history)).toEqual([call, message, ...input.slice(2)]);
  });
});

describe("passed through", () => {
  const passed = (previous: string, body: JsonObject = {}, scope?: string) =>
    responses.pass({ model: "a", stream: true, previous, ...(scope === undefined ? {} : { scope }) }, body, target());

  test.each(["resp_1", 'a"$&é🐢'])("each response of a stream names what it goes on from: %s", (id) => {
    const { frame, marker = "?" } = passed(id);
    const edited = (raw: string) =>
      Buffer.from(frame?.(Buffer.from(raw).toString("latin1")) ?? "", "latin1").toString();
    for (const inner of ['"id":"r","previous_response_id": null,"z":"é"', '"id":"r"']) {
      const raw = `event: response.created\ndata: {"response" : {${inner}},"type":"response.created"}\n\n`;
      expect(raw).toContain(marker);
      const data = edited(raw).split("\ndata: ")[1] ?? "";
      expect(JSON.parse(data)).toMatchObject({ response: { id: "r", previous_response_id: id } });
    }
    const said =
      'data: {"type":"response.output_text.delta","delta":"\\"response\\": {\\"previous_response_id\\": null}"}\n\n';
    expect(edited(said)).toBe(said);
  });

  test("what an account did not make goes there without reasoning and ids", () => {
    const reasoning = { id: "rs_1", type: "reasoning", summary: [], encrypted_content: "gAAA" };
    const search = { id: "ws_1", type: "web_search_call", status: "completed" };
    const input = [reasoning, message, call, search, { role: "user", content: "q" }];
    const away = JSON.parse(passed("resp_1", { input }, "another").set.get("input") ?? "null") as Json;
    const { id: _message, ...bareMessage } = message;
    const { id: _call, ...bareCall } = call;
    expect(away).toEqual([bareMessage, bareCall, search, { role: "user", content: "q" }]);
    expect(passed("resp_1", { input }, target().scope).set.has("input")).toBe(false);
  });

  test("an ordinary request has no frame edited", () => {
    expect(responses.pass({ model: "a", stream: true }, { input: "x" }, target()).frame).toBeUndefined();
    expect(responses.mayEdit(Content.ofText('{"input":"x"}'))).toBe(false);
  });
});

test("an id that is no text, or beside a conversation, is refused by name", () => {
  for (const more of [{ previous_response_id: 5 }, { previous_response_id: "resp_1", conversation: "conv_1" }]) {
    expect(() => responses.open({ model: "m", input: "x", ...more })).toThrow("previous_response_id");
  }
  expect(responses.open({ model: "m", input: "x", previous_response_id: null })).not.toHaveProperty("previous");
});
