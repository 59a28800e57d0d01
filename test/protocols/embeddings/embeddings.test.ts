import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Json, JsonObject } from "../../../src/model/json.ts";
import { embeddings } from "../../../src/protocols/embeddings/index.ts";
import { geminiEmbedding } from "../../../src/protocols/gemini/embed.ts";
import { clientField } from "../../../src/protocols/protocol.ts";
import { answered, batch, cross, parse, single, target, thrown, usage, wrong } from "./support.ts";

const request = (more: JsonObject = {}): JsonObject => ({ model: "alias", input: "a cat", ...more });
const here = [embeddings, geminiEmbedding] as const;

function list(vectors: Json[], more: JsonObject = {}): JsonObject {
  const data = vectors.map((embedding, index) => ({ object: "embedding", index, embedding }));
  return { object: "list", data, model: "their-model", usage: { prompt_tokens: 7, total_tokens: 7 }, ...more };
}

describe("a request in OpenAI's form", () => {
  test.each([
    ["a text", "a cat", ["a cat"], true],
    ["texts", ["a cat", "a dog"], ["a cat", "a dog"], false],
    ["one text in a list", ["a cat"], ["a cat"], false],
    ["tokens", [1, 2, 3], [[1, 2, 3]], true],
    ["lists of tokens", [[1], [2, 3]], [[1], [2, 3]], false],
  ])("may hold %s", (_name, input, contents, isSingle) => {
    const { request: parsed } = parse(embeddings, request({ input }));
    expect(parsed.inputs.map(({ content }) => content)).toEqual(contents);
    expect(parsed.isSingle).toBe(isSingle);
  });

  const faults: [string, JsonObject, string][] = [
    ["no model", { model: null }, "model"],
    ["an empty model", { model: "" }, "model"],
    ["a model that is a number", { model: 5 }, "model"],
    ["no input", { input: null }, "input"],
    ["an empty text", { input: "" }, "input"],
    ["an empty list", { input: [] }, "input"],
    ["an object as input", { input: { text: "x" } }, "input"],
    ["a number as input", { input: 5 }, "input"],
    ["an empty text in the list", { input: ["a", ""] }, "input.1"],
    ["texts and tokens mixed", { input: ["a", [1]] }, "input.1"],
    ["tokens and texts mixed", { input: [[1], "a"] }, "input.1"],
    ["null in the list", { input: [null] }, "input.0"],
    ["an object in the list", { input: [{}] }, "input.0"],
    ["numbers and texts mixed", { input: [1, "a"] }, "input.1"],
    ["a token that is no whole number", { input: [1, 1.5] }, "input.1"],
    ["a token below zero", { input: [[1, -1]] }, "input.0.1"],
    ["an empty list of tokens", { input: [[]] }, "input.0"],
    ["dimensions as text", { dimensions: "5" }, "dimensions"],
    ["no dimensions at all", { dimensions: 0 }, "dimensions"],
    ["half a dimension", { dimensions: 1.5 }, "dimensions"],
    ["an unknown encoding", { encoding_format: "int8" }, "encoding_format"],
    ["an encoding that is a number", { encoding_format: 1 }, "encoding_format"],
    ["a user that is a number", { user: 7 }, "user"],
  ];
  test.each(faults)("with %s is refused by the field's name", (_name, more, param) => {
    const error = thrown(() => parse(embeddings, request(more)));
    expect([error.code, error.detail.param]).toEqual(["invalid-request", param]);
    expect(error.message).toStartWith(`${param}: `);
  });

  test("may say null for what it does not want to say, and a stream flag means nothing", () => {
    const absent = { dimensions: null, encoding_format: null, user: null };
    const { request: parsed } = parse(embeddings, request({ ...absent, stream: true }));
    expect(parsed).toEqual({ model: "alias", inputs: [{ content: "a cat" }], isSingle: true, unknown: [] });
    expect(embeddings.open(request({ stream: true })).stream).toBe(false);
  });

  test("goes to Google as one content, or as a batch in its order", () => {
    const one = cross(here, request({ dimensions: 64 })).out;
    expect(one.path).toBe("/models/their-model:embedContent");
    expect(one.body).toEqual({ content: { parts: [{ text: "a cat" }] }, outputDimensionality: 64 });
    const many = cross(here, request({ input: ["a cat", "a dog"], dimensions: 64 })).out;
    expect(many.path).toBe("/models/their-model:batchEmbedContents");
    expect(many.body).toEqual({
      requests: ["a cat", "a dog"].map((text) => ({
        ...{ model: "models/their-model", content: { parts: [{ text }] }, outputDimensionality: 64 },
      })),
    });
  });

  test("of more inputs than Google takes at once goes in several batches", () => {
    const input = Array.from({ length: 201 }, (_, at) => `text ${at}`);
    const { all } = cross(here, request({ input }));
    expect(all.map(({ count }) => count)).toEqual([100, 100, 1]);
    const texts = all.flatMap(({ body }) =>
      (body.requests as { content: { parts: { text: string }[] } }[]).flatMap(({ content: { parts } }) =>
        parts.map(({ text }) => text),
      ),
    );
    expect(texts).toEqual(input);
  });

  test("tells what Google has no place for; the encoding is ours to make", () => {
    const { notes } = cross(here, request({ user: "u-1", encoding_format: "base64", truncate: "END" }));
    expect(notes).toEqual(["dropped user", "dropped truncate"]);
  });

  test.each([
    [[1, 2], "input"],
    [[[1], [2]], "input.0"],
  ])("with tokens %p cannot go to Google", (input, param) => {
    const error = thrown(() => cross(here, request({ input })));
    expect([error.code, clientField(embeddings, error.detail.param ?? "")]).toEqual(["unsupported", param]);
    expect(error.message).toContain("Send the text itself");
  });

  test("to its own provider is changed in the model's name alone", () => {
    const passage = embeddings.pass({ model: "alias", stream: false }, request(), target);
    expect([passage.path, [...passage.set]]).toEqual(["/embeddings", [["model", '"their-model"']]]);
  });
});

