import { describe, expect, test } from "bun:test";
import { Content } from "../../../src/kit/content.ts";
import type { Json, JsonObject } from "../../../src/model/json.ts";
import { embeddings } from "../../../src/protocols/embeddings/index.ts";
import { geminiEmbedding } from "../../../src/protocols/gemini/embed.ts";
import { clientField } from "../../../src/protocols/protocol.ts";
import { answered, at, batch, cross, parse, single, target, thrown, wrong } from "./support.ts";

const here = [geminiEmbedding, embeddings] as const;
const content = (...texts: string[]): JsonObject => ({ parts: texts.map((text) => ({ text })) });
const one = (more: JsonObject = {}): JsonObject => ({ content: content("a cat"), ...more });
const requests = (...list: Json[]): JsonObject => ({ requests: list });

describe("a request in Google's form", () => {
  test("goes to OpenAI as one text, or as a list in its order", () => {
    const text = cross(here, one({ outputDimensionality: 64 }), single).out;
    expect(text).toEqual({
      ...{ path: "/embeddings", headers: {}, count: 1 },
      body: { model: "their-model", input: "a cat", dimensions: 64 },
    });
    const many = requests({ model: "models/my-model", content: content("a") }, { content: content("b") });
    expect(cross(here, many, batch).out.body).toEqual({ model: "their-model", input: ["a", "b"] });
    expect(cross(here, requests(one()), batch).out.body.input).toEqual(["a cat"]);
  });

  test("may be written in snake_case, with one part in place of a list, and with its fields in a config", () => {
    const body = { content: { parts: { text: "a cat" } }, output_dimensionality: "64", task_type: "retrieval_query" };
    expect(parse(geminiEmbedding, body, single).request.inputs).toEqual([
      { content: "a cat", dimensions: 64, task: "RETRIEVAL_QUERY" },
    ]);
    const config = { embedContentConfig: { outputDimensionality: 8, title: "T", taskType: 2, autoTruncate: true } };
    const { request } = parse(geminiEmbedding, one(config), single);
    expect(request.inputs).toEqual([{ content: "a cat", dimensions: 8, title: "T", task: "RETRIEVAL_DOCUMENT" }]);
    expect(request.unknown).toEqual(["autoTruncate"]);
  });

  test("tells what OpenAI has no place for, by the client's own names", () => {
    const more = { taskType: "RETRIEVAL_DOCUMENT", title: "Cats", somethingNew: 1 };
    expect(cross(here, one(more), single).notes).toEqual(["dropped taskType", "dropped title", "dropped somethingNew"]);
    const two = requests(one(), one({ ...more, taskType: "CLUSTERING" }));
    expect(cross(here, two, batch).notes).toEqual([
      ...["dropped requests.1.taskType", "dropped requests.1.title", "dropped requests.1.somethingNew"],
    ]);
    expect(cross(here, one({ taskType: "TASK_TYPE_UNSPECIFIED" }), single).notes).toEqual([]);
  });

  test("makes one vector of all texts of a content, and says so", () => {
    const { out, notes } = cross(here, one({ content: content("Title", "Body") }), single);
    expect([out.body.input, notes]).toEqual(["Title\nBody", ["emulated content.parts"]]);
    const two = cross(here, requests(one(), { content: content("a", "b") }), batch);
    expect([two.out.body.input, two.notes]).toEqual([["a cat", "a\nb"], ["emulated requests.1.content.parts"]]);
  });

  test.each([
    ["inlineData", { inlineData: { mimeType: "image/png", data: "AAAA" } }],
    ["fileData", { file_data: { fileUri: "gs://x" } }],
    ["nothing", {}],
  ])("with a part of %s cannot go to OpenAI", (_name, part) => {
    const error = thrown(() => cross(here, requests(one(), { content: { parts: [{ text: "a" }, part] } }), batch));
    expect([error.code, error.detail.param]).toEqual(["unsupported", "requests.1.content.parts.1"]);
  });

  test("for vectors of different lengths cannot go to OpenAI", () => {
    const error = thrown(() => cross(here, requests(one({ outputDimensionality: 8 }), one()), batch));
    const param = clientField(geminiEmbedding, error.detail.param ?? "");
    expect([error.code, param]).toEqual(["unsupported", "requests.1.outputDimensionality"]);
  });

  const faults: [string, JsonObject, string][] = [
    ["no content", {}, "content"],
    ["null as content", { content: null }, "content"],
    ["a text as content", { content: "a cat" }, "content"],
    ["no parts", { content: {} }, "content.parts"],
    ["an empty list of parts", { content: { parts: [] } }, "content.parts"],
    ["a part that is a text", { content: { parts: ["a"] } }, "content.parts.0"],
    ["a text that is a number", { content: { parts: [{ text: 5 }] } }, "content.parts.0.text"],
    ["an empty text", { content: content("") }, "content.parts"],
    ["a task that is a list", one({ taskType: [] }), "taskType"],
    ["a title that is a number", one({ title: 5 }), "title"],
    ["dimensions as a word", one({ outputDimensionality: "many" }), "outputDimensionality"],
    ["no dimensions at all", one({ outputDimensionality: 0 }), "outputDimensionality"],
    ["half a dimension", one({ outputDimensionality: 1.5 }), "outputDimensionality"],
    ["a model that is a number", one({ model: 5 }), "model"],
    ["another model than the path", one({ model: "models/other" }), "model"],
    ["a config that is a text", one({ embedContentConfig: "x" }), "embedContentConfig"],
    ["requests beside the content", one({ requests: [] }), "requests"],
  ];
  test.each(faults)("with %s is refused by the field's name", (_name, body, param) => {
    expect(wrong(() => parse(geminiEmbedding, body, single))).toEqual(["invalid-request", param]);
  });

  const batchFaults: [string, JsonObject, string][] = [
    ["no requests", {}, "requests"],
    ["an empty list", requests(), "requests"],
    ["requests that are a text", { requests: "x" }, "requests"],
    ["a request that is a text", requests(one(), "x"), "requests.1"],
    ["a request without content", requests(one(), {}), "requests.1.content"],
    ["a request of another model", requests(one({ model: "models/other" })), "requests.0.model"],
    ["a task that is a flag", requests(one({ taskType: true })), "requests.0.taskType"],
  ];
  test.each(batchFaults)("for a batch with %s is refused by the field's name", (_name, body, param) => {
    expect(wrong(() => parse(geminiEmbedding, body, batch))).toEqual(["invalid-request", param]);
  });

  test.each([
    ["/v1beta/models/my-model:embedContent", "my-model"],
    ["/v1/models/my-model:batchEmbedContents", "my-model"],
    ["/v1beta/models/models%2Fopenai%2Fmodel%3A1:embedContent", "openai/model:1"],
    ["/v1beta/models/tunedModels/mine:embedContent", "tunedModels/mine"],
  ])("at %s is for the model %s", (path, model) => {
    const body = path.endsWith("embedContent") ? one() : requests(one());
    expect(geminiEmbedding.serves(path)).toBe(true);
    expect(geminiEmbedding.open(body, at(path))).toEqual({ model, stream: false });
  });

  test("is none at any other method", () => {
    for (const method of ["generateContent", "streamGenerateContent", "countTokens", "embedContents", ""]) {
      expect(geminiEmbedding.serves(`/v1beta/models/my-model:${method}`)).toBe(false);
    }
    expect(wrong(() => geminiEmbedding.open(one(), at("/v1beta/models/:embedContent")))[0]).toBe("not-found");
  });
});

