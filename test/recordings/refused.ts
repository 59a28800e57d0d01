/**
 * Requests that a protocol cannot carry, and the words of the 400 that tells the client what: a tool that its vendor
 * runs, a field without counterpart, a medium, what only one provider keeps.
 */
import type { ProtocolName } from "./door.ts";

/** `all`: every other protocol. */
export const refused: Readonly<Record<string, Partial<Record<ProtocolName | "all", string>>>> = {
  "openai-chat/ai-gateway_chat-streaming-detailed-usage_0aa8ad8d": { gemini: "has no content" },
  "openai-chat/ai-gateway_chat-text-to-audio_3300b35a": {
    messages: "answer with",
    responses: "answer with",
    gemini: "audio",
  },
  "openai-chat/pydantic-ai_test-huggingface-test-image-url-input_d54fcc62": { gemini: "does not fetch addresses" },
  "openai-chat/pydantic-ai_test-openrouter-test-openrouter-web-search-annotations_3666e01d": {
    all: "openrouter:web_search",
  },
  "openai-chat/rig_chat-streaming-logprobs-matr-streaming-gpt-4-1-mini-stop-top-two_4c5ec01b": {
    messages: "log probabilities",
  },
  "openai-chat/rig_multimodal-content-streaming-agent-sends-audio_407ba119": { all: "kind of content" },
  "openai-chat/rig_streaming-logprobs-matrix-streaming-low-length-top-two_92a7d8d8": { messages: "log probabilities" },
  "openai-chat/ruby-llm_chat-audio-models-bedrock-mistral-voxtral-mini-3b-25_07e80bea": { messages: "audio" },
  "openai-chat/ruby-llm_chat-with-extended-thinking-mistral-mistral-small-la_1d8ff4c1": {
    responses: "kind of content",
  },
  "anthropic-messages/ellmer_vcr-anthropic-web-fetch_f3e7b3f5": { all: "web_fetch" },
  "anthropic-messages/fantasy_claude-opus-4-6-computer-use-streaming_a8127b2b": { all: "computer" },
  "anthropic-messages/fantasy_claude-sonnet-4-computer-use-streaming_c68aadee": { all: "computer" },
  "anthropic-messages/pydantic-ai_test-anthropic-test-anthropic-advisor-tool-message-replay_30a01445": {
    all: "advisor",
  },
  "anthropic-messages/pydantic-ai_test-anthropic-test-anthropic-advisor-tool_788b10cb": { all: "advisor" },
  "anthropic-messages/pydantic-ai_test-anthropic-test-anthropic-code-execution-tool-container-reuse_027c8f5f": {
    all: "container",
  },
  "anthropic-messages/pydantic-ai_test-anthropic-test-anthropic-code-execution-tool-stream_26e7701c": {
    chat: "code_execution",
  },
  "anthropic-messages/pydantic-ai_test-anthropic-test-anthropic-mcp-servers-stream_f218c3c0": { all: "mcp_servers" },
  "anthropic-messages/pydantic-ai_test-anthropic-test-anthropic-mcp-servers_282a2ff3": { all: "mcp_servers" },
  "anthropic-messages/pydantic-ai_test-anthropic-test-anthropic-text-editor-code-execution-tool_f91f8c36": {
    chat: "code_execution",
  },
  "anthropic-messages/pydantic-ai_test-anthropic-test-anthropic-web-fetch-tool_11bdee46": { all: "web_fetch" },
  "anthropic-messages/pydantic-ai_test-code-execution-files-vc-test-anthropic-code-execution-files-cache-prefix-sta_de909196":
    { all: "container" },
  "anthropic-messages/req-llm_claude-sonnet-4-5-20250929-web-fetch-basic_be057cea": { all: "web_fetch" },
  "anthropic-messages/rig_pdf-citations-pdf-document-citations-decode-as-page-locations_24c56d54": {
    chat: "document by URL",
    gemini: "does not fetch addresses",
  },
  "openai-responses/dd-trace-py_v1-response-with-mixed-prompt-url-preserved_3b142db7": { all: "prompt" },
  "openai-responses/pydantic-ai_test-openai-responses-test-openai-conversation-id-auto-respects-pydantic-a_e4f0a6a2": {
    all: "conversation",
  },
  "openai-responses/pydantic-ai_test-openai-responses-test-openai-previous-response-id_51ff4eea": {
    all: "previous_response_id",
  },
  "openai-responses/pydantic-ai_test-openai-responses-test-openai-responses-code-execution-return-image-st_276e3c6f": {
    chat: "code_interpreter",
  },
  "openai-responses/pydantic-ai_test-openai-responses-test-openai-responses-code-execution-return-image_6170e981": {
    chat: "code_interpreter",
  },
  "openai-responses/pydantic-ai_test-openai-responses-test-openai-responses-image-generation-jpeg_eccee37b": {
    all: "image_generation",
  },
  "openai-responses/pydantic-ai_test-openai-responses-test-openai-responses-model-file-search-tool-with-re_98863275": {
    all: "file_search",
  },
  "openai-responses/pydantic-ai_test-openai-responses-test-openai-responses-model-mcp-server-tool-stream_7f4ad8aa": {
    all: "mcp",
  },
  "openai-responses/req-llm_grok-4-fast-reasoning-x-search-streaming_355817c3": { all: "x_search" },
  "openai-responses/rig_streaming-grammar-previous-response-id-chain_15245997": { all: "previous_response_id" },
  "gemini/chatlas_test-provider-google-test-google-web-fetch_f7904fc2": { all: "urlContext" },
  "gemini/ellmer_vcr-google-web-fetch_572f718d": { all: "urlContext" },
  "gemini/pydantic-ai_test-google-test-google-model-file-search-grounding-gemini-3-fal_e606b674": { all: "fileSearch" },
  "gemini/pydantic-ai_test-google-test-google-model-file-search-grounding-gemini-3-tru_fc9a88dc": { all: "fileSearch" },
  "gemini/pydantic-ai_test-google-test-google-model-mobile-youtube-video-url-input_8b73bfd0": { all: "video input" },
  "gemini/pydantic-ai_test-google-test-google-model-web-fetch-tool-stream_6a45f9ab": { all: "urlContext" },
  "gemini/pydantic-ai_test-google-test-google-url-input-videourl_ab64e0ca": { all: "video input" },
  "gemini/pydantic-ai_test-google-test-google-vertex-logprobs-from-provider-details_eccbc4a2": {
    messages: "log probabilities",
  },
  "gemini/pydantic-ai_test-google-test-google-vertexai-image-generation-with-output-fo_f5f02967": {
    all: "answer with",
  },
  "gemini/pydantic-ai_test-multimodal-tool-returns-test-multimodal-tool-return-matrix-direct-uploaded-f_56b8af5b": {
    all: "audio",
  },
  "gemini/pydantic-ai_test-multimodal-tool-returns-test-multimodal-tool-return-matrix-direct-uploaded-f_9014bb62": {
    all: "file id of another provider",
  },
  "gemini/pydantic-ai_test-multimodal-tool-returns-test-multimodal-tool-return-matrix-direct-url-docume_7a8726d2": {
    chat: "document by URL",
  },
  "gemini/req-llm_gemini-2-0-flash-exp-image-g-image-basic_b5b5dfcc": { all: "answer with" },
  "gemini/rig_cached-content-matrix-edge-cached-code-execution_328bc037": { all: "cachedContent" },
  "gemini/rig_cached-content-matrix-use-streaming_3e19a3dd": { all: "cachedContent" },
  "gemini/rig_thought-text-matrix-transcription-with-thinking-disabled-is-unchanged_8cc7aca8": { messages: "audio" },
  "gemini/ruby-llm_chat-code-execution-with-gemini-gemini-3-5-flash-run_d7b05c35": { chat: "codeExecution" },
  "gemini/ruby-llm_chat-code-execution-with-gemini-gemini-3-5-flash-run_ea6fcb3d": { chat: "codeExecution" },
};

