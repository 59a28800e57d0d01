/** Conversations without a protocol, and how a client of each protocol writes them. */
import fc from "fast-check";
import type { JsonObject } from "../../src/model/json.ts";
import type { ProtocolName } from "../recordings/door.ts";
import { geminiBody, responsesBody } from "./conversation-others.ts";
import { args, callId, type SpecCall } from "./spec.ts";

export type Part = { type: "text"; text: string } | { type: "image"; data: string } | { type: "pdf"; data: string };

export interface Round {
  asked: Part[];
  /** Said by the assistant before its calls; "" when there are only calls. */
  said: string;
  calls: SpecCall[];
  results: { text: string; failed: boolean; image: boolean }[];
  /** An instruction between the turns. */
  reminder?: string;
}

export interface Conversation {
  system: string[];
  rounds: Round[];
  last: string;
  tools: { name: string; description?: string; strict?: boolean; optional: boolean }[];
  options: {
    choice?: "auto" | "none" | "required" | "tool";
    parallel?: boolean;
    maxTokens: number;
    temperature?: number;
    topP?: number;
    stop?: string[];
    user?: string;
    stream?: boolean;
    schema?: boolean;
    effort?: "low" | "medium" | "high";
    tier?: boolean;
    seed?: number;
    topK?: number;
  };
}

const words = fc.string({ unit: "grapheme", minLength: 1, maxLength: 16 }).map((text) => `w${text.trim()}`);
const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const pdf = "JVBERi0xLjQKJcOkw7zDtsOfCjEgMCBvYmoKPDw+PgplbmRvYmoKdHJhaWxlcgo8PD4+CiUlRU9G";
const names = ["look", "wait_for", "mcp__files__read", "a-b"];

const part: fc.Arbitrary<Part> = fc.oneof(
  { weight: 3, arbitrary: words.map((text): Part => ({ type: "text", text })) },
  fc.constant<Part>({ type: "image", data: png }),
  fc.constant<Part>({ type: "pdf", data: pdf }),
);
const call = fc.record({ id: callId, name: fc.constantFrom(...names), args });
const result = fc.record({ text: fc.oneof(words, fc.constant("")), failed: fc.boolean(), image: fc.boolean() });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const round: fc.Arbitrary<Round> = fc
  .record({
    asked: fc.array(part, { minLength: 1, maxLength: 3 }),
    said: fc.oneof(words, fc.constant("")),
    calls: fc.array(call, { maxLength: 3 }),
    results: fc.array(result, { minLength: 3, maxLength: 3 }),
    reminder: maybe(words),
  })
  .map(({ reminder, said, calls, results, ...rest }) => ({
    ...rest,
    said: calls.length === 0 && said === "" ? "well" : said,
    calls,
    results: results.slice(0, calls.length),
    ...(reminder === undefined ? {} : { reminder }),
  }));

export const conversation: fc.Arbitrary<Conversation> = fc
  .record({
    system: fc.array(words, { maxLength: 2 }),
    rounds: fc.array(round, { maxLength: 3 }),
    last: words,
    tools: fc
      .tuple(
        ...names.map(() =>
          fc.record({ description: maybe(words), strict: maybe(fc.boolean()), optional: fc.boolean() }),
        ),
      )
      .map((list) => list.map((tool, at) => present({ name: names[at] as string, ...tool }))),
    options: fc
      .record({
        choice: maybe(fc.constantFrom("auto" as const, "none" as const, "required" as const, "tool" as const)),
        parallel: maybe(fc.boolean()),
        maxTokens: fc.integer({ min: 1, max: 9000 }),
        temperature: maybe(fc.constantFrom(0, 0.5, 1)),
        topP: maybe(fc.constantFrom(0.2, 1)),
        stop: maybe(fc.array(words, { minLength: 1, maxLength: 3 })),
        user: maybe(fc.stringMatching(/^[a-z0-9]{1,20}$/)),
        stream: maybe(fc.boolean()),
        schema: maybe(fc.boolean()),
        effort: maybe(fc.constantFrom("low" as const, "medium" as const, "high" as const)),
        tier: maybe(fc.boolean()),
        seed: maybe(fc.nat(99)),
        topK: maybe(fc.integer({ min: 1, max: 50 })),
      })
      .map(present),
  })
  .map((one) => ({ ...one, rounds: unique(one.rounds) }));

/** Ids are unique in a request. */
function unique(rounds: Round[]): Round[] {
  return rounds.map((one, round) => ({
    ...one,
    calls: one.calls.map((called, at) => ({ ...called, id: `${called.id}${round}${at}` })),
  }));
}

export function present<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

export const schemaOf = (optional: boolean) => ({
  type: "object",
  properties: { a: { type: "string" }, ...(optional ? { b: { type: ["integer", "null"] } } : {}) },
  required: optional ? ["a", "b"] : ["a"],
  additionalProperties: false,
});
const answerSchema = schemaOf(true);

