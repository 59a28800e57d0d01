// The scripted upstream of the benchmark: answers both protocols, whole or streamed, at the pace that the path names.
// Paths: /<kind>/v1/chat/completions and /<kind>/v1/messages; kind is fast, tools, calls or slow.
const text = new TextEncoder();
const deltas = 200;
const paceMs = 2;

const words = Array.from({ length: deltas }, (_, at) => `word${at} `);
const kilobyte = "The quick brown fox jumps over the lazy dog. ".repeat(16).slice(0, 700);
const args = JSON.stringify({ path: "src/main.ts", content: "export const answer = 42;\n".repeat(8) });
const usage = {
  prompt_tokens: 900,
  completion_tokens: 200,
  total_tokens: 1100,
  prompt_tokens_details: { cached_tokens: 128 },
};

const chatHead = {
  id: "chatcmpl-bench0001",
  object: "chat.completion.chunk",
  created: 1_760_000_000,
  model: "bench-model",
};
const chatChunk = (delta: object, finish: string | null = null) =>
  text.encode(`data: ${JSON.stringify({ ...chatHead, choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`);
const event = (type: string, fields: object) =>
  text.encode(`event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`);

const chatStream = [
  chatChunk({ role: "assistant", content: "" }),
  ...words.map((content) => chatChunk({ content })),
  chatChunk({}, "stop"),
  text.encode(`data: ${JSON.stringify({ ...chatHead, choices: [], usage })}\n\n`),
  text.encode("data: [DONE]\n\n"),
];
/** One call whose arguments come in as many pieces. */
const argument = (text: string, at: number) => ({
  tool_calls: [
    at === 0
      ? { index: 0, id: "call_b1", type: "function", function: { name: "write_file", arguments: text } }
      : { index: 0, function: { arguments: text } },
  ],
});
const callStream = [
  chatChunk({ role: "assistant", content: null }),
  ...['{"path":"', ...words.slice(2), '"}'].map((text, at) => chatChunk(argument(text, at))),
  chatChunk({}, "tool_calls"),
  text.encode(`data: ${JSON.stringify({ ...chatHead, choices: [], usage })}\n\n`),
  text.encode("data: [DONE]\n\n"),
];
const messageHead = {
  id: "msg_bench0001",
  type: "message",
  role: "assistant",
  model: "bench-model",
  content: [],
  stop_reason: null,
  stop_sequence: null,
  usage: { input_tokens: 900, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 1 },
};
const messagesStream = [
  event("message_start", { message: messageHead }),
  event("content_block_start", { index: 0, content_block: { type: "text", text: "" } }),
  ...words.map((word) => event("content_block_delta", { index: 0, delta: { type: "text_delta", text: word } })),
  event("content_block_stop", { index: 0 }),
  event("message_delta", { delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 200 } }),
  event("message_stop", {}),
];

const chatWhole = (message: object, finish: string) =>
  JSON.stringify({
    ...chatHead,
    object: "chat.completion",
    choices: [
      { index: 0, message: { role: "assistant", refusal: null, ...message }, logprobs: null, finish_reason: finish },
    ],
    usage,
  });
const call = (id: string) => ({ id, type: "function", function: { name: "write_file", arguments: args } });
const messagesWhole = JSON.stringify({
  ...messageHead,
  content: [{ type: "text", text: kilobyte }],
  stop_reason: "end_turn",
  usage: { ...messageHead.usage, output_tokens: 200 },
});
const wholes: Record<string, string> = {
  "fast/chat": chatWhole({ content: kilobyte }, "stop"),
  "tools/chat": chatWhole({ content: "I write it.", tool_calls: [call("call_a1"), call("call_b2")] }, "tool_calls"),
  "fast/messages": messagesWhole,
};

function streamed(frames: Uint8Array[], pause: number): Response {
  const body = new ReadableStream({
    type: "direct",
    async pull(controller: { write(bytes: Uint8Array): void; flush(): void; close(): void }) {
      try {
        for (const frame of frames) {
          controller.write(frame);
          controller.flush();
          await Bun.sleep(pause);
        }
        controller.close();
      } catch {
        // The client left.
      }
    },
  } as unknown as ConstructorParameters<typeof ReadableStream>[0]);
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  idleTimeout: 0,
  maxRequestBodySize: 1024 ** 3,
  async fetch(request) {
    const [, kind = "", , first] = new URL(request.url).pathname.split("/");
    const bytes = Buffer.from(await request.arrayBuffer());
    const head = `${bytes.toString("latin1", 0, 400)}${bytes.toString("latin1", Math.max(400, bytes.length - 400))}`;
    const protocol = first === "chat" ? "chat" : "messages";
    if (/"stream":\s*true/.test(head)) {
      const frames = protocol === "messages" ? messagesStream : kind === "calls" ? callStream : chatStream;
      return streamed(frames, kind === "slow" ? 500 : paceMs);
    }
    return new Response(wholes[`${kind}/${protocol}`] ?? wholes[`fast/${protocol}`], {
      headers: { "content-type": "application/json" },
    });
  },
});
console.log(server.port);

export {};
