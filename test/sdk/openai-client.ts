/** The openai package, in either of its versions, as a client of Chat Completions. */
import type OpenAI from "openai";
import { type Fields, fieldsOf, listOf } from "../support/upstream/shape.ts";
import {
  type Client,
  count,
  type Door,
  failureOf,
  maxTokens,
  type Outcome,
  parsedCall,
  type Question,
  thrownBy,
  watchedFetch,
} from "./client.ts";

const invalid = "invalid_request_error";
/** Of both protocols that the package speaks. */
export const openaiFailures: Client["failures"] = {
  bad: { kind: "BadRequestError", status: 400, type: invalid },
  unknown: { kind: "AuthenticationError", status: 401, type: invalid },
  locked: { kind: "InternalServerError", status: 502, type: "server_error" },
  limited: { kind: "RateLimitError", status: 429, type: "rate_limit_error" },
  overloaded: { kind: "InternalServerError", status: 503, type: "server_error" },
};

export function openaiClient(name: string, Sdk: typeof OpenAI, { url, key }: Door): Client {
  const { fetch, last } = watchedFetch();
  const sdk = new Sdk({ apiKey: key, baseURL: `${url}/v1`, maxRetries: 0, fetch });
  const ask = async (question: Question): Promise<Outcome> => {
    const body = bodyOf(question);
    const counted = { ...body, stream_options: { include_usage: true } };
    if (question.mode === "whole") {
      const done = await sdk.chat.completions.create(body);
      return outcome(fieldsOf(done), last.headers, done._request_id);
    }
    const chunks: Fields[] = [];
    if (question.mode === "stream") {
      const stream = sdk.chat.completions.stream(counted);
      for await (const chunk of stream) chunks.push(fieldsOf(chunk));
      const done = fieldsOf(await stream.finalChatCompletion());
      const [choice] = listOf(done.choices);
      const message = { ...fieldsOf(choice?.message), ...reasoningOf(chunks) };
      return outcome({ ...done, choices: [{ ...choice, message }] }, last.headers);
    }
    for await (const chunk of await sdk.chat.completions.create({ ...counted, stream: true })) {
      chunks.push(fieldsOf(chunk));
    }
    return outcome(accumulate(chunks), last.headers);
  };
  return {
    name,
    protocol: "chat",
    failures: openaiFailures,
    user: (text, image) => ({ role: "user", content: image ? withImage(text, image) : text }),
    results: (list) => list.map(({ id, text }) => ({ role: "tool", tool_call_id: id, content: text })),
    ask,
    async fail(question) {
      const { BadRequestError, AuthenticationError, RateLimitError, InternalServerError } = Sdk;
      const kinds = { BadRequestError, AuthenticationError, RateLimitError, InternalServerError };
      return failureOf(await thrownBy(ask(question)), kinds);
    },
  };
}

function withImage(text: string, image: Buffer): Fields[] {
  const url = `data:image/png;base64,${image.toString("base64")}`;
  return [
    { type: "text", text },
    { type: "image_url", image_url: { url, detail: "high" } },
  ];
}

function bodyOf({ model, system, history, tools, forced, schema, thinks, sampling }: Question) {
  const leading = system === undefined ? [] : [{ role: "system", content: system }];
  const named = schema && { name: "answer", schema, strict: true };
  return {
    model,
    // The history is made of what this client built, and of what the SDK itself gave.
    messages: [...leading, ...history] as OpenAI.ChatCompletionMessageParam[],
    max_completion_tokens: maxTokens,
    ...(sampling ?? {}),
    ...(tools
      ? {
          tools: tools.map(({ name, description, schema: parameters }) => ({
            type: "function" as const,
            function: { name, description, parameters },
          })),
        }
      : {}),
    ...(forced ? { tool_choice: "required" as const } : {}),
    ...(named ? { response_format: { type: "json_schema" as const, json_schema: named } } : {}),
    ...(thinks ? { reasoning_effort: "low" as const } : {}),
  };
}

