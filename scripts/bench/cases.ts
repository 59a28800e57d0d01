// What is measured: one request body and path for each case, for the gateway and for the bare proxy.

export interface Case {
  name: string;
  /** The most that the promise allows, as a multiple of the bare proxy's CPU time. */
  bar: number;
  /** Client's protocol, and kind and protocol of the upstream. */
  client: "chat" | "messages" | "responses" | "gemini";
  provider: "chat" | "messages";
  kind: "fast" | "tools" | "calls";
  requests: number;
  parallel: number;
  body(model: string): string;
  /** Bytes that the answer must hold, so that a failing path cannot look fast. */
  holds: string;
}

const tool = {
  name: "write_file",
  description: "Writes a file",
  schema: {
    type: "object",
    properties: { path: { type: "string" }, content: { type: "string" } },
    required: ["path", "content"],
  },
};

function chatBody(fields: object) {
  return (model: string) =>
    JSON.stringify({ model, messages: [{ role: "user", content: "Tell me about foxes, please." }], ...fields });
}

function messagesBody(fields: object) {
  return (model: string) =>
    JSON.stringify({
      model,
      max_tokens: 1000,
      messages: [{ role: "user", content: "Tell me about foxes, please." }],
      ...fields,
    });
}

const paragraph = 'Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do "eiusmod" tempor incididunt.\n';
// Begins and ends with a user turn, as a conversation does.
const prompt = {
  messages: Array.from({ length: 199 }, (_, at) => ({
    role: at % 2 === 0 ? "user" : "assistant",
    content: `${at} ${paragraph.repeat(55)}`,
  })),
};

const chatTools = [
  { type: "function", function: { name: tool.name, description: tool.description, parameters: tool.schema } },
];
const messagesTools = [{ name: tool.name, description: tool.description, input_schema: tool.schema }];

export const cases: Case[] = [
  {
    name: "whole answer of 1 KB, pass-through",
    ...{ bar: 2.5, client: "chat", provider: "chat", kind: "fast", requests: 4000, parallel: 16 },
    body: chatBody({}),
    holds: "quick brown fox",
  },
  {
    name: "stream of 200 deltas, pass-through (chat)",
    ...{ bar: 1.5, client: "chat", provider: "chat", kind: "fast", requests: 160, parallel: 32 },
    body: chatBody({ stream: true }),
    holds: "[DONE]",
  },
  {
    name: "stream of 200 deltas, pass-through (messages)",
    ...{ bar: 1.5, client: "messages", provider: "messages", kind: "fast", requests: 160, parallel: 32 },
    body: messagesBody({ stream: true }),
    holds: "message_stop",
  },
  {
    name: "messages client, chat provider, whole with tools",
    ...{ bar: 4, client: "messages", provider: "chat", kind: "tools", requests: 4000, parallel: 16 },
    body: messagesBody({ tools: messagesTools }),
    holds: "write_file",
  },
  {
    name: "messages client, chat provider, stream of 200 deltas",
    ...{ bar: 2.2, client: "messages", provider: "chat", kind: "fast", requests: 160, parallel: 32 },
    body: messagesBody({ stream: true, tools: messagesTools }),
    holds: "message_stop",
  },
  {
    name: "chat client, messages provider, stream of 200 deltas",
    ...{ bar: 2.2, client: "chat", provider: "messages", kind: "fast", requests: 160, parallel: 32 },
    body: chatBody({ stream: true, tools: chatTools }),
    holds: "[DONE]",
  },
  {
    name: "gemini client, messages provider, stream of 200 deltas",
    ...{ bar: 2.2, client: "gemini", provider: "messages", kind: "fast", requests: 160, parallel: 32 },
    body: () => JSON.stringify({ contents: [{ role: "user", parts: [{ text: "Tell me about foxes, please." }] }] }),
    holds: "finishReason",
  },
  {
    name: "responses client, chat provider, stream of 200 tool-call deltas",
    ...{ bar: 2.2, client: "responses", provider: "chat", kind: "calls", requests: 160, parallel: 32 },
    body: (model) =>
      JSON.stringify({
        model,
        input: "Write it.",
        stream: true,
        tools: [{ type: "function", name: tool.name, parameters: tool.schema, strict: false }],
      }),
    holds: "response.completed",
  },
  {
    name: "prompt of 1 MB in 199 messages, pass-through",
    ...{ bar: 2, client: "chat", provider: "chat", kind: "fast", requests: 200, parallel: 4 },
    body: chatBody(prompt),
    holds: "quick brown fox",
  },
  {
    name: "prompt of 1 MB in 199 messages, translated",
    ...{ bar: 5, client: "messages", provider: "chat", kind: "fast", requests: 200, parallel: 4 },
    body: messagesBody(prompt),
    holds: "quick brown fox",
  },
];

/** Where each protocol's client posts to; Gemini names the model there. */
export const paths: Record<Case["client"], (model: string) => string> = {
  chat: () => "/v1/chat/completions",
  messages: () => "/v1/messages",
  responses: () => "/v1/responses",
  gemini: (model) => `/v1beta/models/${model}:streamGenerateContent?alt=sse`,
};
