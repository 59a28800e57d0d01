import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { writeFrame } from "../../../src/kit/sse.ts";
import { collect, replay } from "../../../src/model/collect.ts";
import type { Answer, ChatEvent } from "../../../src/model/event.ts";
import type { Json, JsonObject } from "../../../src/model/json.ts";
import { Notes } from "../../../src/model/note.ts";
import { gemini } from "../../../src/protocols/gemini/index.ts";
import { answer, requestBody } from "./arbitrary.ts";
import { build, checkGrammar, context, decode, decodeFrames, encode, type Loose, parse, place } from "./support.ts";

/** Text pieces that touch are one: texts of neighbouring model parts joined, as both readers do. */
function spelled(key: string, snake: boolean): string {
  return snake ? key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : key;
}

/** The members of the protocol itself, a few levels deep, in the other spelling. */
const protocolKeys = new Set([
  ...["systemInstruction", "toolConfig", "generationConfig", "safetySettings", "cachedContent", "serviceTier"],
  ...["functionDeclarations", "functionCallingConfig", "allowedFunctionNames", "parametersJsonSchema", "inlineData"],
  ...["mimeType", "fileData", "fileUri", "functionCall", "functionResponse", "thoughtSignature", "maxOutputTokens"],
  ...["topP", "topK", "candidateCount", "stopSequences", "presencePenalty", "frequencyPenalty", "thinkingConfig"],
  ...["thinkingBudget", "thinkingLevel", "includeThoughts", "responseMimeType", "responseJsonSchema", "googleSearch"],
]);
const free = new Set(["args", "response", "laterField", "parametersJsonSchema", "responseJsonSchema"]);

function snaked(value: Json): Json {
  if (Array.isArray(value)) return value.map(snaked);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      spelled(key, protocolKeys.has(key)),
      free.has(key) ? (inner ?? null) : snaked(inner ?? null),
    ]),
  );
}

describe("identity", () => {
  test("a request that this protocol can express comes out as it went in", () => {
    fc.assert(
      fc.property(requestBody, (body) => {
        const built = build(gemini.parseRequest(body, new Notes(), place()));
        expect(built.notes).toEqual([]);
        expect(built.body).toEqual(body);
      }),
      { numRuns: 400 },
    );
  });

  test("both spellings of the names are one request", () => {
    fc.assert(
      fc.property(requestBody, (body) => {
        expect(parse(snaked(body) as JsonObject)).toEqual(parse(body));
      }),
      { numRuns: 100 },
    );
  });

  test("parsing and building change nothing in the body that they are given", () => {
    fc.assert(
      fc.property(requestBody, (body) => {
        const before = JSON.stringify(body);
        build(gemini.parseRequest(body, new Notes(), place()));
        expect(JSON.stringify(body)).toBe(before);
      }),
      { numRuns: 50 },
    );
  });

  test("a longer history begins with the shorter one", () => {
    fc.assert(
      fc.property(requestBody, (body) => {
        const list = body.contents as JsonObject[];
        const sent = (upTo: number) =>
          (build(parse({ contents: list.slice(0, upTo) })).body.contents as Json[]).map((one) => JSON.stringify(one));
        const whole = sent(list.length);
        for (let upTo = 1; upTo < list.length; upTo++) {
          if (JSON.stringify(list[upTo - 1]).includes('"functionCall"')) continue;
          // A content of the user that more is added to is still growing.
          const settled = sent(upTo).slice(0, -1);
          expect(settled).toEqual(whole.slice(0, settled.length));
        }
      }),
      { numRuns: 50 },
    );
  });

  test("an answer survives its own stream, however its bytes are cut", () => {
    fc.assert(
      fc.property(answer, fc.integer({ min: 1, max: 40 }), (given, step) => {
        const frames = encode(replay([given]));
        checkGrammar(frames);
        expect(decodeFrames(frames)).toEqual([given]);
        expect(decode(frames.map(writeFrame).join(""), step)).toEqual(decode(frames.map(writeFrame).join("")));
      }),
      { numRuns: 300 },
    );
  });

  test("an answer survives its whole form, and stream and whole form agree", () => {
    fc.assert(
      fc.property(answer, (given) => {
        const body = gemini.buildResponse([given], context());
        expect(gemini.parseResponse(body)).toEqual([given]);
        const list = encode(replay([given])).map((frame) => JSON.parse(frame.data) as Json);
        expect(gemini.parseResponse(list)).toEqual([given]);
      }),
      { numRuns: 300 },
    );
  });

  test("counts are never negative and add up to the provider's total", () => {
    const count = fc.integer({ min: 0, max: 1000 });
    fc.assert(
      fc.property(count, count, count, count, count, (prompt, cached, visible, thoughts, tools) => {
        const usageMetadata = {
          ...{
            promptTokenCount: prompt,
            cachedContentTokenCount: Math.min(cached, prompt),
            candidatesTokenCount: visible,
          },
          ...{ thoughtsTokenCount: thoughts, toolUsePromptTokenCount: tools },
          totalTokenCount: prompt + visible + thoughts + tools,
        };
        const [read] = gemini.parseResponse({ candidates: [{ finishReason: "STOP" }], usageMetadata });
        if (!read?.usage) return expect(usageMetadata.totalTokenCount).toBe(0);
        const { raw: _raw, ...usage } = read.usage;
        const bare: Answer = { ...read, usage };
        const again = (gemini.buildResponse([bare], context()) as Loose).usageMetadata;
        for (const [key, value] of Object.entries(usageMetadata)) expect(again[key] ?? 0, key).toBe(value);
      }),
    );
  });
});

