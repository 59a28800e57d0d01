import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { collect, replay } from "../../../src/model/collect.ts";
import type { Json, JsonObject } from "../../../src/model/json.ts";
import { Notes } from "../../../src/model/note.ts";
import { messages } from "../../../src/protocols/messages/index.ts";
import { answer, requestBody } from "./arbitrary.ts";
import { build, checkGrammar, context, decodeFrames, encode, parse, target } from "./support.ts";

/** The one freedom of a request that needs no change: the target's model name, and texts as blocks. */
function normal(body: JsonObject): JsonObject {
  return { ...body, model: "their-model" };
}

describe("identity", () => {
  test("a request that this protocol can express comes out as it went in", () => {
    fc.assert(
      fc.property(requestBody, (body) => {
        const built = build(messages.parseRequest(body, new Notes()), target({ midSystem: true }));
        expect(built.notes).toEqual([]);
        expect(built.body).toEqual(normal(body));
      }),
      { numRuns: 300 },
    );
  });

  test("parsing changes nothing in the body that it is given", () => {
    fc.assert(
      fc.property(requestBody, (body) => {
        const before = JSON.stringify(body);
        build(messages.parseRequest(body, new Notes()));
        expect(JSON.stringify(body)).toBe(before);
      }),
      { numRuns: 50 },
    );
  });

  test("the same request gives the same bytes, and a longer history begins with the shorter one", () => {
    fc.assert(
      fc.property(requestBody, (body) => {
        const list = body.messages as Json[];
        const sent = (upTo: number) =>
          build(parse({ ...body, messages: list.slice(0, upTo) })).body.messages as JsonObject[];
        const whole = sent(list.length).map((message) => JSON.stringify(message));
        for (let upTo = 1; upTo < list.length; upTo += 2) {
          expect(sent(upTo).map((message) => JSON.stringify(message))).toEqual(whole.slice(0, upTo));
        }
      }),
      { numRuns: 50 },
    );
  });

  test("an answer survives its own stream", () => {
    fc.assert(
      fc.property(answer, (given) => {
        const frames = encode(replay([given]));
        checkGrammar(frames);
        expect(decodeFrames(frames)).toEqual([given]);
      }),
      { numRuns: 300 },
    );
  });

  test("an answer survives its whole form, and stream and whole form agree", () => {
    fc.assert(
      fc.property(answer, (given) => {
        const body = messages.buildResponse([given], context());
        expect(messages.parseResponse(body)).toEqual([given]);
        expect(collect(replay(messages.parseResponse(body)))).toEqual(decodeFrames(encode(replay([given]))));
      }),
      { numRuns: 300 },
    );
  });
});

describe("what a client sends", () => {
  const jsonish = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>;
  const shaped = fc.letrec<{ any: Json }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      fc.constantFrom<Json>(null, true, 0, -1, 1.5, "", "text", "user", "assistant", [], {}),
      fc.array(tie("any"), { maxLength: 3 }),
      fc.dictionary(
        fc.constantFrom(
          ...["type", "role", "content", "text", "source", "data", "id", "name", "input", "tool_use_id", "thinking"],
          ...["signature", "cache_control", "citations", "title", "ttl", "media_type", "url", "is_error", "schema"],
        ),
        tie("any"),
        { maxKeys: 5 },
      ) as fc.Arbitrary<Json>,
      fc.constantFrom<Json>(
        ...[
          "text",
          "image",
          "document",
          "search_result",
          "tool_use",
          "tool_result",
          "thinking",
          "redacted_thinking",
        ].map((type) => ({ type })),
        ...["base64", "url", "file", "content", "ephemeral", "enabled", "json_schema", "server_tool_use"].map(
          (type) => ({ type }),
        ),
      ),
    ),
  })).any;

  test("whatever JSON it is, it is parsed or refused by name, never more", () => {
    const fields = [
      "messages",
      "system",
      "thinking",
      "tools",
      "tool_choice",
      "output_config",
      "metadata",
      "cache_control",
    ];
    fc.assert(
      fc.property(fc.oneof(jsonish, shaped), fc.constantFrom(...fields), fc.boolean(), (value, field, listed) => {
        const body = {
          ...{ model: "m", max_tokens: 5, messages: [{ role: "user", content: "x" }] },
          [field]: listed
            ? field === "messages"
              ? [
                  { role: "user", content: [value] },
                  { role: "assistant", content: [value] },
                ]
              : [value]
            : value,
        } as JsonObject;
        try {
          build(messages.parseRequest(body, new Notes()));
        } catch (error) {
          expect(error).toMatchObject({ name: "GatewayError", status: 400, detail: { param: expect.any(String) } });
        }
      }),
      { numRuns: 2000 },
    );
  });
});