describe("a request to Google's own provider", () => {
  const envelope = { model: "my-model", stream: false };

  test("is changed in the model's name alone, in the path and wherever it is said again", () => {
    const plain = geminiEmbedding.pass(envelope, one(), target);
    expect([plain.path, plain.set.size]).toEqual(["/models/their-model:embedContent", 0]);
    const named = geminiEmbedding.pass(envelope, one({ model: "models/my-model" }), target);
    expect([...named.set]).toEqual([["model", '"models/their-model"']]);
    const body = requests(
      { taskType: "CLUSTERING", model: "models/my-model", content: content("a"), future: { x: 1 } },
      { content: { parts: [{ inlineData: {} }] }, taskType: "RETRIEVAL_QUERY" },
    );
    const many = geminiEmbedding.pass(envelope, body, target);
    expect(many.path).toBe("/models/their-model:batchEmbedContents");
    expect(many.set.get("requests")).toBe(
      JSON.stringify([
        { taskType: "CLUSTERING", model: "models/their-model", content: content("a"), future: { x: 1 } },
        {
          content: { parts: [{ inlineData: {} }] },
          ...{ taskType: "RETRIEVAL_QUERY", model: "models/their-model" },
        },
      ]),
    );
  });

  test("may not name another model than its path", () => {
    const run = () => geminiEmbedding.pass(envelope, requests(one(), one({ model: "models/other" })), target);
    expect(wrong(run)).toEqual(["invalid-request", "requests.1.model"]);
    expect(wrong(() => geminiEmbedding.pass(envelope, one({ model: "other" }), target))[1]).toBe("model");
    expect(wrong(() => geminiEmbedding.pass(envelope, requests("x"), target))[1]).toBe("requests.0");
  });

  test("of a large body is read whole where it names the model again", () => {
    expect(geminiEmbedding.mayEdit(Content.ofText(JSON.stringify(requests(one()))))).toBe(true);
    expect(geminiEmbedding.mayEdit(Content.ofText(JSON.stringify(one())))).toBe(false);
  });
});

