import { describe, expect, test } from "bun:test";
import { ask, type Failure } from "./clients.ts";
import { corpus, type Recording, recordings, replay } from "./corpus.ts";
import { openDoor } from "./door.ts";

const refusals = recordings().filter((recording) => recording.status >= 400);

/** What a client is told of a provider's status, where the words do not say more. */
const statuses: Readonly<Record<number, number>> = {
  ...{ 400: 400, 401: 502, 403: 502, 404: 404, 422: 400, 429: 429, 500: 502 },
};
const byWords: Readonly<Record<string, [number, string]>> = {
  "errors/req-llm_minimax-minimax-01-no-tool_175d5ff7": [400, "no target of the router takes tools"],
  "errors/req-llm_x-ai-grok-3-mini-reasoning-basic_95675256": [400, "forbidden content"],
  "errors/rig_multimodal-matrix-image-without-mmproj_86cb7fbc": [400, "the model takes no images"],
  "errors/rig_response-identity-edge-routed-failure-error-shape_9596caf0": [404, "no such model"],
  "errors/rig_response-identity-edge-streaming-error-carries-the-correlation-id_8f7a50c9": [404, "no such model"],
};

const classes: Readonly<Record<number, [name: string, chat: string, messages: string]>> = {
  400: ["BadRequestError", "invalid_request_error", "invalid_request_error"],
  404: ["NotFoundError", "invalid_request_error", "not_found_error"],
  429: ["RateLimitError", "rate_limit_error", "rate_limit_error"],
  502: ["InternalServerError", "server_error", "api_error"],
};

/** The sentence that a person would read in the provider's body. */
function sentence(recording: Recording): string {
  const body = JSON.parse(new TextDecoder().decode(recording.bytes));
  const words = body.error?.message ?? body.error ?? body.message ?? body.detail?.[0]?.msg ?? body.detail ?? body;
  const raw = body.error?.metadata?.raw;
  if (words !== "Provider returned error" || raw === undefined) return String(words);
  const inner = raw.startsWith("{") ? JSON.parse(raw) : raw;
  return inner.error?.message ?? inner.error ?? inner;
}

describe.skipIf(!corpus)("recorded refusals through the gateway", () => {
  for (const client of ["chat", "messages"] as const)
    for (const recording of refusals)
      test(`a ${client} client gets ${recording.status} of ${recording.name} as its own error`, async () => {
        const question = { model: recording.model, stream: recording.request?.stream === true };
        const answer = () => replay(recording);
        const door = openDoor({ provider: recording.protocol, models: [recording.model], answer });
        const outcome = (await ask(client, door.fetch, question)) as Failure;
        door.close();
        const status = byWords[recording.name]?.[0] ?? statuses[recording.status] ?? 0;
        const [name, chat, messages] = classes[status] ?? [];
        const type = client === "chat" ? chat : messages;
        expect(outcome).toMatchObject({ kind: "error", status, name, type });
        expect(outcome.words).toContain(sentence(recording).trim().slice(0, 200));
      });
});
