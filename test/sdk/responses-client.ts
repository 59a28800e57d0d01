/** The openai package, in either of its versions, as a client of Responses. */
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
import { openaiFailures } from "./openai-client.ts";

export function responsesClient(name: string, Sdk: typeof OpenAI, { url, key }: Door): Client {
  const { fetch, last } = watchedFetch();
  const sdk = new Sdk({ apiKey: key, baseURL: `${url}/v1`, maxRetries: 0, fetch });
  const ask = async (question: Question): Promise<Outcome> => {
    const body = bodyOf(question);
    if (question.mode === "whole") {
      const done = await sdk.responses.create({ ...body, stream: false });
      return outcome(fieldsOf(done), last.headers, done._request_id);
    }
    if (question.mode === "stream") {
      const stream = sdk.responses.stream(body);
      let said = "";
      stream.on("response.output_text.delta", ({ delta }) => {
        said += delta;
      });
      const got = outcome(fieldsOf(await stream.finalResponse()), last.headers);
      if (said !== got.text) throw new Error(`the text events say ${said}`);
      return got;
    }
    const events: Fields[] = [];
    for await (const event of await sdk.responses.create({ ...body, stream: true })) events.push(fieldsOf(event));
    return outcome(accumulate(events), last.headers);
  };
  return {
    name,
    protocol: "responses",
    failures: openaiFailures,
    user: (text, image) => ({ role: "user", content: image ? withImage(text, image) : text }),
    results: (list) => list.map(({ id, text }) => ({ type: "function_call_output", call_id: id, output: text })),
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
    { type: "input_text", text },
    { type: "input_image", image_url: url, detail: "high" },
  ];
}

function bodyOf({ model, system, history, tools, forced, schema, thinks, sampling }: Question) {
  const format = schema && { type: "json_schema" as const, name: "answer", schema, strict: true };
  return {
    model,
    // The history is made of what this client built, and of what the SDK itself gave: the output of a turn is a list.
    input: history.flat() as OpenAI.Responses.ResponseInputItem[],
    max_output_tokens: maxTokens,
    ...(system === undefined ? {} : { instructions: system }),
    ...(sampling ? { temperature: sampling.temperature } : {}),
    ...(tools
      ? {
          tools: tools.map(({ name, description, schema: parameters }) => ({
            ...{ type: "function" as const, name, description, parameters },
            strict: false,
          })),
        }
      : {}),
    ...(forced ? { tool_choice: "required" as const } : {}),
    ...(format ? { text: { format } } : {}),
    ...(thinks
      ? {
          reasoning: { effort: "low" as const, summary: "auto" as const },
          store: false,
          include: ["reasoning.encrypted_content" as const],
        }
      : {}),
  };
}

function outcome(done: Fields, headers: Headers, requestId?: string | null): Outcome {
  const error = fieldsOf(done.error);
  if (done.status === "failed") throw new Error(String(error.message));
  const output = listOf(done.output);
  const of = (type: string) => output.filter((item) => item.type === type);
  const texts = (list: unknown) => listOf(list).map(({ text }) => String(text ?? ""));
  const usage = fieldsOf(done.usage);
  const { cached_tokens: cached, cache_write_tokens: written } = fieldsOf(usage.input_tokens_details);
  if (count(usage.total_tokens) !== count(usage.input_tokens) + count(usage.output_tokens)) {
    throw new Error(`the total is not the sum: ${JSON.stringify(usage)}`);
  }
  const calls = of("function_call");
  return {
    model: String(done.model),
    text: of("message")
      .flatMap(({ content }) => texts(content))
      .join(""),
    reasoning: of("reasoning")
      .flatMap(({ summary, content }) => [...texts(summary), ...texts(content)])
      .join(""),
    calls: calls.map(({ call_id: id, name, arguments: args }) => parsedCall(id, name, String(args))),
    finish: done.status !== "completed" ? "other" : calls.length > 0 ? "calls" : "stop",
    totals: {
      input: count(usage.input_tokens),
      cached: count(cached),
      written: count(written),
      output: count(usage.output_tokens),
      reasoning: count(fieldsOf(usage.output_tokens_details).reasoning_tokens),
    },
    headers,
    requestId: requestId ?? headers.get("x-request-id"),
    message: output.map(echo),
  };
}

/** The item as it came, with every field but those that only the SDK adds. */
function echo({ parsed_arguments: _arguments, ...item }: Fields): Fields {
  if (item.type !== "message") return item;
  return { ...item, content: listOf(item.content).map(({ parsed: _parsed, ...part }) => part) };
}

const ends = ["response.completed", "response.incomplete", "response.failed"];

/** The last response, whose items are those that the stream told, and throws for a stream that is none. */
function accumulate(events: Fields[]): Fields {
  if (events[0]?.type !== "response.created") throw new Error(`the stream begins with ${events[0]?.type}`);
  const end = events.at(-1) ?? {};
  if (!ends.includes(String(end.type))) throw new Error(`the stream ends with ${end.type}`);
  const items: Fields[] = [];
  const texts = new Map<unknown, string>();
  events.forEach((event, at) => {
    if (event.sequence_number !== at) throw new Error(`event ${at} has the number ${event.sequence_number}`);
    if (event.type === "response.output_item.added" && event.output_index !== items.length) {
      throw new Error(`item ${event.output_index} was added out of turn`);
    }
    if (event.type === "response.output_item.done") items[count(event.output_index)] = fieldsOf(event.item);
    const isDelta =
      event.type === "response.output_text.delta" || event.type === "response.function_call_arguments.delta";
    if (isDelta) texts.set(event.item_id, `${texts.get(event.item_id) ?? ""}${event.delta}`);
  });
  for (const { id, type, content, arguments: args } of items) {
    const said =
      type === "message"
        ? listOf(content)
            .map(({ text }) => text)
            .join("")
        : args;
    const known = texts.get(id);
    if (known !== undefined && known !== said) throw new Error(`the deltas of ${id} say ${known}, its end ${said}`);
  }
  const response = fieldsOf(end.response);
  const isSame = Bun.deepEquals(items, response.output);
  if (end.type === "response.completed" && !isSame) throw new Error("the response has other items than the stream");
  return { ...response, output: items };
}
