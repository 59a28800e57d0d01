/** One recording behind the gateway: what the client ends up with beside what the provider's own SDK makes of it. */
import { expect } from "bun:test";
import { safeId } from "../../src/protocols/ids.ts";
import { type Answered, ask, askLeniently } from "./clients.ts";
import { type Recording, replay } from "./corpus.ts";
import { openDoor, type ProtocolName } from "./door.ts";
import { cut, opener, type View, viewOf } from "./view.ts";

/**
 * Streams that bend their grammar so that the official SDK refuses them, though nothing is missing. The client of the
 * same protocol gets them as they are; translated, they are whole.
 */
export const bent: Readonly<Record<string, string>> = {
  "openai-chat/ai_anthropic-fallback-tool-call_8931f759": "the first tool index is 1",
  "openai-chat/chatlas_test-provider-cloudflare-test-cloudflare-respects-turns-interface_b9ae6992": "no role",
  "openai-chat/dd-trace-py_completion-stream-multiple-choices-proxy_20df4ef9":
    "the second of two choices has no finish reason",
  "openai-chat/openinference_test-instrumentor-test-synchronous-streaming-chat-completions-with-too_86ef12a2":
    "a call without index and type",
  "openai-chat/pydantic-ai_test-groq-test-groq-model-web-search-tool-stream_66a294bb": "no role",
  "openai-chat/pydantic-ai_test-snowflake-test-snowflake-model-streaming_8eefdb04": "no finish reason before [DONE]",
};

/** Throws where the client ends up with something else than it should. */
export async function compare(recording: Recording, client: ProtocolName): Promise<void> {
  const question = { model: recording.model, stream: recording.isStream };
  const isSame = client === recording.protocol;
  let direct = await ask(recording.protocol, async () => complete(recording), question);
  if (recording.name in bent) {
    expect(direct).toMatchObject({ kind: "error", name: "OpenAIError" });
    if (!isSame) direct = await askLeniently(async () => replay(recording), recording.model);
  }
  const door = openDoor({ provider: recording.protocol, models: [recording.model], answer: () => replay(recording) });
  const through = await ask(client, door.fetch, question);
  door.close();
  expect(door.records.map((record) => record.code)).not.toContain("internal");
  if (direct.kind === "error" || hiddenError(direct)) {
    expect(through.kind).toBe("error");
    return;
  }
  if (through.kind === "error") throw new Error(`the client got an error: ${JSON.stringify(through)}`);
  if (isSame) expect(through.final).toEqual(direct.final as never);
  else compareViews(viewOf(through, opener(door)), carried(viewOf(direct), client));
}

/** SDKs lose a last frame whose blank line never came; the gateway completes it. */
function complete(recording: Recording): Response {
  if (!recording.isStream) return replay(recording);
  const blankLine = new TextEncoder().encode("\n\n");
  return replay({ ...recording, bytes: Buffer.concat([recording.bytes, blankLine]) });
}

/** An error in a 200, which an SDK hands out as if it were an answer. */
function hiddenError({ final }: Answered): boolean {
  return (final as { error?: unknown }).error !== undefined;
}

/** The provider's answer as the other protocol can say it. */
function carried(view: View, client: ProtocolName): View {
  const calls = view.calls.map((call) => ({ ...call, id: safeId(call.id) }));
  if (client === "chat") return { ...view, calls };
  const usage = view.usage ?? { total: 0, cached: 0, reasoning: 0 };
  // The refusal is text there, and citations need an index that only the provider can make.
  return { ...view, calls, usage, text: view.text + view.refusal, refusal: "", citations: [] };
}

function compareViews(client: View, provider: View): void {
  const calls = client.calls.map((call, at) => {
    const theirs = provider.calls[at];
    return { ...call, id: theirs?.id === safeId("") ? theirs.id : call.id };
  });
  const last = provider.calls.length - 1;
  const isCut =
    provider.finish === "length" && [calls[last], provider.calls[last]].some((one) => one?.arguments === cut);
  expect(isCut ? masked(calls) : calls).toEqual(isCut ? masked(provider.calls) : provider.calls);
  expect({ ...client, calls: [] }).toEqual({ ...provider, calls: [] });
}

/** SDKs complete the arguments of a cut call, or leave them, each in its own way. */
function masked(calls: View["calls"]): View["calls"] {
  return calls.map((call, at) => (at === calls.length - 1 ? { ...call, arguments: cut } : call));
}
