/** `/responses/compact`: a conversation becomes what its user said, and a summary that later requests begin with. */
import type { ChatRequest, Item } from "../../model/chat.ts";
import { GatewayError } from "../../model/error.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import type { Notes } from "../../model/note.ts";
import { isObject } from "../chat/wire.ts";
import type { CompactingWire } from "../compacting.ts";
import type { Outcome } from "../protocol.ts";
import { responseId } from "./ids.ts";
import { responses } from "./index.ts";
import { fullItems } from "./input-items.ts";
import { parseRequest } from "./request.ts";
import { isSummary, summaryItem } from "./summaries.ts";
import { buildUsage, parseUsage } from "./usage.ts";

const path = "/responses/compact";
const object = "response.compaction";
/** Said to the assistant before and after them, system texts are no part of what was done. */
const keptRoles: readonly Json[] = ["user", "system", "developer"];

const question = [
  "The conversation above is about to be replaced by a summary that you write now. Whoever goes on with it will see only",
  "the user's messages and your summary. Write down everything that is needed to go on without a break: what was asked",
  "for and decided, what was done and found (with names of files, identifiers, numbers and quotations exactly as they",
  "were), what tools returned that still matters, what is unfinished, and what comes next. Do not go on with the",
  "conversation, call no tools, and answer with the summary alone.",
].join(" ");

export const responsesCompact: CompactingWire = {
  ...responses,
  routes: [{ method: "POST", path: `/v1${path}`, operation: "compact" }],
  serves: (asked) => asked.endsWith(path),
  takes: new Set([
    ...["model", "input", "instructions", "previous_response_id", "prompt_cache_key", "prompt_cache_options"],
    ...["prompt_cache_retention", "service_tier"],
  ]),
  open(body) {
    const { model, previous } = responses.open(body);
    return { model, stream: false, ...(previous === undefined ? {} : { previous }) };
  },
  parseRequest: (body, notes) => questionOf(body, notes),
  pass: (envelope, body, target) => ({ ...responses.pass(envelope, body, target), path }),
  parseResponse: (body) => {
    const outcome = outcomeOf(body);
    if (!outcome) throw new GatewayError("upstream-failed", `The provider's answer is no ${object}.`);
    return [{ id: "", model: "", created: 0, items: [], ...outcome }];
  },
  readOutcome: outcomeOf,
  keptItems: (body, requestId) =>
    fullItems(requestId, body.input ?? []).filter(
      (item) => item.type === "message" && keptRoles.includes(item.role ?? null) && !isSummary(item),
    ),
  buildSummary: ({ kept, sealed, usage }, { requestId, now }) => ({
    ...{ id: responseId("", requestId), object, created_at: now },
    ...{ output: [...kept, summaryItem(sealed, requestId)], usage: buildUsage(usage) },
  }),
};

/** Nothing of it is kept by the provider, for nobody goes on from it. */
function questionOf(body: JsonObject, notes: Notes): ChatRequest {
  const { stream: _stream, ...asked } = body;
  const request = parseRequest(asked, notes);
  const ask: Item = { type: "message", role: "user", blocks: [{ type: "text", text: question }] };
  return { ...request, store: false, items: [...request.items, ask] };
}

function outcomeOf(body: Json): Outcome | undefined {
  if (!isObject(body) || body.object !== object || !Array.isArray(body.output)) return undefined;
  const usage = isObject(body.usage) ? parseUsage(body.usage, body.service_tier) : undefined;
  return { finish: "stop", ...(usage ? { usage } : {}) };
}
