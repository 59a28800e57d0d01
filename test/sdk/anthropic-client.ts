/** The Anthropic SDK as a client of Messages. */
import Anthropic from "@anthropic-ai/sdk";
import { type Fields, fieldsOf, listOf } from "../support/upstream/shape.ts";
import {
  budget,
  type Client,
  count,
  type Door,
  failureOf,
  maxTokens,
  type Outcome,
  type Question,
  thrownBy,
  watchedFetch,
} from "./client.ts";

export function anthropicClient(name: string, { url, key }: Door): Client {
  const { fetch, last } = watchedFetch();
  const sdk = new Anthropic({ apiKey: key, baseURL: url, maxRetries: 0, fetch });
  const ask = async (question: Question): Promise<Outcome> => {
    const body = bodyOf(question);
    if (question.mode === "whole") {
      const done = await sdk.messages.create(body);
      return outcome(done, last.headers, done._request_id);
    }
    if (question.mode === "stream") {
      const stream = sdk.messages.stream(body);
      let said = "";
      stream.on("text", (delta) => {
        said += delta;
      });
      const done = await stream.finalMessage();
      const got = outcome(done, last.headers, stream.request_id);
      if (said !== got.text) throw new Error(`the text events say ${said}`);
      return got;
    }
    const events: Fields[] = [];
    for await (const event of await sdk.messages.create({ ...body, stream: true })) events.push(fieldsOf(event));
    return outcome(accumulate(events), last.headers);
  };
  return {
    name,
    protocol: "messages",
    failures: {
      bad: { kind: "BadRequestError", status: 400, type: "invalid_request_error" },
      unknown: { kind: "AuthenticationError", status: 401, type: "authentication_error" },
      locked: { kind: "InternalServerError", status: 502, type: "api_error" },
      limited: { kind: "RateLimitError", status: 429, type: "rate_limit_error" },
      overloaded: { kind: "OverloadedError", status: 529, type: "overloaded_error" },
    },
    user: (text, image) => ({ role: "user", content: image ? withImage(text, image) : text }),
    results: (list) => [
      {
        role: "user",
        content: list.map(({ id, text }) => ({ type: "tool_result", tool_use_id: id, content: text })),
      },
    ],
    ask,
    async fail(question) {
      const { BadRequestError, AuthenticationError, RateLimitError, OverloadedError, InternalServerError } = Anthropic;
      const kinds = { BadRequestError, AuthenticationError, RateLimitError, OverloadedError, InternalServerError };
      return failureOf(await thrownBy(ask(question)), kinds);
    },
  };
}

function withImage(text: string, image: Buffer): Fields[] {
  const source = { type: "base64", media_type: "image/png", data: image.toString("base64") };
  return [
    { type: "image", source },
    { type: "text", text },
  ];
}

function bodyOf({ model, system, history, tools, forced, schema, thinks, sampling }: Question) {
  return {
    model,
    // The history is made of what this client built, and of what the SDK itself gave.
    messages: history as Anthropic.MessageParam[],
    max_tokens: maxTokens,
    ...(system === undefined ? {} : { system }),
    ...(sampling ? { stop_sequences: sampling.stop } : {}),
    ...(tools
      ? {
          tools: tools.map(({ name, description, schema: input }) => ({
            name,
            description,
            input_schema: input as Anthropic.Tool.InputSchema,
          })),
        }
      : {}),
    ...(forced ? { tool_choice: { type: "any" as const } } : {}),
    ...(schema ? { output_config: { format: { type: "json_schema" as const, schema } } } : {}),
    ...(thinks ? { thinking: { type: "enabled" as const, budget_tokens: budget } } : {}),
  };
}

function outcome(done: unknown, headers: Headers, requestId?: string | null): Outcome {
  const { model, content, stop_reason: stop, usage, role } = fieldsOf(done);
  const blocks = listOf(content);
  const of = (type: string) => blocks.filter((block) => block.type === type);
  const counts = fieldsOf(usage);
  const cached = count(counts.cache_read_input_tokens);
  const written = count(counts.cache_creation_input_tokens);
  return {
    model: String(model),
    text: of("text")
      .map(({ text }) => text)
      .join(""),
    reasoning: of("thinking")
      .map(({ thinking }) => thinking)
      .join(""),
    calls: of("tool_use").map(({ id, name, input }) => ({
      ...{ id: String(id), name: String(name) },
      args: fieldsOf(input),
    })),
    finish: stop === "end_turn" ? "stop" : stop === "tool_use" ? "calls" : "other",
    totals: {
      input: count(counts.input_tokens) + cached + written,
      cached,
      written,
      output: count(counts.output_tokens),
      reasoning: count(fieldsOf(counts.output_tokens_details).thinking_tokens),
    },
    headers,
    requestId: requestId ?? headers.get("request-id"),
    message: { role, content },
  };
}

/** Puts the events together, and throws for those that the grammar does not allow. */
function accumulate(events: Fields[]): Fields {
  const message = fieldsOf(events[0]?.message);
  if (events[0]?.type !== "message_start") throw new Error(`the stream begins with ${events[0]?.type}`);
  if (events.at(-1)?.type !== "message_stop") throw new Error(`the stream ends with ${events.at(-1)?.type}`);
  const blocks: Fields[] = [];
  let input = "";
  let open = false;
  let usage = fieldsOf(message.usage);
  let stop: unknown;
  for (const event of events.slice(1)) {
    const block = blocks.at(-1);
    if (event.type === "content_block_start") {
      if (open || event.index !== blocks.length) throw new Error(`block ${event.index} starts out of turn`);
      blocks.push({ ...fieldsOf(event.content_block) });
      input = "";
      open = true;
    } else if (event.type === "content_block_delta" && block) {
      if (!open || event.index !== blocks.length - 1) throw new Error(`a delta of block ${event.index} out of turn`);
      const delta = fieldsOf(event.delta);
      if (delta.type === "text_delta") block.text = `${block.text}${delta.text}`;
      else if (delta.type === "thinking_delta") block.thinking = `${block.thinking}${delta.thinking}`;
      else if (delta.type === "signature_delta") block.signature = delta.signature;
      else if (delta.type === "input_json_delta") input += delta.partial_json;
      else throw new Error(`unexpected delta ${delta.type}`);
    } else if (event.type === "content_block_stop") {
      open = false;
      if (block?.type === "tool_use" && input !== "") block.input = JSON.parse(input);
    } else if (event.type === "message_delta") {
      if (stop !== undefined) throw new Error("a second message_delta came");
      stop = fieldsOf(event.delta).stop_reason;
      usage = { ...usage, ...fieldsOf(event.usage) };
    } else if (event.type !== "message_stop" && event.type !== "ping") throw new Error(`unexpected ${event.type}`);
  }
  return { ...message, content: blocks, stop_reason: stop, usage };
}