const ran = "code that the provider runs, which the protocol has no tool for";
const own = "a tool that only its own vendor runs";
const stored = "it lies with the provider that made it";

/** Why a client is told these words. */
export const reasons: Readonly<Record<string, string>> = {
  "has no content": "the only message is empty, which Google refuses",
  "answer with": "the client asks for an answer in a medium that the provider's protocol has none of",
  audio: "audio, which the model or its protocol does not take",
  "does not fetch addresses": "a file by address, which the gateway is not allowed to fetch here",
  "document by URL": "a file by address, which the gateway is not allowed to fetch here",
  "video input": "video by address, which the protocol does not take",
  "log probabilities": "log probabilities, which the protocol has none of",
  "kind of content": "a kind of content that no other protocol has",
  "file id of another provider": stored,
  code_execution: ran,
  code_interpreter: ran,
  codeExecution: ran,
  "openrouter:web_search": own,
  web_fetch: own,
  computer: own,
  advisor: own,
  image_generation: own,
  file_search: own,
  x_search: own,
  urlContext: own,
  fileSearch: own,
  mcp_servers: "servers that only the provider's own vendor calls",
  mcp: "servers that only the provider's own vendor calls",
  container: stored,
  cachedContent: stored,
  prompt: stored,
  conversation: stored,
  previous_response_id: `${stored}, and the gateway has not seen it`,
};

/** What a double refuses and the provider does not, by recording and provider. */
export const undoubled: Readonly<Record<string, string>> = {
  "openai-chat/ruby-llm_chat-audio-models-bedrock-mistral-voxtral-mini-3b-25_07e80bea > responses": "input_audio",
  "openai-chat/ruby-llm_chat-audio-models-bedrock-mistral-voxtral-mini-3b-25_07e80bea > gemini": "audio/wav",
  "gemini/rig_thought-text-matrix-transcription-with-thinking-disabled-is-unchanged_8cc7aca8 > responses":
    "input_audio",
  // The recorded bytes were replaced.
  "gemini/opentelemetry-python-contrib_test-generate-content-with-files_b44a6dde > chat": "image/jpeg",
  "gemini/opentelemetry-python-contrib_test-generate-content-with-files_b44a6dde > responses": "image/jpeg",
};
