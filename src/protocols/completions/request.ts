/** A legacy completion request as the chat request that stands for it. */
import type { ChatRequest } from "../../model/chat.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Notes } from "../../model/note.ts";
import { parseRequest as parseChat } from "../chat/request.ts";
import { invalid, optionalBoolean, optionalCount, optionalString, requiredString } from "../chat/wire.ts";
import type { Envelope } from "../protocol.ts";

/** Members that mean something else here, or nothing in a chat. */
const own = ["prompt", "suffix", "echo", "best_of", "logprobs"];
const mostLogprobs = 20;

export function openRequest(body: JsonObject): Envelope {
  const model = requiredString(body, "model");
  promptOf(body);
  return { model, stream: optionalBoolean(body, "stream") ?? false };
}

export function parseRequest(body: JsonObject, notes: Notes): ChatRequest {
  const prompt = promptOf(body);
  refuse(body);
  const top = optionalCount(body, "logprobs", 0);
  if (top !== undefined && top > mostLogprobs) throw invalid("logprobs", `logprobs may be at most ${mostLogprobs}.`);
  const kept = Object.entries(body).filter(([name]) => !own.includes(name));
  const request = parseChat({
    ...Object.fromEntries(kept),
    messages: [{ role: "user", content: prompt }],
    ...(top === undefined ? {} : { logprobs: true, top_logprobs: top }),
  });
  notes.add("emulated", "prompt", "as_user_message");
  const items = request.items.map((item) => ({ ...item, at: "prompt" }));
  if (optionalBoolean(body, "echo") !== true) return { ...request, items };
  return { ...request, items, ext: { ...request.ext, completions: { echo: prompt } } };
}

function promptOf({ prompt }: JsonObject): string {
  const [only, more] = Array.isArray(prompt) ? prompt : [prompt];
  if (more !== undefined) throw invalid("prompt", "prompt may hold one text: send a request for each.");
  if (typeof only === "number" || Array.isArray(only)) throw invalid("prompt", "prompt must be text, not tokens.");
  if (typeof only !== "string" || only === "")
    throw invalid("prompt", "prompt is required and must be a text that is not empty.");
  return only;
}

/** What a chat model cannot be told. */
function refuse(body: JsonObject): void {
  const suffix = optionalString(body, "suffix");
  if (suffix) throw invalid("suffix", "suffix cannot be carried: chat models do not fill in the middle.");
  const best = optionalCount(body, "best_of", 1);
  if (best !== undefined && best > (optionalCount(body, "n", 1) ?? 1)) {
    throw invalid("best_of", "best_of cannot be carried: ask for n and choose among them.");
  }
}
