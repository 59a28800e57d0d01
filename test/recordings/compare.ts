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

/** Answers that are failures to the gateway, though they have a status of 200, and which client's SDK does not tell so. */
const failures: Readonly<Record<string, string>> = {
  "gemini/pydantic-ai_test-multimodal-tool-returns-test-multimodal-tool-return-matrix-direct-uploaded-f_6a23226b":
    "the model called a function in a way that nobody can use: another target is tried",
};

/** Throws where the client ends up with something else than it should. */
export async function compare(recording: Recording, client: ProtocolName): Promise<void> {
  const question = { model: recording.model, stream: recording.isStream };
  const isSame = client === recording.protocol;
  let direct = await ask(recording.protocol, async () => complete(recording), question);
  if (recording.name in bent) {
    expect(direct.kind).toBe("error");
    if (!isSame) direct = await askLeniently(recording.protocol, async () => replay(recording), recording.model);
  }
  const door = openDoor({ provider: recording.protocol, models: [recording.model], answer: () => replay(recording) });
  const through = await ask(client, door.fetch, question);
  door.close();
  expect(door.records.map((record) => record.code)).not.toContain("internal");
  if (direct.kind === "error" || hiddenError(direct) || recording.name in failures) {
    expect(through.kind).toBe("error");
    return;
  }
  if (through.kind === "error") throw new Error(`the client got an error: ${JSON.stringify(through)}`);
  if (isSame) expect(through.final).toEqual(direct.final as never);
  else {
    const view = viewOf(through, opener(door));
    const hasRefusals = client === "chat" || client === "responses";
    const said = hasRefusals ? view : { ...view, text: view.text + view.refusal, refusal: "" };
    compareViews({
      client: said,
      provider: carried(viewOf(direct), recording.protocol, client),
      omitsCut: client === "gemini",
    });
  }
}

/** SDKs lose a last frame whose blank line never came; the gateway completes it. */
function complete(recording: Recording): Response {
  if (!recording.isStream) return replay(recording);
  const blankLine = new TextEncoder().encode("\n\n");
  return replay({ ...recording, bytes: Buffer.concat([recording.bytes, blankLine]) });
}

/** An error in a 200, which an SDK hands out as if it were an answer. */
function hiddenError({ final }: Answered): boolean {
  return "error" in final && Boolean(final.error);
}

/** The provider's answer as the other protocol can say it. */
function carried(view: View, provider: ProtocolName, client: ProtocolName): View {
  const calls = view.calls.map((call) => ({ ...call, id: safeId(call.id) }));
  const usage = view.usage ?? { total: 0, cached: 0, reasoning: 0 };
  // Without a place for a refusal it is text; a filter's own words stand where Google's SDK drops them.
  const isLost = client === "gemini" && provider === "messages";
  const asText = { text: isLost ? view.text : view.text + view.refusal, refusal: "" };
  // Citations need an index there that only the provider can make.
  if (client === "messages") return { ...view, ...asText, calls, usage, citations: [] };
  if (client !== "gemini") return { ...view, calls };
  const citations = view.citations.map(({ url, title }) => ({ url, title: title || url }));
  return { ...view, ...asText, calls, citations };
}

interface Views {
  client: View;
  provider: View;
  /** A call that was cut is left out, where arguments are an object. */
  omitsCut: boolean;
}

function compareViews({ client, provider, omitsCut }: Views): void {
  const calls = client.calls.map((call, at) => {
    const theirs = provider.calls[at];
    return { ...call, id: isMade(theirs?.id) ? (theirs?.id ?? "") : call.id };
  });
  const last = provider.calls.length - 1;
  const isLength = provider.finish === "length";
  if (isLength && omitsCut && calls.length === last) expect(calls).toEqual(provider.calls.slice(0, last));
  else {
    const isCut = isLength && [calls[last], provider.calls[last]].some((one) => one?.arguments === cut);
    expect(isCut ? masked(calls) : calls).toEqual(isCut ? masked(provider.calls) : provider.calls);
  }
  const said = (view: View) => ({ ...view, calls: [], reasoning: view.reasoning.replace(/\s+/g, "") });
  expect(said(client)).toEqual(said(provider));
}

/** The provider gave no id of its own: the gateway does. */
function isMade(id: string | undefined): boolean {
  return id === safeId("");
}

/** SDKs complete the arguments of a cut call, or leave them, each in its own way. */
function masked(calls: View["calls"]): View["calls"] {
  return calls.map((call, at) => (at === calls.length - 1 ? { ...call, arguments: cut } : call));
}
