import { describe, expect, test } from "bun:test";
import { Notes } from "../../../src/model/note.ts";
import { gemini } from "../../../src/protocols/gemini/index.ts";
import { failure, type Loose, parse, place } from "./support.ts";

const user = (text: string) => ({ role: "user", parts: [{ text }] });
const contents = [user("hi")];

describe("the path", () => {
  const open = (path: string, query = "") => gemini.open({ contents }, place(path, query));

  test("says model, method and framing", () => {
    expect(open("/v1beta/models/gemini-x:generateContent")).toEqual({ model: "gemini-x", stream: false });
    expect(open("/v1/models/a%2Fb%3Afree%3AstreamGenerateContent", "alt=sse")).toEqual({
      model: "a/b:free",
      stream: true,
    });
    expect(open("/v1beta/models/openrouter/x/y:z:generateContent").model).toBe("openrouter/x/y:z");
    expect(open("/v1beta/models/m:streamGenerateContent")).toEqual({ model: "m", stream: true, framing: "json-array" });
  });

  test("other methods are not found", () => {
    for (const path of ["/v1beta/models/m", "/v1beta/models/m:nothing", "/v1beta/models/:generateContent", "/%"]) {
      expect(failure(() => open(path)).code, path).toBe("not-found");
    }
  });

  test("contents are wanted", () => {
    for (const body of [{}, { contents: [] }, { contents: "x" }]) {
      expect(failure(() => gemini.open(body, place()))).toMatchObject({
        code: "invalid-request",
        detail: { param: "contents" },
      });
    }
  });
});

describe("names in snake case", () => {
  test("mean the same at every level", () => {
    const snake = parse({
      contents: [
        {
          role: "user",
          parts: [
            { inline_data: { mime_type: "image/png", data: "AAAA" } },
            { file_data: { file_uri: "gs://b/c", mime_type: "video/mp4" } },
          ],
        },
        { role: "model", parts: [{ function_call: { name: "f", args: { a_b: 1 } }, thought_signature: "c2ln" }] },
        { role: "user", parts: [{ function_response: { name: "f", response: { output: "x" } } }] },
      ],
      system_instruction: { parts: [{ text: "s" }] },
      tools: [
        { function_declarations: [{ name: "f", parameters_json_schema: { type: "object" } }] },
        { google_search: {} },
      ],
      tool_config: { function_calling_config: { mode: "any", allowed_function_names: ["f"] } },
      generation_config: {
        ...{ max_output_tokens: 5, top_p: 0.5, top_k: 3, stop_sequences: ["x"], candidate_count: 2 },
        ...{ response_mime_type: "application/json", response_schema: { type: "OBJECT" }, response_logprobs: true },
        thinking_config: { thinking_budget: 100, include_thoughts: true },
      },
      cached_content: "c",
      service_tier: "flex",
    });
    expect(snake).toMatchObject({
      instructions: [{ text: "s" }],
      items: [
        {
          blocks: [
            { kind: "image", mime: "image/png" },
            { kind: "video", source: { type: "file", id: "gs://b/c" } },
          ],
        },
        { type: "call", args: '{"a_b":1}', seals: [{ bytes: "c2ln" }] },
        { type: "result", blocks: [{ text: "x" }] },
      ],
      tools: [
        { name: "f", schema: { type: "object" } },
        { kind: "server", name: "googleSearch" },
      ],
      toolChoice: { mode: "tool", name: "f" },
      sampling: { maxTokens: 5, topP: 0.5, topK: 3, stop: ["x"], n: 2 },
      format: { kind: "schema", schema: { type: "object" } },
      logprobs: { want: true },
      reasoning: { mode: "budget", budget: 100, display: "summarized" },
      tier: "flex",
      ext: { gemini: { cachedContent: "c" } },
    });
    expect(snake.ext?.gemini?.generationConfig).toBeUndefined();
  });

  test("a tool's own JSON is left alone", () => {
    const request = parse({
      contents: [
        { role: "model", parts: [{ functionCall: { name: "f", args: { snake_case: { deep_er: 1 } } } }] },
        { parts: [{ functionResponse: { name: "f", response: { some_key: 1 } } }] },
      ],
    });
    expect(request.items).toMatchObject([
      { args: '{"snake_case":{"deep_er":1}}' },
      { blocks: [{ text: '{"some_key":1}' }] },
    ]);
  });
});