describe("an answer in Google's form", () => {
  const back = [geminiEmbedding, embeddings] as const;
  const { request: two } = parse(embeddings, { model: "alias", input: ["a", "b"] });
  const listed = (...vectors: Json[]): JsonObject => ({ embeddings: vectors.map((values) => ({ values })) });

  test("becomes OpenAI's list, with the name that the client called", () => {
    expect(answered(back, { ...listed([1, 2], [3, 4]), usageMetadata: { promptTokenCount: 9 } }, two)).toEqual({
      object: "list",
      data: [
        { object: "embedding", index: 0, embedding: [1, 2] },
        { object: "embedding", index: 1, embedding: [3, 4] },
      ],
      model: "alias",
      usage: { prompt_tokens: 9, total_tokens: 9 },
    });
  });

  test("of one embedding is one, and mostly says nothing of tokens", () => {
    expect(geminiEmbedding.parseResponse({ embedding: { values: [0.5] } }, 1)).toEqual({ vectors: [[0.5]] });
  });

  const broken: [string, Json, string][] = [
    ["is text", "no", "upstream-failed"],
    ["has no embeddings", {}, "upstream-failed"],
    ["has too few", listed([1]), "upstream-failed"],
    ["has one where a list was asked for", { embedding: { values: [1] } }, "upstream-failed"],
    ["has an entry without values", { embeddings: [{ values: [1] }, {}] }, "upstream-failed"],
    ["has text among its numbers", listed([1], ["NaN"]), "upstream-failed"],
    [
      "hides an error",
      { error: { code: 429, message: "Resource has been exhausted", status: "RESOURCE_EXHAUSTED" } },
      "rate-limited",
    ],
  ];
  test.each(broken)("that %s is a failure of the provider", (_name, body, code) => {
    expect(thrown(() => geminiEmbedding.parseResponse(body, 2)).code).toBe(code as "upstream-failed");
  });

  test("that is passed on is asked for its usage only", () => {
    const counted = { ...listed(["x"]), usageMetadata: { promptTokenCount: 3 } };
    expect(geminiEmbedding.parseUsage(counted)).toMatchObject({ inUncached: 3 });
    expect(geminiEmbedding.parseUsage(listed([1]))).toBeUndefined();
  });
});