export function bodyOf(client: ProtocolName, one: Conversation): JsonObject {
  return bodies[client](one) as JsonObject;
}

const bodies = { chat: chatBody, messages: messagesBody, responses: responsesBody, gemini: geminiBody };

function chatBody({ system, rounds, last, tools, options }: Conversation): object {
  const messages: object[] = system.map((content) => ({ role: "system", content }));
  for (const { asked, said, calls, results, reminder } of rounds) {
    messages.push({ role: "user", content: asked.map(chatPart) });
    const tool_calls = calls.map(({ id, name, args: text }) => ({
      id,
      type: "function",
      function: { name, arguments: text },
    }));
    const content = said === "" ? null : said;
    messages.push({ role: "assistant", content, ...(calls.length > 0 ? { tool_calls } : {}) });
    calls.forEach(({ id }, at) => {
      messages.push({ role: "tool", tool_call_id: id, content: results[at]?.text ?? "" });
    });
    if (reminder !== undefined) messages.push({ role: "system", content: reminder });
  }
  messages.push({ role: "user", content: last });
  const { choice } = options;
  return present({
    model: "model",
    messages,
    tools: tools.map(({ optional, strict, ...tool }) => ({
      type: "function",
      function: present({ ...tool, strict, parameters: schemaOf(optional) }),
    })),
    tool_choice: choice === "tool" ? { type: "function", function: { name: "look" } } : choice,
    parallel_tool_calls: options.parallel,
    max_completion_tokens: options.maxTokens,
    temperature: options.temperature,
    top_p: options.topP,
    stop: options.stop,
    user: options.user,
    stream: options.stream,
    response_format: options.schema
      ? { type: "json_schema", json_schema: { name: "answer", schema: answerSchema, strict: true } }
      : undefined,
    reasoning_effort: options.effort,
    service_tier: options.tier ? "auto" : undefined,
    seed: options.seed,
  });
}

function chatPart(one: Part): object {
  if (one.type === "text") return one;
  if (one.type === "image") return { type: "image_url", image_url: { url: `data:image/png;base64,${one.data}` } };
  return { type: "file", file: { file_data: `data:application/pdf;base64,${one.data}`, filename: "a.pdf" } };
}

function messagesBody({ system, rounds, last, tools, options }: Conversation): object {
  const messages: { role: string; content: object[] }[] = [];
  let pending: object[] = [];
  for (const { asked, said, calls, results } of rounds) {
    messages.push({ role: "user", content: [...pending, ...asked.map(messagesPart)] });
    const uses = calls.map(({ id, name, args: text }) => ({
      ...{ type: "tool_use", id: id.replace(/[^A-Za-z0-9_-]/g, "_"), name },
      input: text === "" ? {} : JSON.parse(text.replace("1e400", "1e300")),
    }));
    messages.push({ role: "assistant", content: [...(said === "" ? [] : [{ type: "text", text: said }]), ...uses] });
    pending = uses.map(({ id }, at) => toolResult(id, results[at]));
  }
  messages.push({ role: "user", content: [...pending, { type: "text", text: last }] });
  const single = options.parallel === undefined ? {} : { disable_parallel_tool_use: !options.parallel };
  const modes = { auto: "auto", none: "none", required: "any", tool: "tool" };
  const { choice } = options;
  return present({
    model: "model",
    max_tokens: options.maxTokens,
    system: system.length > 0 ? system.map((text) => ({ type: "text", text })) : undefined,
    messages,
    tools: tools.map(({ optional, ...tool }) => ({ ...tool, input_schema: schemaOf(optional) })),
    tool_choice: choice && {
      type: modes[choice],
      ...(choice === "tool" ? { name: "look" } : {}),
      ...(choice === "none" ? {} : single),
    },
    temperature: options.temperature,
    stop_sequences: options.stop,
    metadata: options.user === undefined ? undefined : { user_id: options.user },
    stream: options.stream,
    output_config: options.schema ? { format: { type: "json_schema", schema: answerSchema } } : undefined,
    service_tier: options.tier ? "auto" : undefined,
    top_k: options.topK,
  });
}

function messagesPart(one: Part): object {
  if (one.type === "text") return one;
  const media_type = one.type === "image" ? "image/png" : "application/pdf";
  return { type: one.type === "image" ? "image" : "document", source: { type: "base64", media_type, data: one.data } };
}

function toolResult(id: string, found: Round["results"][number] | undefined): object {
  const text = found?.text ? [{ type: "text", text: found.text }] : [];
  const image = found?.image ? [messagesPart({ type: "image", data: png })] : [];
  const content = [...text, ...image];
  return {
    ...{ type: "tool_result", tool_use_id: id },
    ...(content.length > 0 ? { content } : {}),
    ...(found?.failed ? { is_error: true } : {}),
  };
}