describe("contents", () => {
  test("an absent role is the user's, an unknown one is refused", () => {
    expect(parse({ contents: [{ parts: [{ text: "x" }] }] }).items).toMatchObject([{ role: "user" }]);
    expect(failure(() => parse({ contents: [{ role: "system", parts: [] }] })).detail.param).toBe("contents.0.role");
  });

  test("chunks of a stream that a client kept apart are one text again", () => {
    const request = parse({
      contents: [
        user("q"),
        { role: "model", parts: [{ text: "Hel" }] },
        { role: "model", parts: [{ text: "lo" }] },
        { role: "model", parts: [{ text: "" }] },
        user("r"),
      ],
    });
    expect(request.items).toMatchObject([{ role: "user" }, { blocks: [{ text: "Hello" }] }, { role: "user" }]);
  });

  test("hidden thoughts are reasoning, never words of the answer", () => {
    const request = parse({
      contents: [
        user("q"),
        {
          role: "model",
          parts: [
            { text: "th", thought: true },
            { text: "ink", thought: true },
            { text: "", thought: true, thoughtSignature: "c2ln" },
            { text: "a", thought: false },
          ],
        },
      ],
    });
    expect(request.items).toMatchObject([
      { role: "user" },
      {
        type: "reasoning",
        text: [{ kind: "summary", text: "think" }],
        seals: [{ origin: "gemini", form: "thought", bytes: "c2ln" }],
      },
      { type: "message", blocks: [{ text: "a" }] },
    ]);
  });

  test("calls without ids get stable ones that no given id meets, and results find them by name and order", () => {
    const turn = [
      user("q"),
      {
        role: "model",
        parts: [
          { functionCall: { name: "w", args: { c: "A" } } },
          { functionCall: { name: "w", args: { c: "B" } } },
          { functionCall: { id: "call_1", name: "w" } },
        ],
      },
      {
        role: "user",
        parts: [
          { functionResponse: { id: "call_1", name: "w", response: { output: "third" } } },
          { functionResponse: { name: "w", response: { output: "first" } } },
          { functionResponse: { name: "w", response: { output: "second" } } },
        ],
      },
    ];
    const { items } = parse({ contents: turn });
    const calls = items.flatMap((item) => (item.type === "call" ? [item.callId] : []));
    expect(new Set(calls).size).toBe(3);
    const results = items.flatMap((item) =>
      item.type === "result" ? [[item.callId, (item.blocks[0] as Loose).text]] : [],
    );
    expect(results).toEqual([
      [calls[2], "third"],
      [calls[0], "first"],
      [calls[1], "second"],
    ]);
    const longer = parse({ contents: [...turn, user("more")] }).items;
    expect(longer.slice(0, items.length)).toEqual(items);
  });

  test("responses are text, errors, JSON and media", () => {
    const read = (response: object, more: object = {}) =>
      parse({
        contents: [
          { role: "model", parts: [{ functionCall: { name: "f" } }] },
          { role: "user", parts: [{ functionResponse: { name: "f", response, ...more } }] },
        ] as Loose,
      }).items[1];
    expect(read({ output: "x" })).toMatchObject({ plain: true, isError: false, blocks: [{ text: "x" }] });
    expect(read({ error: "bad" })).toMatchObject({ isError: true, blocks: [{ text: "bad" }] });
    expect(read({ output: { a: 1 } })).toMatchObject({ blocks: [{ text: '{"a":1}' }] });
    expect(read({ result: 5, more: [1] })).toMatchObject({
      isError: false,
      blocks: [{ text: '{"result":5,"more":[1]}' }],
    });
    expect(read({})).toMatchObject({ blocks: [{ text: "" }] });
    expect(read({ output: "see" }, { parts: [{ inlineData: { mimeType: "image/png", data: "AAAA" } }] })).toMatchObject(
      {
        blocks: [{ text: "see" }, { type: "media", kind: "image" }],
      },
    );
  });

  test("code that the provider ran is its own", () => {
    const { items } = parse({
      contents: [
        user("q"),
        {
          role: "model",
          parts: [
            { executableCode: { language: "PYTHON", code: "1" }, thoughtSignature: "c2ln" },
            { codeExecutionResult: { outcome: "OUTCOME_OK", output: "1" } },
            { toolCall: { id: "t", toolType: "GOOGLE_SEARCH_WEB", args: {} }, thoughtSignature: "c2ln" },
            { toolResponse: { id: "t", toolType: "GOOGLE_SEARCH_WEB", response: {} } },
            { somethingNew: 1 },
          ],
        },
      ],
    });
    expect(items.slice(1)).toMatchObject([
      { type: "server-call", tool: "code_execution", origin: "gemini" },
      { type: "server-result", tool: "code_execution" },
      { type: "server-call", callId: "t", json: { thoughtSignature: "c2ln" } },
      { type: "server-result", callId: "t" },
      { type: "opaque", origin: "gemini", json: { somethingNew: 1 } },
    ]);
    expect((items[1] as Loose).callId).toBe((items[2] as Loose).callId);
  });

  test("base64 is brought to one form, without the head of a data URL", () => {
    const read = (data: string) =>
      (parse({ contents: [{ parts: [{ inlineData: { mimeType: "image/png", data } }] }] }).items[0] as Loose).blocks[0]
        .source.data;
    expect(read("data:image/png;base64,AAA-_w")).toBe("AAA+/w==");
    expect(failure(() => read("§")).detail.param).toBe("contents.0.parts.0.inlineData.data");
  });

  test("addresses, films and Google's own files are told apart", () => {
    const read = (fileUri: string, mimeType?: string) =>
      (
        parse({ contents: [{ parts: [{ fileData: { fileUri, ...(mimeType ? { mimeType } : {}) } }] }] })
          .items[0] as Loose
      ).blocks[0];
    expect(read("https://www.youtube.com/watch?v=1")).toMatchObject({ kind: "video", source: { type: "url" } });
    expect(read("https://a.example/x.pdf", "application/pdf")).toMatchObject({
      kind: "document",
      source: { type: "url" },
    });
    expect(read("https://generativelanguage.googleapis.com/v1beta/files/1", "image/png")).toMatchObject({
      kind: "image",
      source: { type: "file", origin: "gemini" },
    });
  });
});

