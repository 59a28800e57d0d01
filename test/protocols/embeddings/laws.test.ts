/** Whatever comes, from a client or a provider, is taken or refused by name; never does it break an adapter. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Json, JsonObject } from "../../../src/model/json.ts";
import { Notes } from "../../../src/model/note.ts";
import { embeddings } from "../../../src/protocols/embeddings/index.ts";
import { geminiEmbedding } from "../../../src/protocols/gemini/embed.ts";
import type { Place } from "../../../src/protocols/protocol.ts";
import { answered, batch, cross, parse, single, thrown, usage } from "./support.ts";

const anything = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>;
const text = fc.string({ minLength: 1 }).filter((one) => one.trim() !== "");
const dimensions = fc.integer({ min: 1, max: 3072 });

const openai: fc.Arbitrary<JsonObject> = fc.record(
  {
    model: fc.constant("my-model"),
    input: fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 5 })),
    dimensions,
    encoding_format: fc.constantFrom("float", "base64"),
    user: fc.string(),
  },
  { requiredKeys: ["model", "input"] },
);
const google: fc.Arbitrary<JsonObject> = fc.record(
  {
    content: text.map((one) => ({ parts: [{ text: one }] })),
    taskType: fc.constantFrom("CLUSTERING", "RETRIEVAL_QUERY"),
    title: fc.string(),
    outputDimensionality: dimensions,
  },
  { requiredKeys: ["content"] },
);
const googleBatch: fc.Arbitrary<JsonObject> = fc
  .tuple(dimensions, fc.array(google, { minLength: 1, maxLength: 5 }))
  .map(([outputDimensionality, list]) => ({ requests: list.map((each) => ({ ...each, outputDimensionality })) }));

/** The same with one member, anywhere in it, replaced by anything. */
function spoilt(good: fc.Arbitrary<JsonObject>): fc.Arbitrary<JsonObject> {
  return fc.tuple(good, fc.nat(), anything).map(([body, at, value]) => {
    const copy = structuredClone(body);
    const places: [object, string][] = [];
    const visit = (node: Json | undefined): void => {
      if (typeof node !== "object" || node === null) return;
      for (const [key, child] of Object.entries(node)) {
        places.push([node, key]);
        visit(child);
      }
    };
    visit(copy);
    const [holder, key] = places[at % places.length] ?? [copy, "model"];
    (holder as Record<string, Json>)[key] = value;
    return copy;
  });
}

const doors = [
  ["OpenAI's", openai, [embeddings, geminiEmbedding], undefined],
  ["Google's for one", google, [geminiEmbedding, embeddings], single],
  ["Google's for a batch", googleBatch, [geminiEmbedding, embeddings], batch],
] as const;

describe.each(doors)("a request in the form %s", (_name, good, pair, place: Place | undefined) => {
  test("reaches the other form with every text and length", () => {
    fc.assert(
      fc.property(good, (body) => {
        const { request } = parse(pair[0], body, place);
        const { out } = cross(pair, body, place);
        const again = pair[1].parseRequest({ ...out.body, ...(place ? {} : { model: "their-model" }) }, new Notes());
        const told = request.inputs.map(({ content, dimensions: length }) => ({ content, length }));
        expect(again.inputs.map(({ content, dimensions: length }) => ({ content, length }))).toEqual(told);
        expect(again.isSingle).toBe(request.isSingle);
      }),
    );
  });

  test("with one place spoilt is taken, or refused with the place's name", () => {
    fc.assert(
      fc.property(spoilt(good), (body) => {
        try {
          cross(pair, body, place);
        } catch (error) {
          const { code, detail } = thrown(() => {
            throw error;
          });
          expect(["invalid-request", "unsupported"]).toContain(code);
          expect(detail.param).toBeString();
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe.each([
  ["OpenAI's", [embeddings, geminiEmbedding]],
  ["Google's", [geminiEmbedding, embeddings]],
] as const)("an answer in the form %s", (_name, pair) => {
  const { request } = parse(embeddings, { model: "m", input: ["a", "b"] });
  const good: fc.Arbitrary<JsonObject> = fc
    .tuple(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 5 }), fc.nat(1000))
    .map(([vector, tokens]) => pair[0].buildResponse({ vectors: [vector, vector], usage: usage(tokens) }, request));
  test("is read, or is a failure of the provider", () => {
    fc.assert(
      fc.property(fc.oneof(anything, spoilt(good)), (body) => {
        try {
          answered(pair, body, request);
        } catch (error) {
          const { code } = thrown(() => {
            throw error;
          });
          expect(["invalid-request", "internal"]).not.toContain(code);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
