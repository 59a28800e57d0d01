/** LangChain over each of its chat models, as the conversations want to use an SDK. */
import { ChatAnthropic } from "@langchain/anthropic";
import type { BaseChatModel } from "@langchain/core/language_models/chat_models";
import {
  type AIMessage,
  type AIMessageChunk,
  type ContentBlock,
  HumanMessage,
  SystemMessage,
  ToolMessage,
} from "@langchain/core/messages";
import { ChatGoogleGenerativeAI } from "@langchain/google-genai";
import { ChatOpenAI } from "@langchain/openai";
import {
  budget,
  type Client,
  count,
  type Door,
  type Failure,
  maxTokens,
  type Outcome,
  type Protocol,
  type Question,
  thrownBy,
} from "../../sdk/client.ts";
import { type Fields, fieldsOf, isFields } from "../../support/upstream/shape.ts";
import { failuresOf, requestIdOf } from "./told.ts";
import { watchGlobalFetch } from "./watched.ts";

type Shown = Pick<Client, "hidesReasoning" | "wraps" | "sendsNoIds" | "keepsProofs" | "cutsSchema" | "showsCounts">;

interface Model {
  protocol: Protocol;
  open(question: Question, door: Door): BaseChatModel;
  /** Options of a call: tools, their choice, the schema. */
  options(question: Question): Record<string, unknown>;
  more?: Shown;
  /** Its own form of an image, where the common one does not pass. */
  image?(image: Buffer): ContentBlock;
}

const functions = ({ tools = [] }: Question) =>
  tools.map(({ name, description, schema: parameters }) => ({
    type: "function",
    function: { name, description, parameters },
  }));

const openAi = (useResponsesApi: boolean): Model => ({
  protocol: useResponsesApi ? "responses" : "chat",
  open: ({ model, mode, thinks, sampling, forced }, { url, key }) =>
    new ChatOpenAI({
      ...{ model, apiKey: key, maxRetries: 0, maxTokens, useResponsesApi, streamUsage: mode === "stream" },
      ...{ configuration: { baseURL: `${url}/v1` }, zdrEnabled: useResponsesApi },
      // By a model's name it decides what to send of these.
      modelKwargs: {
        ...(thinks && !useResponsesApi ? { reasoning_effort: "low" } : {}),
        ...(thinks && useResponsesApi
          ? { reasoning: { effort: "low", summary: "auto" }, include: ["reasoning.encrypted_content"], store: false }
          : {}),
        ...(forced ? { tool_choice: "required" } : {}),
      },
      ...(sampling ? { temperature: sampling.temperature, stop: sampling.stop } : {}),
    }),
  options: (question) => ({
    // Left out, it is null in Responses.
    ...(question.tools ? { tools: functions(question), ...(useResponsesApi ? { strict: false } : {}) } : {}),
    ...(question.schema
      ? {
          response_format: {
            type: "json_schema",
            json_schema: { name: "answer", schema: question.schema, strict: true },
          },
        }
      : {}),
  }),
});

/** What its structured output and its tools do to a schema. */
function withoutAdditions({ additionalProperties: _, ...schema }: Fields): Fields {
  return schema;
}

export const langchainModels: Record<string, Model> = {
  "langchain openai chat": { ...openAi(false), more: { hidesReasoning: true, keepsProofs: "none" } },
  "langchain openai responses": openAi(true),
  "langchain anthropic": {
    protocol: "messages",
    open: ({ model, thinks, sampling }, { url, key }) =>
      new ChatAnthropic({
        ...{ model, apiKey: key, anthropicApiUrl: url, maxRetries: 0, maxTokens },
        ...(thinks ? { thinking: { type: "enabled", budget_tokens: budget } } : {}),
        ...(sampling ? { stopSequences: sampling.stop } : {}),
      }),
    options: ({ tools, forced, schema }) => ({
      ...(tools
        ? {
            tools: tools.map(({ name, description, schema: input }) => ({ name, description, input_schema: input })),
          }
        : {}),
      ...(forced ? { tool_choice: "any" } : {}),
      ...(schema ? { outputConfig: { format: { type: "json_schema", schema } } } : {}),
    }),
    more: {
      // Of a stream it adds the output of both ends, and reads the input at the start, where a translated one has none.
      showsCounts: (totals, mode) => (mode === "whole" ? totals : {}),
    },
  },
  "langchain google": {
    protocol: "gemini",
    open: ({ model, thinks, sampling, schema }, { url, key }) =>
      new ChatGoogleGenerativeAI({
        // It takes one prefix away, and asks below `models` for names without a slash only.
        ...{ model: `models/models/${model}` },
        ...{ apiKey: key, baseUrl: url, maxRetries: 0, maxOutputTokens: maxTokens, json: schema !== undefined },
        ...(thinks ? { thinkingConfig: { includeThoughts: true, thinkingBudget: budget } } : {}),
        ...(sampling ? { temperature: sampling.temperature, stopSequences: sampling.stop } : {}),
      }),
    options: (question) => ({
      ...(question.tools ? { tools: functions(question) } : {}),
      ...(question.forced ? { tool_choice: "any" } : {}),
      ...(question.schema ? { responseSchema: withoutAdditions(question.schema) } : {}),
    }),
    // Of all other forms it knows by the model's name that they are not to be sent.
    image: (image) => ({ type: "image", mimeType: "image/png", data: image.toString("base64") }),
    more: {
      sendsNoIds: true,
      // It reads no signature of a text.
      keepsProofs: "of calls",
      wraps: (_, result) => JSON.stringify({ result }),
      cutsSchema: withoutAdditions,
      showsCounts: ({ output, reasoning, ...rest }) => ({ ...rest, output: output - reasoning }),
    },
  },
};

