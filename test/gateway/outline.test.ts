import { describe, expect, test } from "bun:test";
import { Received } from "../../src/gateway/inbound.ts";
import { Content } from "../../src/kit/content.ts";
import { createScratch } from "../../src/kit/scratch.ts";
import { chat } from "../../src/protocols/chat/index.ts";
import { messages } from "../../src/protocols/messages/index.ts";
import type { Protocol } from "../../src/protocols/protocol.ts";

const place = { path: "/", query: new URLSearchParams() };
const turns = Array.from({ length: 400 }, (_, at) => ({
  role: "user",
  content: `${at} "model" 🐢\n${"x ".repeat(250)}`,
}));
const list = JSON.stringify(turns);

function received(json: string, protocol: Protocol = chat): Received<Protocol> {
  return new Received(Content.ofBytes(Buffer.from(json)), { protocol, place, mayPass: true });
}

/** With the model renamed, as the provider will read it. */
function renamed(json: string, protocol: Protocol = chat): Record<string, unknown> {
  const patched = received(json, protocol).patched(new Map([["model", '"theirs"']]), createScratch());
  return JSON.parse(patched.toString()) as Record<string, unknown>;
}

describe("a large body that passes", () => {
  test.each([
    ["model first", `{"model":"ours","messages":${list},"stream":true}`],
    ["model last", `{"messages":${list},"stream":true,"model":"ours"}`],
    ["model between two lists", `{"messages":${list},"stream":true,"model":"ours","tools":${list}}`],
    ["model twice", `{"model":"one","messages":${list},"stream":true,"model":"ours"}`],
    ["white space everywhere", JSON.stringify({ model: "ours", messages: turns, stream: true }, null, 2)],
    ["a list of the same length as others", `{"tools":${list},"messages":${list},"model":"ours","stream":true}`],
  ])("is renamed and nothing else: %s", (_name, json) => {
    const { envelope } = received(json);
    expect(envelope).toEqual({ model: "ours", stream: true });
    expect(renamed(json)).toEqual({ ...JSON.parse(json), model: "theirs" });
  });

  test("no second name of a model gets through between its lists", () => {
    for (const key of ["model", "\\u006dodel", "mod\\u0065l", "\\u006D\\u006F\\u0064\\u0065\\u006C"]) {
      const json = `{"model":"ours","messages":${list},"${key}":"forbidden","tools":${list}}`;
      const text = received(json).patched(new Map([["model", '"theirs"']]), createScratch());
      expect(text.toString()).not.toContain("forbidden");
      expect(renamed(json).model).toBe("theirs");
    }
  });

  test("no other spelling of a member that is set gets through, either", () => {
    for (const key of ["max_tokens", "ma\\u0078_tokens", "max\\u005ftokens", "max_\\u0074okens"]) {
      const json = `{"model":"ours","messages":${list},"${key}":9999,"tools":${list}}`;
      const patched = received(json).patched(new Map([["max_tokens", "5"]]), createScratch());
      expect((JSON.parse(patched.toString()) as Record<string, unknown>).max_tokens).toBe(5);
    }
  });

  test("a member is set where it stands, wherever that is, or put in front", () => {
    for (const json of [
      `{"model":"ours","messages":${list},"user":"me"}`,
      `{"model":"ours","messages":${list},"user":"me","tools":${list}}`,
      `{"model":"ours","messages":${list}}`,
    ]) {
      const patched = received(json).patched(new Map([["user", '"you"']]), createScratch());
      expect(JSON.parse(patched.toString())).toEqual({ ...JSON.parse(json), user: "you" });
    }
  });

  test("what a request must have is found between its lists, too", () => {
    const json = `{"model":"ours","system":${list},"max_tokens":5,"messages":${list}}`;
    expect(received(json, messages).envelope).toEqual({ model: "ours", stream: false });
    expect(() => received(`{"model":"ours","messages":${list}}`, messages)).toThrow(/max_tokens/);
  });

  test("that is broken is refused with words", () => {
    for (const json of [`{"model":"ours","messages":${list}`, `{"messages":${list}]}`, `{"messages":${list}}`]) {
      expect(() => received(json)).toThrow();
    }
  });
});