function outcome(done: Fields, headers: Headers, requestId?: string | null): Outcome {
  const [choice = {}] = listOf(done.choices);
  const message = fieldsOf(choice.message);
  const usage = fieldsOf(done.usage);
  const prompt = fieldsOf(usage.prompt_tokens_details);
  const completion = fieldsOf(usage.completion_tokens_details);
  const calls = listOf(message.tool_calls);
  if (count(usage.total_tokens) !== count(usage.prompt_tokens) + count(usage.completion_tokens)) {
    throw new Error(`the total is not the sum: ${JSON.stringify(usage)}`);
  }
  return {
    model: String(done.model),
    text: String(message.content ?? ""),
    reasoning: String(message.reasoning_content ?? message.reasoning ?? ""),
    calls: calls.map(({ id, function: one }) => {
      const { name, arguments: args } = fieldsOf(one);
      return parsedCall(id, name, String(args));
    }),
    finish: choice.finish_reason === "stop" ? "stop" : choice.finish_reason === "tool_calls" ? "calls" : "other",
    totals: {
      input: count(usage.prompt_tokens),
      cached: count(prompt.cached_tokens),
      written: count(prompt.cache_write_tokens),
      output: count(usage.completion_tokens),
      reasoning: count(completion.reasoning_tokens),
    },
    headers,
    requestId: requestId ?? headers.get("x-request-id"),
    message: echo(message),
  };
}

/** The message as it came, with every field but those that only the SDK adds. */
function echo(message: Fields): Fields {
  const { parsed: _parsed, ...sent } = message;
  if (!Array.isArray(sent.tool_calls)) return sent;
  const tool_calls = listOf(sent.tool_calls).map((call) => {
    const { parsed_arguments: _arguments, ...one } = fieldsOf(call.function);
    return { ...call, function: one };
  });
  return { ...sent, tool_calls };
}

function deltasOf(chunks: Fields[]): Fields[] {
  return chunks.flatMap(({ choices }) => listOf(choices).map(({ delta }) => fieldsOf(delta)));
}

/** Reasoning as a client that keeps unknown fields puts it together: texts joined, entries merged by their index. */
function reasoningOf(chunks: Fields[]): Fields {
  const out: Fields = {};
  const details: Fields[] = [];
  for (const delta of deltasOf(chunks)) {
    for (const key of ["reasoning", "reasoning_content"]) {
      if (typeof delta[key] === "string") out[key] = `${out[key] ?? ""}${delta[key]}`;
    }
    for (const entry of listOf(delta.reasoning_details)) {
      const known = details.find(({ index, type }) => index === entry.index && type === entry.type);
      if (!known) details.push({ ...entry });
      else Object.assign(known, entry, "text" in entry ? { text: `${known.text ?? ""}${entry.text}` } : {});
    }
  }
  return details.length > 0 ? { ...out, reasoning_details: details } : out;
}

function accumulate(chunks: Fields[]): Fields {
  const calls: { id: unknown; type: unknown; name: unknown; args: string; more: Fields }[] = [];
  let content = "";
  for (const delta of deltasOf(chunks)) {
    content += typeof delta.content === "string" ? delta.content : "";
    for (const { index, id, type, function: one, ...more } of listOf(delta.tool_calls)) {
      const { name, arguments: args } = fieldsOf(one);
      const at = count(index);
      if (at > calls.length) throw new Error(`call ${at} came after ${calls.length} calls`);
      const call = calls[at];
      if (!call) calls.push({ id, type, name, args: String(args ?? ""), more });
      else if (id !== undefined || name !== undefined) throw new Error("a later delta repeats id or name");
      else Object.assign(call, { args: `${call.args}${args ?? ""}`, more: { ...call.more, ...more } });
    }
  }
  const finishes = chunks.flatMap(({ choices }) => listOf(choices)).filter((one) => one.finish_reason != null);
  if (finishes.length !== 1) throw new Error(`${finishes.length} finish reasons came`);
  const ids = new Set(chunks.map(({ id, model, object }) => `${id} ${model} ${object}`));
  if (ids.size !== 1) throw new Error(`chunks differ in their heads: ${[...ids].join("; ")}`);
  const tool_calls = calls.map(({ id, type, name, args, more }) => ({
    ...{ id, type, ...more },
    function: { name, arguments: args },
  }));
  const message = {
    role: "assistant",
    content: content === "" ? null : content,
    ...(tool_calls.length > 0 ? { tool_calls } : {}),
    ...reasoningOf(chunks),
  };
  const usage = chunks.filter((chunk) => chunk.usage != null);
  if (usage.length !== 1) throw new Error(`usage came ${usage.length} times`);
  return { ...chunks[0], choices: [{ message, finish_reason: finishes[0]?.finish_reason }], usage: usage[0]?.usage };
}