describe("system instruction", () => {
  test("may be a content, its parts, one part or a string", () => {
    for (const systemInstruction of [
      "s",
      { parts: [{ text: "s" }] },
      { role: "user", parts: { text: "s" } },
      [{ text: "s" }],
      { text: "s" },
    ] as Loose[]) {
      expect(parse({ systemInstruction }).instructions, JSON.stringify(systemInstruction)).toMatchObject([
        { text: "s" },
      ]);
    }
    expect(failure(() => parse({ systemInstruction: { parts: [{ inlineData: {} }] } })).detail.param).toBe(
      "systemInstruction.parts.0",
    );
  });
});

describe("tools", () => {
  test("Google's schemas become JSON Schema", () => {
    const { tools } = parse({
      tools: [
        {
          functionDeclarations: [
            {
              name: "f",
              parameters: {
                type: "OBJECT",
                properties: {
                  a: { type: "STRING", nullable: true, format: "enum", enum: ["x"] },
                  type: { type: 3, minimum: 1 },
                  list: { type: "array", items: { any_of: [{ type: "NUMBER" }, { type: "BOOLEAN" }] }, minItems: "1" },
                },
                property_ordering: ["a"],
              },
            },
          ],
        },
      ],
    });
    expect(tools[0]?.schema).toEqual({
      type: "object",
      properties: {
        a: { type: ["string", "null"], enum: ["x", null] },
        type: { type: "integer", minimum: 1 },
        list: { type: "array", items: { anyOf: [{ type: "number" }, { type: "boolean" }] }, minItems: 1 },
      },
      propertyOrdering: ["a"],
    });
  });

  test("modes become choices", () => {
    const read = (functionCallingConfig: object) => parse({ toolConfig: { functionCallingConfig } } as Loose);
    expect(read({ mode: "AUTO" }).toolChoice).toEqual({ mode: "auto" });
    expect(read({ mode: "none" }).toolChoice).toEqual({ mode: "none" });
    expect(read({ mode: 2 }).toolChoice).toEqual({ mode: "required" });
    expect(read({ mode: "ANY", allowedFunctionNames: ["a"] }).toolChoice).toEqual({
      mode: "tool",
      name: "a",
      kind: "function",
    });
    expect(read({ mode: "ANY", allowedFunctionNames: ["a", "b"] }).toolChoice).toEqual({
      mode: "subset",
      required: true,
      names: ["a", "b"],
    });
    expect(read({ mode: "VALIDATED", allowedFunctionNames: ["a"] }).toolChoice).toEqual({
      mode: "subset",
      required: false,
      names: ["a"],
    });
    expect(read({ mode: "VALIDATED" })).toMatchObject({
      toolChoice: { mode: "auto" },
      ext: { gemini: { toolConfig: { functionCallingConfig: { mode: "VALIDATED" } } } },
    });
  });
});

