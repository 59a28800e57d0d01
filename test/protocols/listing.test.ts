/** Lists of models in the forms in which vendors tell them. */
import { describe, expect, test } from "bun:test";
import type { Json } from "../../src/model/json.ts";
import { embeddingWires, protocols } from "../../src/protocols/index.ts";
import type { ModelListing } from "../../src/protocols/listing.ts";

function listingOf(protocol: string): ModelListing {
  const found = [...protocols, ...embeddingWires].find(({ name, listing }) => name === protocol && listing)?.listing;
  if (!found) throw new Error(`${protocol} has no list of models`);
  return found;
}

const ofOpenai: [string, Json, unknown][] = [
  ["the usual form", { object: "list", data: [{ id: "m", created: 7 }] }, [{ id: "m", created: 7 }]],
  ["a list alone", [{ id: "m", type: "chat", context_length: 9 }], [{ id: "m", context: 9, converses: true }]],
  ["kinds of models", { data: [{ id: "m", type: "image" }] }, [{ id: "m", converses: false }]],
  [
    "abilities",
    { data: [{ id: "m", max_context_length: 5, capabilities: { completion_chat: false } }] },
    [{ id: "m", context: 5, converses: false }],
  ],
  ["a server of one's own", { data: [{ id: "m", max_model_len: 4096 }] }, [{ id: "m", context: 4096 }]],
  [
    "entries without an id, and numbers that are none",
    { data: [{}, 7, { id: "m", context_length: -1 }] },
    [{ id: "m" }],
  ],
];

describe.each(["chat", "responses", "embeddings"])("%s", (protocol) => {
  test.each(ofOpenai)("%s", (_name, body, models) => {
    expect(listingOf(protocol).parse(body)).toEqual({ models } as ReturnType<ModelListing["parse"]>);
  });
});

test("Messages goes on behind the last id, and says when a model was made", () => {
  const listing = listingOf("messages");
  const data = [{ type: "model", id: "m", created_at: "2026-01-01T00:00:00Z", max_input_tokens: 10, max_tokens: 3 }];
  expect(listing.parse({ data, has_more: true, last_id: "m" })).toEqual({
    models: [{ id: "m", created: 1_767_225_600, context: 10, maxOutput: 3 }],
    next: "m",
  });
  expect(listing.parse({ data: [], has_more: false, last_id: null })).toEqual({ models: [] });
  expect(listing.path("a/b")).toBe("/models?limit=1000&after_id=a%2Fb");
});

test("Gemini's names stand behind their folder", () => {
  const listing = listingOf("gemini");
  const entry = (name: string) => ({ name, outputTokenLimit: 8, supportedGenerationMethods: ["generateContent"] });
  const ids = (body: Json) => listing.parse(body).models.map(({ id }) => id);
  expect(ids({ models: [entry("models/one")] })).toEqual(["one"]);
  expect(ids({ publisherModels: [entry("publishers/google/models/two")] })).toEqual(["two"]);
  expect(listing.parse({ models: [entry("models/one")], nextPageToken: "t" })).toEqual({
    models: [{ id: "one", maxOutput: 8, converses: true }],
    next: "t",
  });
});

test.each(["chat", "messages", "gemini"])("what is no list of %s is told", (protocol) => {
  for (const body of [null, 7, "text", {}, { data: {} }, { models: "none" }]) {
    expect(() => listingOf(protocol).parse(body)).toThrow("no list of models");
  }
});
