/** Generators of requests and answers of this protocol, in the forms that the identity laws are stated for. */
import fc from "fast-check";
import type { Block, Item } from "../../../src/model/chat.ts";
import type { Answer, FinishReason } from "../../../src/model/event.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import { parseUsage } from "../../../src/protocols/messages/usage.ts";

const word = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }).map((text) => `w${text}`);
const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/);
const name = fc.stringMatching(/^[a-zA-Z0-9_-]{1,20}$/);
const input = fc
  .dictionary(fc.stringMatching(/^[a-z]{1,6}$/), fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.constant(null)))
  .map((entries) => ({ ...entries }) as JsonObject);
const extra = fc.constantFrom<JsonObject>({}, {}, { later_field: { a: 1 } });
const mark = fc.constantFrom<JsonObject>({}, {}, {}, { cache_control: { type: "ephemeral", ttl: "5m" } });

const citation = { type: "char_location", cited_text: "c", document_index: 0, start_char_index: 0, end_char_index: 1 };
const text = fc
  .record({ text: word, more: extra })
  .map(({ text, more }): JsonObject => ({ type: "text", text, ...more }));
const cited = word.map((text): JsonObject => ({ type: "text", text, citations: [citation] }));
const image = fc.constantFrom<JsonObject>(
  { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgoAAAA=" } },
  { type: "image", source: { type: "url", url: "https://a.example/x.png" } },
  { type: "image", source: { type: "file", file_id: "file_1" }, transformations: { oversized_image: "error" } },
);
const document = fc.constantFrom<JsonObject>(
  { type: "document", source: { type: "base64", media_type: "application/pdf", data: "JVBERi0xLjQ=" }, title: "t" },
  { type: "document", source: { type: "text", media_type: "text/plain", data: "plain" }, citations: { enabled: true } },
  { type: "document", source: { type: "url", url: "https://a.example/x.pdf" }, context: "c" },
  { type: "document", source: { type: "content", content: [{ type: "text", text: "part" }] } },
  {
    type: "search_result",
    source: "s",
    title: "t",
    content: [{ type: "text", text: "x" }],
    citations: { enabled: true },
  },
);
const userBlock = fc.oneof(text, image, document, fc.constant<JsonObject>({ type: "container_upload", file_id: "f" }));

const thinking = fc
  .record({ thinking: fc.oneof(word, fc.constant("")), signature: id })
  .map((block): JsonObject => ({ type: "thinking", ...block }));
const redacted = id.map((data): JsonObject => ({ type: "redacted_thinking", data }));
const server = id.map((toolId): JsonObject[] => [
  { type: "server_tool_use", id: `srvtoolu_${toolId}`, name: "web_search", input: { query: "x" } },
  {
    type: "web_search_tool_result",
    tool_use_id: `srvtoolu_${toolId}`,
    content: [{ type: "web_search_result", url: "u" }],
  },
]);
const unknown = fc.constant<JsonObject>({ type: "compaction", content: "c", encrypted_content: "e" });

interface Turn {
  spoken: JsonObject[];
  calls: { name: string; input: JsonObject; more: JsonObject }[];
  results: { content: unknown; failed: boolean; more: JsonObject }[];
  after: JsonObject[];
}

const resultContent = fc.oneof(
  word,
  fc.array(fc.oneof(text, image), { minLength: 1, maxLength: 2 }),
  fc.constant(undefined),
);
const turn: fc.Arbitrary<Turn> = fc
  .record({
    spoken: fc.array(fc.oneof(text, cited, thinking, redacted, server, unknown), { minLength: 1, maxLength: 4 }),
    calls: fc.array(fc.record({ name, input, more: extra }), { maxLength: 2 }),
    results: fc.array(fc.record({ content: resultContent, failed: fc.boolean(), more: mark }), {
      minLength: 2,
      maxLength: 2,
    }),
    after: fc.array(userBlock, { minLength: 1, maxLength: 2 }),
  })
  .map(({ spoken, ...rest }) => ({ ...rest, spoken: spoken.flat() }));

/** A conversation in which every call has its result at the head of the next message. */
const conversation = fc
  .record({ first: fc.array(userBlock, { minLength: 1, maxLength: 3 }), turns: fc.array(turn, { maxLength: 3 }) })
  .map(({ first, turns }) => {
    const messages: JsonObject[] = [{ role: "user", content: first }];
    turns.forEach(({ spoken, calls, results, after }, round) => {
      const ids = calls.map((_, at) => `toolu_${round}_${at}`);
      const uses = calls.map((call, at) => ({
        type: "tool_use",
        id: ids[at],
        name: call.name,
        input: call.input,
        ...call.more,
      }));
      const answers = calls.map((_, at) => {
        const result = results[at];
        return {
          ...{ type: "tool_result", tool_use_id: ids[at] },
          ...(result?.content === undefined ? {} : { content: result.content }),
          ...(result?.failed ? { is_error: true } : {}),
          ...result?.more,
        } as JsonObject;
      });
      messages.push({ role: "assistant", content: [...spoken, ...uses] as JsonObject[] });
      messages.push({ role: "user", content: [...answers, ...after] });
    });
    return messages;
  });

const tools = fc.uniqueArray(name, { minLength: 1, maxLength: 3 }).map((names) =>
  names.map(
    (toolName, at): JsonObject =>
      at === 2
        ? { type: "web_search_20250305", name: toolName, max_uses: 2 }
        : {
            name: toolName,
            description: "d",
            input_schema: { type: "object" },
            strict: at === 0,
            input_examples: [{ a: 1 }],
          },
  ),
);
const choice = fc.constantFrom<JsonObject>(
  { type: "auto", disable_parallel_tool_use: true },
  { type: "any", disable_parallel_tool_use: false },
  { type: "tool", name: "x" },
  { type: "none" },
);

/** Bodies that need no change at all to be sent on. */
export const requestBody: fc.Arbitrary<JsonObject> = fc
  .record(
    {
      max_tokens: fc.integer({ min: 0, max: 5000 }),
      messages: conversation,
      system: fc.array(text, { minLength: 1, maxLength: 2 }),
      tooled: fc.record({ tools, tool_choice: choice }, { requiredKeys: ["tools"] }),
      stop_sequences: fc.array(word, { minLength: 1, maxLength: 3 }),
      temperature: fc.constantFrom(0, 0.5, 1),
      top_k: fc.integer({ min: 0, max: 50 }),
      output_config: fc.constantFrom<JsonObject>(
        { effort: "high" },
        { format: { type: "json_schema", schema: { type: "object" } } },
      ),
      metadata: fc.constantFrom<JsonObject>({ user_id: "u" }, { user_id: "u", more: "x" }),
      service_tier: fc.constantFrom("auto", "standard_only"),
      cache_control: fc.constant<JsonObject>({ type: "ephemeral", ttl: "1h" }),
      stream: fc.constant(true),
      container: fc.constant("c_1"),
      later_field: fc.constant<JsonObject>({ deep: [1, "2"] }),
    },
    { requiredKeys: ["max_tokens", "messages"] },
  )
  .map(({ tooled, messages, ...rest }): JsonObject => {
    const marked = rest.cache_control === undefined ? 4 : 3;
    return { model: "alias", ...rest, messages: withMarks(messages, marked), ...tooled };
  });

/** The API takes four cache marks in a request. */
function withMarks(messages: JsonObject[], most: number): JsonObject[] {
  let left = most;
  return messages.map((message) => ({
    ...message,
    content: (message.content as JsonObject[]).map(({ cache_control, ...block }) => {
      const isKept = cache_control !== undefined && left-- > 0;
      return isKept ? { ...block, cache_control } : block;
    }),
  }));
}

const textBlock: fc.Arbitrary<Block> = fc.oneof(
  word.map((value): Block => ({ type: "text", text: value })),
  word.map(
    (value): Block => ({
      type: "text",
      text: value,
      annotations: [{ kind: "other", raw: { origin: "messages", json: citation } }],
    }),
  ),
);
const item: fc.Arbitrary<Item[]> = fc.oneof(
  fc
    .array(textBlock, { minLength: 1, maxLength: 3 })
    .map((blocks): Item[] => [{ type: "message", role: "assistant", blocks }]),
  fc.record({ value: fc.oneof(word, fc.constant("")), bytes: id }).map(({ value, bytes }): Item[] => [
    {
      type: "reasoning",
      text: value === "" ? [] : [{ kind: "raw", text: value }],
      seals: [{ origin: "messages", form: "signature", bytes }],
    },
  ]),
  id.map((bytes): Item[] => [
    { type: "reasoning", text: [], seals: [{ origin: "messages", form: "redacted", bytes }], redacted: true },
  ]),
  fc
    .record({ callId: id, name, input })
    .map(({ input: value, ...call }): Item[] => [
      { type: "call", kind: "function", ...call, args: JSON.stringify(value) },
    ]),
  server.map(([use, result]): Item[] => [
    {
      ...{ type: "server-call", tool: "web_search", callId: String(use?.id), origin: "messages" },
      ...{ input: { query: "x" }, json: use ?? {} },
    } as Item,
    { type: "server-result", tool: "web_search", callId: String(use?.id), origin: "messages", json: result ?? {} },
  ]),
  unknown.map((json): Item[] => [{ type: "opaque", origin: "messages", role: "assistant", json }]),
);

const usage = fc
  .record({
    input: fc.nat(9999),
    read: fc.nat(9999),
    short: fc.nat(99),
    long: fc.nat(99),
    output: fc.nat(9999),
    thought: fc.nat(9),
  })
  .map(({ input: fresh, read, short, long, output, thought }) =>
    parseUsage({
      input_tokens: fresh,
      cache_read_input_tokens: read,
      cache_creation_input_tokens: short + long,
      cache_creation: { ephemeral_5m_input_tokens: short, ephemeral_1h_input_tokens: long },
      output_tokens: output + thought,
      output_tokens_details: { thinking_tokens: thought },
      service_tier: "standard",
    }),
  );

/** Answers as a Messages provider gives them: no two message items side by side. */
export const answer: fc.Arbitrary<Answer> = fc
  .record({
    parts: fc.array(item, { maxLength: 5 }),
    finish: fc.constantFrom<FinishReason>(
      "stop",
      "length",
      "context",
      "pause",
      "filter",
      "compaction",
      "stop-sequence",
    ),
    usage,
  })
  .map(({ parts, finish, usage: counted }) => {
    const items: Item[] = [];
    for (const next of parts.flat()) {
      const last = items.at(-1);
      if (last?.type === "message" && next.type === "message") last.blocks.push(...next.blocks);
      else items.push(next.type === "message" ? { ...next, blocks: [...next.blocks] } : { ...next });
    }
    const hasCalls = items.some(({ type }) => type === "call");
    const last = items.at(-1);
    if (last?.type === "call" && (finish === "length" || finish === "context")) last.incomplete = true;
    return {
      ...{ id: "msg_01", model: "alias", created: 0, items, usage: counted },
      finish: hasCalls && finish === "stop" ? "tool-calls" : finish,
      ...(finish === "stop-sequence" ? { stopSequence: "END" } : {}),
      ...(finish === "filter"
        ? { refusal: "no", ext: { messages: { stop_details: { type: "refusal", category: "x", explanation: "no" } } } }
        : {}),
    };
  });
