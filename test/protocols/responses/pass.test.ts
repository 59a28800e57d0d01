import { describe, expect, test } from "bun:test";
import { Reading } from "../../../src/gateway/reading.ts";
import { Content } from "../../../src/kit/content.ts";
import type { Item } from "../../../src/model/chat.ts";
import { replay } from "../../../src/model/collect.ts";
import type { Answer, ChatEvent } from "../../../src/model/event.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import { emptyUsage } from "../../../src/model/usage.ts";
import { responses } from "../../../src/protocols/responses/index.ts";
import { build, context, encode, last, parse, target, text } from "./support.ts";

const envelope = { model: "alias", stream: true };

function passed(body: JsonObject): Record<string, unknown> {
  const { set } = responses.pass(envelope, body, target());
  return Object.fromEntries([...set].map(([key, value]) => [key, JSON.parse(value)]));
}

describe("pass-through", () => {
  test("sets the model and nothing else", () => {
    const body = { model: "alias", input: [{ type: "made_up", a: 1 }], previous_response_id: "resp_1" };
    expect(passed(body)).toEqual({ model: "upstream-model" });
    expect(responses.pass(envelope, body, target())).toMatchObject({ path: "/responses" });
    expect(responses.mayEdit(Content.ofText(JSON.stringify(body)))).toBe(false);
  });

  test("shortens call ids that are too long, paired", () => {
    const call_id = "x".repeat(71);
    const body = {
      input: [
        { type: "function_call", call_id, name: "f", arguments: "{}" },
        { type: "function_call_output", call_id, output: "" },
      ],
    };
    expect(responses.mayEdit(Content.ofText(JSON.stringify(body)))).toBe(true);
    const [call, result] = passed(body).input as JsonObject[];
    expect(String(call?.call_id).length).toBeLessThanOrEqual(64);
    expect(result?.call_id).toBe(call?.call_id as string);
  });

  test("takes out the item ids that Plexus made, and no others", () => {
    const answer = last(
      encode([
        { type: "start", id: "chatcmpl-1", model: "m", created: 1 },
        { type: "item-start", index: 0, item: { type: "message", role: "assistant", blocks: [] } },
        { type: "text-delta", index: 0, block: 0, text: "hi" },
        {
          type: "item-end",
          index: 0,
          item: { type: "message", role: "assistant", blocks: [{ type: "text", text: "hi" }] },
        },
        { type: "finish", reason: "stop" },
      ]),
    );
    const [made] = answer.output as JsonObject[];
    expect(made?.id).toMatch(/^msg_.{1,60}$/);
    const body = {
      input: [made ?? {}, { type: "message", id: "msg_68da7fd5d24481949fc2cf1cc60377050faf5df54b42d9a6" }],
    };
    expect(responses.mayEdit(Content.ofText(JSON.stringify(body)))).toBe(true);
    expect((passed(body).input as JsonObject[]).map((item) => "id" in item)).toEqual([false, true]);
  });

  test("gives a picture that another model drew back as a picture, everywhere", () => {
    const source = { type: "bytes" as const, data: "aGk=" };
    const block = { type: "media" as const, kind: "image" as const, mime: "image/webp", source };
    const item: Item = { type: "message", role: "assistant", blocks: [block] };
    const answer: Answer = { id: "x", model: "m", created: 1, finish: "stop", items: [item] };
    const [silent, drawn] = responses.buildResponse([answer], context()).output as JsonObject[];
    const shown = { type: "input_image", image_url: "data:image/webp;base64,aGk=", detail: "auto" };
    expect(passed({ input: [silent ?? {}, drawn ?? {}] }).input).toEqual([
      { type: "message", role: "user", content: [shown] },
    ]);
    const read = parse({ model: "m", input: [drawn] });
    expect(read.items).toMatchObject([item]);
    expect(build(read).body.input).toEqual([
      { type: "message", role: "user", content: [{ ...shown, detail: undefined }] },
    ]);
    const own = { type: "image_generation_call", id: "ig_68da", status: "completed", result: "aGk=" };
    expect(passed({ input: [own] })).not.toHaveProperty("input");
  });

  test("takes out reasoning that another provider made", () => {
    const foreign = (bytes: string) => bytes.startsWith("R1dTM");
    const kept = [
      { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "gAAA" },
      { type: "reasoning", id: "rs_2", summary: [] },
      { type: "message", role: "user", content: "R1dTM" },
    ];
    const body: JsonObject = {
      input: [kept[0] ?? {}, { type: "reasoning", summary: [], encrypted_content: "R1dTM1" }, ...kept.slice(1)],
    };
    const set = responses.strip(body, foreign, target());
    expect(JSON.parse(set.get("input") ?? "")).toEqual(kept);
    expect(responses.strip({ input: kept }, foreign, target()).size).toBe(0);
    expect(responses.strip({ input: "R1dTM" }, foreign, target()).size).toBe(0);
  });

  test("takes out the ids that another account made, and what it alone could read", () => {
    const foreign = (bytes: string) => bytes.endsWith("_away");
    const said = { type: "message", role: "assistant", content: [{ type: "output_text", text: "Hi." }] };
    const call = { type: "function_call", call_id: "call_away", name: "look", arguments: "{}" };
    const own = { ...said, id: "msg_here" };
    const body: JsonObject = {
      input: [
        { type: "reasoning", id: "rs_away", summary: [] },
        { ...said, id: "msg_away" },
        { ...call, id: "fc_away" },
        { type: "reasoning", id: "rs_here", summary: [] },
        own,
      ],
    };
    const set = responses.strip(body, foreign, target());
    expect(JSON.parse(set.get("input") ?? "")).toEqual([
      said,
      call,
      { type: "reasoning", id: "rs_here", summary: [] },
      own,
    ]);
  });

  test("leaves the frames as they are", () => {
    const passage = responses.pass(envelope, { input: "x" }, target());
    expect([passage.frame, passage.marker]).toEqual([undefined, undefined]);
  });
});