/** Throws where events break the laws of the canonical stream. */
function checkLaws(events: ChatEvent[]): void {
  const open = new Map<string, unknown>();
  const next = new Map<number, number>();
  const finished = new Set<number>();
  let failed = false;
  events.forEach((event, at) => {
    expect(failed, "nothing follows an error").toBe(false);
    if (event.type === "error") failed = true;
    if (event.type === "start") expect(at).toBe(0);
    if (event.type === "finish") {
      expect(finished.has(event.c ?? 0)).toBe(false);
      finished.add(event.c ?? 0);
    }
    if (!("index" in event)) return;
    const c = event.c ?? 0;
    const slot = `${c}.${event.index}`;
    if (event.type === "item-start") {
      expect(event.index).toBe(next.get(c) ?? 0);
      next.set(c, event.index + 1);
      open.set(slot, true);
    } else expect(open.has(slot), `${event.type} of an item that is not open`).toBe(true);
    if (event.type === "item-end") open.delete(slot);
  });
  if (!failed) expect(open.size, "open items").toBe(0);
  expect(failed || finished.size > 0).toBe(true);
}

describe("whatever comes", () => {
  const keys = [
    ...["candidates", "content", "parts", "text", "thought", "thoughtSignature", "functionCall", "name", "args", "id"],
    ...["inlineData", "fileData", "data", "mimeType", "fileUri", "functionResponse", "response", "role", "error"],
    ...["finishReason", "index", "usageMetadata", "promptFeedback", "blockReason", "groundingMetadata", "partialArgs"],
    ...[
      "groundingSupports",
      "segment",
      "promptTokenCount",
      "willContinue",
      "jsonPath",
      "stringValue",
      "executableCode",
    ],
    ...["logprobsResult", "chosenCandidates", "type", "properties", "items", "anyOf", "enum", "message", "details"],
  ];
  const shaped = fc.letrec<{ any: Json }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      fc.constantFrom<Json>(null, true, 0, -1, 1.5, "", "text", "user", "model", "STOP", "AAAA", "$.a[0]", [], {}),
      fc.array(tie("any"), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...keys), tie("any"), { maxKeys: 5 }) as fc.Arbitrary<Json>,
    ),
  })).any;

  test("a request is parsed and built, or refused by name, never more", () => {
    const fields = [
      "contents",
      "systemInstruction",
      "tools",
      "toolConfig",
      "generationConfig",
      "labels",
      "serviceTier",
    ];
    fc.assert(
      fc.property(shaped, fc.constantFrom(...fields), fc.integer({ min: 0, max: 3 }), (value, field, form) => {
        const contents = [
          { role: "user", parts: [value] },
          { role: "model", parts: [value] },
        ];
        const given = [
          value,
          [value],
          field === "contents" ? contents : [{ functionDeclarations: [value] }],
          { parts: [value] },
        ][form];
        try {
          build(parse({ [field]: given } as JsonObject));
        } catch (error) {
          expect(error).toMatchObject({ name: "GatewayError", status: 400, detail: { param: expect.any(String) } });
        }
      }),
      { numRuns: 3000 },
    );
  });

  test("a stream keeps the laws of events and ends in a finish or an error", () => {
    fc.assert(
      fc.property(fc.array(shaped, { maxLength: 4 }), (frames) => {
        const wrapped = frames.map((value) => ({
          candidates: [{ content: { parts: [value] }, finishReason: "STOP" }],
        }));
        for (const list of [frames, wrapped]) {
          const events = decode(list.map((one) => writeFrame({ data: JSON.stringify(one) })).join(""));
          checkLaws(events);
          if (events.at(-1)?.type !== "error") checkGrammar(encode(events));
        }
      }),
      { numRuns: 1500 },
    );
  });

  test("an answer is read, or the provider's fault", () => {
    fc.assert(
      fc.property(shaped, (value) => {
        for (const body of [value, { candidates: [value] }, { error: value }] as Json[]) {
          try {
            collect(replay(gemini.parseResponse(body)));
          } catch (error) {
            expect(error).toMatchObject({ name: "GatewayError" });
          }
        }
        gemini.parseError(400, new Headers(), JSON.stringify({ error: value }));
        gemini.parseError(500, new Headers(), JSON.stringify(value));
        gemini.strip({ contents: [value, { parts: [value] }] } as JsonObject, () => true, {} as Loose);
      }),
      { numRuns: 1000 },
    );
  });
});