const watch = watchGlobalFetch();

export function langchainClient(name: string, door: Door): Client {
  const known = langchainModels[name];
  if (!known) throw new Error(`no model ${name}`);
  const { last, within } = watch();
  const ask = (question: Question): Promise<Outcome> =>
    within(async () => {
      const model = known.open(question, door);
      const messages = [
        ...(question.system === undefined ? [] : [new SystemMessage(question.system)]),
        ...(question.history as AIMessage[]),
      ];
      const options = known.options(question);
      if (question.mode === "whole") return outcomeOf(await model.invoke(messages, options), question, last.headers);
      let whole: AIMessageChunk | undefined;
      for await (const chunk of await model.stream(messages, options)) whole = whole ? whole.concat(chunk) : chunk;
      if (!whole) throw new Error("the stream was empty");
      return outcomeOf(whole, question, last.headers);
    });
  return {
    name,
    protocol: known.protocol,
    ...known.more,
    failures: failuresOf(known.protocol, () => "error"),
    user: (text, image) =>
      new HumanMessage(image ? { content: [{ type: "text", text }, (known.image ?? imageUrl)(image)] } : text),
    results: (list) => list.map(({ id, text }) => new ToolMessage({ tool_call_id: id, content: text })),
    ask,
    fail: async (question) => failure(await thrownBy(ask(question)), last.headers),
  };
}

function imageUrl(image: Buffer): ContentBlock {
  return {
    type: "image_url",
    image_url: { url: `data:image/png;base64,${image.toString("base64")}`, detail: "high" },
  };
}

/** Google's stands in the content only. */
function reasoningOf({ contentBlocks, content }: AIMessage): string {
  const shown = contentBlocks
    .flatMap((block) => (block.type === "reasoning" ? [String(block.reasoning)] : []))
    .join("");
  if (shown !== "" || !Array.isArray(content)) return shown;
  return content
    .flatMap((block) => (isFields(block) && block.type === "thinking" ? [String(block.thinking)] : []))
    .join("");
}

/** Where the framework does not show the answer's model, the asked one stands for it. */
function outcomeOf(message: AIMessage, { model }: Question, headers: Headers): Outcome {
  const { usage_metadata: usage, tool_calls: calls = [], response_metadata: told } = message;
  const metadata = fieldsOf(told);
  const input = fieldsOf(usage?.input_token_details);
  return {
    model: String(metadata.model_name ?? metadata.model ?? message.additional_kwargs.model ?? model),
    text: message.text,
    reasoning: reasoningOf(message),
    calls: calls.map(({ id = "", name, args }) => ({ id, name, args })),
    finish: calls.length > 0 ? "calls" : "stop",
    totals: {
      input: usage?.input_tokens ?? 0,
      cached: count(input.cache_read),
      written: count(input.cache_creation),
      output: usage?.output_tokens ?? 0,
      // Of Messages it is left where it stood.
      reasoning: count(fieldsOf(usage?.output_token_details).reasoning ?? thinkingOf(metadata.usage)),
    },
    headers,
    requestId: requestIdOf(headers),
    message,
  };
}

function thinkingOf(usage: unknown): unknown {
  return fieldsOf(fieldsOf(usage).output_tokens_details).thinking_tokens;
}

function failure(error: unknown, headers: Headers): Failure {
  if (!(error instanceof Error)) throw new Error(`no error was thrown: ${error}`);
  const { status } = error as Error & { status?: unknown };
  return {
    ...{ kind: "error", status: typeof status === "number" ? status : undefined, message: error.message },
    ...{ headers, requestId: requestIdOf(headers), type: undefined },
  };
}
