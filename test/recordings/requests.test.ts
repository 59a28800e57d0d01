import { describe, expect, test } from "bun:test";
import type { JsonObject } from "../../src/model/json.ts";
import { checkChat } from "../support/upstream/chat-rules.ts";
import { checkMessages } from "../support/upstream/messages-rules.ts";
import { corpus, type Recording, recordings } from "./corpus.ts";
import { openDoor, type ProtocolName, type Sent, secret } from "./door.ts";

/** Requests that the other protocol cannot carry, and in what: the client is told with a 400. */
const refused: Readonly<Record<string, string>> = {
  "openai-chat/ai-gateway_chat-streaming-web-search_d3c33fe9": "web_search_options",
  "openai-chat/ai-gateway_chat-text-to-audio_3300b35a": "modalities",
  "openai-chat/dd-trace-py_completion-stream-multiple-choices-proxy_20df4ef9": '"param":"n"',
  "openai-chat/pydantic-ai_test-openrouter-test-openrouter-web-search-annotations_3666e01d": "openrouter:web_search",
  "openai-chat/rig_chat-streaming-logprobs-matr-streaming-gpt-4-1-mini-stop-top-two_4c5ec01b": "logprobs",
  "openai-chat/rig_multimodal-content-streaming-agent-sends-audio_407ba119": "messages.0.content.1",
  "openai-chat/rig_streaming-logprobs-matrix-streaming-low-length-top-two_92a7d8d8": "logprobs",
  "openai-chat/rig_terminal-metadata-matrix-streaming-gpt-4-1-mini-tiny-plain-two_1f732177": '"param":"n"',
  "openai-chat/ruby-llm_chat-audio-models-bedrock-mistral-voxtral-mini-3b-25_07e80bea": "audio input",
  "anthropic-messages/ellmer_vcr-anthropic-web-fetch_f3e7b3f5": "web_fetch",
  "anthropic-messages/ellmer_vcr-anthropic-web-search_54fbee85": "web_search",
  "anthropic-messages/fantasy_claude-opus-4-6-computer-use-streaming_a8127b2b": "computer",
  "anthropic-messages/fantasy_claude-sonnet-4-computer-use-streaming_c68aadee": "computer",
  "anthropic-messages/pydantic-ai_test-anthropic-test-anthropic-advisor-tool-message-replay_30a01445": "advisor",
  "anthropic-messages/pydantic-ai_test-anthropic-test-anthropic-advisor-tool_788b10cb": "advisor",
  "anthropic-messages/pydantic-ai_test-anthropic-test-anthropic-code-execution-tool-container-reuse_027c8f5f":
    "container",
  "anthropic-messages/pydantic-ai_test-anthropic-test-anthropic-code-execution-tool-stream_26e7701c": "code_execution",
  "anthropic-messages/pydantic-ai_test-anthropic-test-anthropic-mcp-servers-stream_f218c3c0": "mcp_servers",
  "anthropic-messages/pydantic-ai_test-anthropic-test-anthropic-mcp-servers_282a2ff3": "mcp_servers",
  "anthropic-messages/pydantic-ai_test-anthropic-test-anthropic-text-editor-code-execution-tool_f91f8c36":
    "code_execution",
  "anthropic-messages/pydantic-ai_test-anthropic-test-anthropic-web-fetch-tool_11bdee46": "web_fetch",
  "anthropic-messages/pydantic-ai_test-code-execution-files-vc-test-anthropic-code-execution-files-cache-prefix-sta_de909196":
    "container",
  // References to tools inside a tool's result.
  "anthropic-messages/pydantic-ai_test-tool-availability-porta-test-anthropic-live-delta-preserves-the-warmed-cache_ac723c11":
    "This kind of content",
  "anthropic-messages/pydantic-ai_test-tool-availability-porta-test-tool-availability-portability-matrix-r4-t1-tool_e6f341ee":
    "This kind of content",
  "anthropic-messages/pydantic-ai_test-tool-search-test-anthropic-to-google-deferred-capability-history_f444c3ea":
    "This kind of content",
  "anthropic-messages/req-llm_claude-sonnet-4-5-20250929-web-fetch-basic_be057cea": "web_fetch",
  "anthropic-messages/rig_opus-4-8-web-search-with-dynamic-filtering-succeeds_6d24ab43": "web_search",
  "anthropic-messages/rig_pdf-citations-pdf-document-citations-decode-as-page-locations_24c56d54": "document by URL",
  "anthropic-messages/rig_streamed-server-tools-streamed-web-search-preserves-server-tool-blocks_a3bb0368":
    "web_search",
  "anthropic-messages/ruby-llm_chat-web-search-with-anthropic-claude-haiku-4-5-stre_d452c87f": "web_search",
};

const paths = { chat: "/v1/chat/completions", messages: "/v1/messages" };
const answers = {
  chat: {
    id: "c",
    object: "chat.completion",
    created: 1,
    model: "m",
    choices: [{ index: 0, message: { role: "assistant", content: "a" }, finish_reason: "stop" }],
  },
  messages: {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "m",
    content: [{ type: "text", text: "a" }],
    stop_reason: "end_turn",
    usage: { input_tokens: 1, output_tokens: 1 },
  },
};

/** Throws where a provider would refuse what it was sent. */
function check(provider: ProtocolName, { headers, body }: Sent): void {
  const json = JSON.parse(body) as JsonObject;
  if (provider === "chat") checkChat(json, false);
  else checkMessages({ body: json, version: headers["anthropic-version"] ?? null, issued: new Map() });
}

/** The model may stand in the path of the recording. */
async function send(recording: Recording, provider: ProtocolName) {
  const model = String(recording.request?.model ?? "model");
  const door = openDoor({ provider, models: [model], answer: () => Response.json(answers[provider]) });
  const response = await door.fetch(`http://localhost${paths[recording.protocol]}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${secret}` },
    body: JSON.stringify({ ...recording.request, model }),
  });
  const text = await response.text();
  door.close();
  return { status: response.status, text, sent: door.sent[0] };
}

async function verdict(recording: Recording, provider: ProtocolName): Promise<string | undefined> {
  const { status, text, sent } = await send(recording, provider);
  if (recording.name in refused) {
    return status === 400 && !sent && text.includes(refused[recording.name] as string)
      ? undefined
      : `not refused: ${status} ${text}`;
  }
  if (!sent) return `${status}: ${text}`;
  try {
    check(provider, sent);
    return undefined;
  } catch (error) {
    return String(error);
  }
}

describe.skipIf(!corpus)("recorded requests", () => {
  for (const [client, provider] of [
    ["chat", "messages"],
    ["messages", "chat"],
  ] as const)
    test(`of a ${client} client are what a ${provider} provider takes, or are refused by name`, async () => {
      const list = recordings().filter((one) => one.protocol === client && one.status < 400 && one.request);
      const wrong: string[] = [];
      for (const recording of list) {
        const fault = await verdict(recording, provider);
        if (fault !== undefined) wrong.push(`${recording.name}: ${fault}`);
      }
      console.log(`${client} client, ${provider} provider, requests: ${list.length - wrong.length}/${list.length}`);
      expect(wrong).toEqual([]);
    });
});