describe("an answer in OpenAI's form", () => {
  const { request: two } = parse(geminiEmbedding, batchOf("a", "b"), batch);
  const back = [embeddings, geminiEmbedding] as const;

  function batchOf(...texts: string[]): JsonObject {
    return { requests: texts.map((text) => ({ content: { parts: [{ text }] } })) };
  }

  test("becomes Google's list, with its usage", () => {
    expect(
      answered(
        back,
        list([
          [1, 0.5],
          [2, -3],
        ]),
        two,
      ),
    ).toEqual({
      embeddings: [{ values: [1, 0.5] }, { values: [2, -3] }],
      usageMetadata: { promptTokenCount: 7 },
    });
  });

  test("becomes one embedding where one was asked for", () => {
    const { request: one } = parse(geminiEmbedding, { content: { parts: [{ text: "a" }] } }, single);
    expect(answered(back, list([[1, 2]]), one)).toEqual({
      embedding: { values: [1, 2] },
      usageMetadata: { promptTokenCount: 7 },
    });
  });

  test("is put in order by its indexes", () => {
    const body = list([[1], [2]]);
    (body.data as JsonObject[]).reverse();
    expect(embeddings.parseResponse(body, 2).vectors).toEqual([[1], [2]]);
  });

  test("is read in base64, too: little-endian floats of 32 bits", () => {
    // 1.0 and -2.5 as IEEE 754 singles, lowest byte first.
    const text = Buffer.from("0000803f000020c0", "hex").toString("base64");
    expect(embeddings.parseResponse(list([text]), 1).vectors).toEqual([[1, -2.5]]);
  });

  test("is written as the client asked: base64 is what it would have got from OpenAI", () => {
    const { request: asked } = parse(embeddings, request({ encoding_format: "base64" }));
    const written = embeddings.buildResponse({ vectors: [[1, -2.5]], usage: usage(3) }, asked);
    expect(written).toEqual({
      object: "list",
      data: [{ object: "embedding", index: 0, embedding: Buffer.from("0000803f000020c0", "hex").toString("base64") }],
      model: "alias",
      usage: { prompt_tokens: 3, total_tokens: 3 },
    });
  });

  test("keeps every single-precision number on the way through base64", () => {
    const vectors = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 50 });
    const { request: asked } = parse(embeddings, request({ encoding_format: "base64" }));
    fc.assert(
      fc.property(vectors, (vector) => {
        const written = embeddings.buildResponse({ vectors: [vector], usage: usage(1) }, asked);
        expect(embeddings.parseResponse(written, 1).vectors).toEqual([vector]);
      }),
    );
  });

  const broken: [string, Json, string][] = [
    ["is a list", [], "upstream-failed"],
    ["has no data", { object: "list" }, "upstream-failed"],
    ["has too few vectors", list([[1]]), "upstream-failed"],
    ["has too many", list([[1], [2], [3]]), "upstream-failed"],
    [
      "has an entry twice",
      {
        data: [
          { index: 0, embedding: [1] },
          { index: 0, embedding: [2] },
        ],
      },
      "upstream-failed",
    ],
    [
      "counts beyond its end",
      {
        data: [
          { index: 1, embedding: [1] },
          { index: 2, embedding: [2] },
        ],
      },
      "upstream-failed",
    ],
    ["has text among its numbers", list([[1], ["x"]]), "upstream-failed"],
    ["has null among its numbers", list([[1], [null]]), "upstream-failed"],
    ["has an empty vector", list([[1], []]), "upstream-failed"],
    ["has a vector that is none", list([[1], { float: [1] }]), "upstream-failed"],
    ["has base64 that is cut", list([[1], "AAAA"]), "upstream-failed"],
    ["has entries that are no objects", { data: [1, 2] }, "upstream-failed"],
    ["hides an error", { error: { message: "Rate limit reached", code: "rate_limit_exceeded" } }, "rate-limited"],
  ];
  test.each(broken)("that %s is a failure of the provider", (_name, body, code) => {
    expect(thrown(() => embeddings.parseResponse(body, 2)).code).toBe(code as "upstream-failed");
  });

  test("that is passed on is asked for its usage only, but an error in it is seen", () => {
    expect(embeddings.parseUsage(list([{ float: [1] }, { int8: [1] }]))).toMatchObject({ inUncached: 7 });
    expect(embeddings.parseUsage(list([[1]], { usage: { total_tokens: 4 } }))).toMatchObject({ inUncached: 4 });
    expect(embeddings.parseUsage(list([[1]], { usage: null }))).toBeUndefined();
    expect(wrong(() => embeddings.parseUsage({ error: { message: "no" } }))[0]).toBe("upstream-failed");
    expect(wrong(() => embeddings.parseUsage({}))[0]).toBe("upstream-failed");
  });
});
