import { describe, expect, test } from "bun:test";
import { ask, type Failure } from "./clients.ts";
import { corpus, type Recording, recordings, replay } from "./corpus.ts";
import { openDoor, protocolNames } from "./door.ts";

const refusals = recordings().filter((recording) => recording.status >= 400);

/** What a client is told of a provider's status, where the words do not say more. */
const statuses: Readonly<Record<number, number>> = {
  ...{ 400: 400, 401: 502, 403: 502, 404: 404, 422: 400, 429: 429, 500: 502 },
};
const byWords: Readonly<Record<string, [number, string]>> = {
  "errors/req-llm_minimax-minimax-01-no-tool_175d5ff7": [400, "no target of the router takes tools"],
  "errors/req-llm_x-ai-grok-3-mini-reasoning-basic_95675256": [400, "forbidden content"],
  "errors/opentelemetry-python-contrib_test-responses-create-api-error-content-mode0_bc3d22fa": [404, "no such model"],
  "errors/rig_response-identity-provider-error-classifies-with-contract-but-reports-_b3970821": [404, "no such model"],
  "errors/ruby-llm_chat-error-handling-with-gemini-gemini-2-5-flash-rai_89caed86": [502, "our key is not valid"],
  "errors/ruby-llm_chat-error-handling-with-xai-grok-4-1-fast-non-reaso_d06665aa": [502, "our key is not valid"],
  "errors/vertexai-sdk-test-data_vertexai-unary-failure-api-key_5e718714": [502, "our key is not valid"],
  "errors/vertexai-sdk-test-data_vertexai-unary-failure-http-error_6c3e3cad": [
    502,
    "we may not call from where we are",
  ],
  "errors/rig_multimodal-matrix-image-without-mmproj_86cb7fbc": [400, "the model takes no images"],
  "errors/rig_response-identity-edge-routed-failure-error-shape_9596caf0": [404, "no such model"],
  "errors/rig_response-identity-edge-streaming-error-carries-the-correlation-id_8f7a50c9": [404, "no such model"],
};

/** What OpenAI's, Anthropic's and Google's clients see; Google's SDK has one class for all. */
const classes: Readonly<Record<number, { name: string; openai: string; messages: string; gemini: string }>> = {
  400: {
    ...{ name: "BadRequestError", openai: "invalid_request_error", messages: "invalid_request_error" },
    gemini: "INVALID_ARGUMENT",
  },
  404: {
    ...{ name: "NotFoundError", openai: "invalid_request_error", messages: "not_found_error" },
    gemini: "NOT_FOUND",
  },
  429: {
    ...{ name: "RateLimitError", openai: "rate_limit_error", messages: "rate_limit_error" },
    gemini: "RESOURCE_EXHAUSTED",
  },
  502: { name: "InternalServerError", openai: "server_error", messages: "api_error", gemini: "INTERNAL" },
};

/** The sentence that a person would read in the provider's body. */
function sentence(recording: Recording): string {
  const json = JSON.parse(new TextDecoder().decode(recording.bytes));
  const body = Array.isArray(json) ? json[0] : json;
  const words = body.error?.message ?? body.error ?? body.message ?? body.detail?.[0]?.msg ?? body.detail ?? body;
  const raw = body.error?.metadata?.raw;
  if (words !== "Provider returned error" || raw === undefined) return String(words);
  const inner = raw.startsWith("{") ? JSON.parse(raw) : raw;
  return inner.error?.message ?? inner.error ?? inner;
}

describe.skipIf(!corpus)("recorded refusals through the gateway", () => {
  for (const client of protocolNames)
    for (const recording of refusals)
      test(`a ${client} client gets ${recording.status} of ${recording.name} as its own error`, async () => {
        const question = { model: recording.model, stream: recording.asksStream };
        const answer = () => replay(recording);
        const door = openDoor({ provider: recording.protocol, models: [recording.model], answer });
        const outcome = (await ask(client, door.fetch, question)) as Failure;
        door.close();
        const status = byWords[recording.name]?.[0] ?? statuses[recording.status] ?? 0;
        const wanted = classes[status];
        const type = wanted?.[client === "chat" || client === "responses" ? "openai" : client];
        const name = client === "gemini" ? "ApiError" : wanted?.name;
        expect(outcome).toMatchObject({ kind: "error", status, name, type });
        expect(outcome.words).toContain(sentence(recording).trim().slice(0, 200));
      });
});
