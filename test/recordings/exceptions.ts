/** Recordings that are not what they seem, each with its reason. FIDELITY.md lists them. */

/**
 * Streams that bend their grammar so that the official SDK refuses them, though nothing is missing. The client of the
 * same protocol gets them as they are; translated, they are whole.
 */
export const bent: Readonly<Record<string, string>> = {
  "openai-responses/ai_github-copilot-id-rotation-1_95120c2e": "the ids of an item differ from event to event",
  "openai-responses/ai_openai-apply-patch-tool-1_750c5204": "events that the SDK does not know",
  "openai-responses/ruby-llm_providers-bedrock-mantle-responses-chat-streams-thro_6cca30d3": "response.reasoning_part",
  "openai-chat/ai_anthropic-fallback-tool-call_8931f759": "the first tool index is 1",
  "openai-chat/chatlas_test-provider-cloudflare-test-cloudflare-respects-turns-interface_b9ae6992": "no role",
  "openai-chat/dd-trace-py_completion-stream-multiple-choices-proxy_20df4ef9":
    "the second of two choices has no finish reason",
  "openai-chat/openinference_test-instrumentor-test-synchronous-streaming-chat-completions-with-too_86ef12a2":
    "a call without index and type",
  "openai-chat/pydantic-ai_test-groq-test-groq-model-web-search-tool-stream_66a294bb": "no role",
  "openai-chat/pydantic-ai_test-snowflake-test-snowflake-model-streaming_8eefdb04": "no finish reason before [DONE]",
};

/** Recordings that are no answers of their protocol, which no client can be given. */
export const strange: Readonly<Record<string, string>> = {
  "openai-responses/ai_azure-deepseek-reasoning-1_b1503493": "the body is a chat completion",
  "openai-responses/pydantic-ai_test-openai-responses-test-background-mode-streaming-without-starting-afte_6639d1db":
    "the answer is a background job that has not begun",
};

/** Answers that are failures to the gateway, though they have a status of 200, and which the provider's SDK hands out. */
export const failures: Readonly<Record<string, string>> = {
  "gemini/pydantic-ai_test-multimodal-tool-returns-test-multimodal-tool-return-matrix-direct-uploaded-f_6a23226b":
    "the model called a function in a way that nobody can use: another target is tried",
};

/** Streams that were put together or shortened by hand, and what of them a client of another protocol should get. */
export const edited: Readonly<Record<string, { why: string; meant(stream: string): string }>> = {
  "anthropic-messages/ai_anthropic-programmatic-tool-calling-1_56c0693a": {
    why: "several answers in one stream: the client gets the first, which is complete",
    meant(stream) {
      const end = '"type":"message_stop"}\n\n';
      return stream.slice(0, stream.indexOf(end) + end.length);
    },
  },
  "openai-responses/ai_openai-shell-container-1_75b82d3e": {
    why: "the deltas say less than the final text: the client gets what was streamed",
    meant: (stream) => stream.replace(/The command ran successfully in the container\.(?:[^"\\]|\\.)*/g, streamed),
  },
};

const streamed = "The command ran successfully.";

/** What the gateway puts right in streams that it passes on, by the words of the record. */
export const mendings: Readonly<Record<string, string>> = {
  "anthropic-messages/ai_anthropic-programmatic-tool-calling-1_56c0693a": "behind_end",
  "anthropic-messages/anthropic-sdk-python_fixtures-incomplete-partial-json-response_40d58d0d": "no_block_stop",
  "openai-chat/ai-gateway_chat-streaming-web-search_d3c33fe9": "no_usage",
  "openai-chat/ai_anthropic-fallback-tool-call_8931f759": "wrong_call_index no_usage",
  "openai-chat/chatlas_test-provider-cloudflare-test-cloudflare-respects-turns-interface_b9ae6992": "no_role",
  "openai-chat/dd-trace-py_completion-stream-multiple-choices-proxy_20df4ef9": "no_role no_finish",
  "openai-chat/fantasy_avian-kimi-tool-streaming_b9e7977b": "second_finish",
  "openai-chat/fantasy_grok-multi-tool-streaming_1d4688e8": "second_finish",
  "openai-chat/fantasy_grok-simple-streaming_69bccf5c": "second_finish",
  "openai-chat/fantasy_grok-tool-streaming_a20deef7": "second_finish",
  "openai-chat/fantasy_grok-tool-streaming_bf39078a": "second_finish",
  "openai-chat/langchaingo_testdata-testtool-integration_5d918e62": "no_done",
  "openai-chat/openinference_test-instrumentor-test-synchronous-streaming-chat-completions-with-too_86ef12a2":
    "wrong_call_index no_call_type",
  "openai-chat/pydantic-ai_test-groq-test-groq-model-web-search-tool-stream_66a294bb": "no_role no_usage",
  "openai-chat/pydantic-ai_test-snowflake-test-snowflake-model-streaming_8eefdb04": "no_finish",
  "openai-chat/req-llm_glm-4-5v-object-streaming_6daffe3a": "second_finish",
  "openai-chat/req-llm_gpt-oss-120b-streaming_83608a39": "no_done",
  "openai-chat/req-llm_qwen-3-coder-480b-object-streaming_27d19982": "no_done",
  "openai-chat/rig_conformance-streaming-tool_004159c6": "second_finish",
  "openai-chat/rig_document-file-data-streaming-document-file-data-roundtrip-live_81741eae": "second_finish",
  "openai-chat/rig_reasoning-delta-hook-streaming_4d65edd3": "second_finish",
  "openai-chat/rig_reasoning-tool-order-matrix-streaming-parallel_a4e795eb": "second_finish",
  "openai-chat/rig_reasoning-usage-matrix-streaming-gpt-5-reports-reasoning-tokens_dbad823c": "second_finish",
  "openai-chat/rig_reasoning-usage-matrix-streaming-reasoning-tokens-reach-the-terminal-record_744445ea":
    "second_finish",
  "openai-chat/rig_reasoning-usage-matrix-transports-agree-on-reasoning-tokens_a92d9a29": "second_finish",
  "openai-chat/rig_streaming-streaming-smoke_4284c2d1": "no_done",
  "openai-chat/rig_terminal-metadata-matrix-streaming-gpt-4-1-mini-tiny-plain-two_1f732177": "second_finish",
  "openai-responses/dd-trace-py_v1-response-tools-stream_a6714e44": "wrong_sequence_number",
};
