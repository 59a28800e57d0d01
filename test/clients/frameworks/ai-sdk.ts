/** The Vercel AI SDK over each of its providers, as the conversations want to use an SDK. */
import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogle } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import {
  APICallError,
  generateText,
  jsonSchema,
  type LanguageModel,
  type LanguageModelUsage,
  type ModelMessage,
  Output,
  streamText,
  type ToolSet,
  tool,
} from "ai";
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
  watchedFetch,
} from "../../sdk/client.ts";
import { fieldsOf } from "../../support/upstream/shape.ts";
import { failuresOf, requestIdOf } from "./told.ts";

type Options = NonNullable<Parameters<typeof generateText>[0]["providerOptions"]>;

interface Provider {
  protocol: Protocol;
  open(door: Door & { fetch: typeof fetch }): (model: string) => LanguageModel;
  /** What asks for reasoning. */
  thinking: Options;
  always?: Options;
  more?: Pick<Client, "hidesReasoning" | "wraps" | "keepsProofs">;
}

export const aiProviders: Record<string, Provider> = {
  "ai openai-compatible": {
    protocol: "chat",
    open: ({ url, key: apiKey, fetch }) =>
      createOpenAICompatible({
        ...{ name: "local", baseURL: `${url}/v1`, apiKey, fetch },
        ...{ includeUsage: true, supportsStructuredOutputs: true },
      }),
    thinking: { local: { reasoningEffort: "low" } },
    more: { keepsProofs: "none" },
  },
  "ai openai chat": {
    protocol: "chat",
    open: ({ url, key: apiKey, fetch }) => createOpenAI({ baseURL: `${url}/v1`, apiKey, fetch }).chat,
    thinking: { openai: { reasoningEffort: "low", forceReasoning: true } },
    more: { hidesReasoning: true, keepsProofs: "none" },
  },
  "ai openai responses": {
    protocol: "responses",
    open: ({ url, key: apiKey, fetch }) => createOpenAI({ baseURL: `${url}/v1`, apiKey, fetch }).responses,
    thinking: {
      openai: {
        ...{ reasoningEffort: "low", reasoningSummary: "auto", forceReasoning: true },
        ...{ store: false, include: ["reasoning.encrypted_content"] },
      },
    },
    always: { openai: { store: false } },
  },
  "ai anthropic": {
    protocol: "messages",
    open: ({ url, key: apiKey, fetch }) => createAnthropic({ baseURL: `${url}/v1`, apiKey, fetch }),
    thinking: { anthropic: { thinking: { type: "enabled", budgetTokens: budget } } },
    // It knows only Anthropic's own names: others get their schema as a tool.
    always: { anthropic: { structuredOutputMode: "outputFormat" } },
  },
  "ai google": {
    protocol: "gemini",
    open: ({ url, key: apiKey, fetch }) => {
      const google = createGoogle({ baseURL: `${url}/v1beta`, apiKey, fetch });
      return (model) => google(`models/${model}`);
    },
    thinking: { google: { thinkingConfig: { includeThoughts: true, thinkingBudget: budget } } },
    more: { wraps: (name, content) => JSON.stringify({ name, content }) },
  },
};

export function aiClient(name: string, { url, key }: Door): Client {
  const provider = aiProviders[name];
  if (!provider) throw new Error(`no provider ${name}`);
  const { fetch, last } = watchedFetch();
  const open = provider.open({ url, key, fetch });
  const ask = async (question: Question): Promise<Outcome> => {
    const settings = settingsOf(question, provider, open(question.model));
    if (question.mode === "whole") {
      return outcomeOf(await generateText(settings), last.headers);
    }
    const result = streamText({ ...settings, onError: () => undefined });
    for await (const part of result.fullStream) if (part.type === "error") throw part.error;
    return outcomeOf(await result.finalStep, last.headers);
  };
  return {
    name,
    protocol: provider.protocol,
    ...provider.more,
    failures: failuresOf(provider.protocol, () => "APICallError"),
    user: (text, image) => ({ role: "user", content: image ? withImage(text, image) : text }),
    results: (list) => [
      {
        role: "tool",
        content: list.map(({ id, name: toolName, text: value }) => ({
          ...{ type: "tool-result", toolCallId: id, toolName },
          output: { type: "text", value },
        })),
      },
    ],
    ask,
    fail: async (question) => failure(await thrownBy(ask(question)), last.headers),
  };
}

function withImage(text: string, image: Buffer) {
  return [
    { type: "text", text },
    { type: "file", data: image, mediaType: "image/png", providerOptions: { openai: { imageDetail: "high" } } },
  ];
}

function settingsOf(question: Question, provider: Provider, model: LanguageModel) {
  const { system, history, tools, forced, schema, thinks, sampling } = question;
  const declared: ToolSet | undefined =
    tools &&
    Object.fromEntries(
      tools.map((one) => [
        one.name,
        tool({ description: one.description, inputSchema: jsonSchema<Record<string, unknown>>(one.schema) }),
      ]),
    );
  return {
    model,
    ...{ maxRetries: 0, maxOutputTokens: maxTokens },
    ...(system === undefined ? {} : { instructions: system }),
    // Made by this client, or given by the SDK.
    messages: history.flat() as ModelMessage[],
    ...(declared ? { tools: declared } : {}),
    ...(forced ? { toolChoice: "required" as const } : {}),
    ...(schema ? { output: Output.object({ schema: jsonSchema(schema), name: "answer" }) } : {}),
    ...(sampling ? { stopSequences: sampling.stop } : {}),
    ...(sampling && provider.protocol !== "messages" ? { temperature: sampling.temperature } : {}),
    providerOptions: thinks ? provider.thinking : (provider.always ?? {}),
  };
}

interface Answered {
  text: string;
  reasoningText: string | undefined;
  toolCalls: readonly { toolCallId: string; toolName: string; input: unknown }[];
  finishReason: string;
  usage: LanguageModelUsage;
  response: { modelId: string; messages: readonly unknown[] };
}

function outcomeOf(
  { text, reasoningText, toolCalls, finishReason, usage, response }: Answered,
  headers: Headers,
): Outcome {
  const { inputTokens, inputTokenDetails, outputTokens, outputTokenDetails } = usage;
  return {
    model: response.modelId.replace(/^models\//, ""),
    text,
    reasoning: reasoningText ?? "",
    calls: toolCalls.map(({ toolCallId: id, toolName: name, input }) => ({ id, name, args: fieldsOf(input) })),
    finish: finishReason === "stop" ? "stop" : finishReason === "tool-calls" ? "calls" : "other",
    totals: {
      input: inputTokens ?? 0,
      cached: inputTokenDetails.cacheReadTokens ?? 0,
      // Of Chat Completions the SDK leaves it in what it did not read.
      written:
        inputTokenDetails.cacheWriteTokens ?? count(fieldsOf(usage.raw?.prompt_tokens_details).cache_write_tokens),
      output: outputTokens ?? 0,
      reasoning: outputTokenDetails.reasoningTokens ?? 0,
    },
    headers,
    requestId: requestIdOf(headers),
    message: response.messages,
  };
}

function failure(error: unknown, headers: Headers): Failure {
  if (error === undefined) throw new Error("no error was thrown");
  const isCall = APICallError.isInstance(error);
  const message = error instanceof Error ? error.message : JSON.stringify(error);
  return {
    kind: isCall ? "APICallError" : error instanceof Error ? error.constructor.name : typeof error,
    status: isCall ? error.statusCode : undefined,
    message,
    headers,
    requestId: requestIdOf(headers),
    type: undefined,
  };
}