describe("generation config", () => {
  const config = (generationConfig: object) => parse({ generationConfig } as Loose);

  test("thinking by budget, by level, or not at all", () => {
    const read = (thinkingConfig: object) => config({ thinkingConfig }).reasoning;
    expect(read({ thinkingBudget: 0 })).toEqual({ mode: "off", display: "omitted" });
    expect(read({ thinkingBudget: -1, includeThoughts: true })).toEqual({ mode: "adaptive", display: "summarized" });
    expect(read({ thinkingLevel: "low" })).toEqual({ effort: "low", display: "omitted" });
    expect(config({}).reasoning).toEqual({ display: "omitted" });
  });

  test("formats", () => {
    expect(config({ responseMimeType: "application/json" }).format).toEqual({ kind: "json" });
    expect(config({ responseMimeType: "text/plain" }).format).toEqual({ kind: "text" });
    expect(config({ responseMimeType: "application/json", _responseJsonSchema: { type: "string" } }).format).toEqual({
      kind: "schema",
      schema: { type: "string" },
    });
    const word = config({ responseMimeType: "text/x.enum", responseSchema: { type: "STRING", enum: ["a", "b"] } });
    expect(word).toMatchObject({ format: { kind: "schema", schema: { type: "string", enum: ["a", "b"] } } });
    expect(word.ext?.gemini?.generationConfig).toEqual({ responseMimeType: "text/x.enum" });
  });

  test("what only this protocol knows is kept for it", () => {
    const request = parse({
      safetySettings: [{ category: 10 }],
      generationConfig: { speechConfig: { a: 1 }, temperature: 1 },
      later: 1,
      labels: { a: "b" },
    } as Loose);
    expect(request.ext?.gemini).toEqual({
      safetySettings: [{ category: 10 }],
      generationConfig: { speechConfig: { a: 1 } },
      later: 1,
    });
    expect(request.metadata).toEqual({ a: "b" });
  });

  test("wrong types name their field", () => {
    expect(failure(() => config({ maxOutputTokens: -1 })).detail.param).toBe("generationConfig.maxOutputTokens");
    expect(failure(() => config({ temperature: "warm" })).detail.param).toBe("generationConfig.temperature");
    expect(failure(() => config({ thinkingConfig: [] })).detail.param).toBe("generationConfig.thinkingConfig");
  });

  test("a body is not changed by reading it", () => {
    const body = {
      contents: [
        { role: "model", parts: [{ text: "a" }] },
        { role: "model", parts: [{ text: "b" }] },
      ],
    };
    const before = JSON.stringify(body);
    gemini.parseRequest(body, new Notes(), place());
    expect(JSON.stringify(body)).toBe(before);
  });

  test("without a path the body's own model counts", () => {
    expect(gemini.parseRequest({ model: "models/x", contents }, new Notes()).model).toBe("x");
  });
});