describe("a stream that is forwarded", () => {
  const answer: Answer = {
    ...{ id: "resp_1", model: "upstream-model", created: 1, finish: "stop", usage: { ...emptyUsage(), outVisible: 3 } },
    items: [
      {
        type: "message",
        role: "assistant",
        id: "msg_1",
        blocks: [{ type: "text", text: '"model":"upstream-model" é' }],
      },
      { type: "call", kind: "function", callId: "c", itemId: "fc_1", name: "f", args: '{"model":"upstream-model"}' },
    ],
  };
  const sent = text(encode(replay([answer]), context({ model: "upstream-model" })));

  function forward(pieces: Uint8Array[]): { out: string; events: ChatEvent[] } {
    const passage = responses.pass(envelope, { input: "x" }, target());
    const reading = new Reading({ protocol: responses, passage, model: "alias" });
    const steps = [...pieces.map((piece) => reading.push(piece)), reading.end()];
    const out = Buffer.concat(steps.map(({ bytes }) => Buffer.from(bytes ?? ""))).toString("utf8");
    return { out, events: steps.flatMap(({ events }) => events) };
  }

  test("names the client's model in every event that names one, and changes nothing else", () => {
    const bytes = new TextEncoder().encode(sent);
    for (const size of [1, 7, 100, bytes.length]) {
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
      const { out } = forward(pieces);
      expect(out).toBe(sent.replaceAll('"model":"upstream-model","output"', '"model":"alias","output"'));
    }
  });

  test("tells usage and finish from the frames that are marked", () => {
    const reading = new Reading({
      protocol: responses,
      passage: responses.pass(envelope, {}, target()),
      model: "alias",
    });
    const raws = sent.split("\n\n").filter((raw) => raw !== "");
    const events = raws.flatMap((raw, at) => {
      if (at === 6) reading.opening = false;
      return reading.push(new TextEncoder().encode(`${raw}\n\n`)).events;
    });
    expect(events.at(-2)).toMatchObject({ type: "usage", usage: { outVisible: 3 } });
    expect(events.at(-1)).toMatchObject({ type: "finish", reason: "tool-calls" });
    expect(reading.end().events).toEqual([]);
  });
});

test("a native answer keeps its own ids", () => {
  const answer = {
    ...{ id: "resp_own", model: "m", created: 1, finish: "stop" as const },
    items: [{ type: "message" as const, role: "assistant" as const, id: "msg_own", blocks: [] }],
  };
  expect(responses.buildResponse([answer], context())).toMatchObject({ id: "resp_own", output: [{ id: "msg_own" }] });
});
