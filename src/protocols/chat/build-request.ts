/** A canonical request for a provider that speaks Chat Completions. */
import { sha256Hex } from "../../kit/hash.ts";
import type { ChatRequest, OutputFormat } from "../../model/chat.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Notes } from "../../model/note.ts";
import type { TargetFacts } from "../../model/target.ts";
import { fitted, takesSchema } from "../able.ts";
import { withReadableCompactions } from "../compactions.ts";
import { isKeptByNobody, refuseKeptElsewhere } from "../kept-elsewhere.ts";
import { commonNames, toolNames } from "../names.ts";
import type { Outgoing } from "../protocol.ts";
import { refuseForeign } from "../refuse-foreign.ts";
import { tellField, tellForeign } from "../tell-foreign.ts";
import { withToolsExpanded } from "../tool-search.ts";
import { type BuildContext, buildMessages } from "./build-messages.ts";
import { buildSearchOptions } from "./build-server-tools.ts";
import { buildChoice, buildTools } from "./build-tools.ts";
import { buildThinking, type ThinkingMembers } from "./effort.ts";
import { buildSampling } from "./sampling.ts";
import { unsupported } from "./wire.ts";

/** Appended to a base URL, which holds the version. */
export const path = "/chat/completions";

const maxUserLength = 64;

/** Fields of other protocols without which the answer would be another one. */
const required: Record<string, string[]> = {
  messages: ["mcp_servers", "container"],
  gemini: ["cachedContent"],
};

export function buildRequest(given: ChatRequest, target: TargetFacts, notes: Notes): Outgoing {
  const whole = withToolsExpanded(withReadableCompactions(given, notes), "chat", notes);
  const request = fitted(whole, target, notes);
  const names = toolNames(request.tools, commonNames);
  const context: BuildContext = { from: request.protocol, notes, target, names, marks: target.can.cacheMarks };
  refuseKeptElsewhere(request, "chat");
  refuseForeign(request, "chat");
  tellForeign(request, "chat", notes);
  refuseOthers(request, notes);
  const tools = buildTools(request, context);
  const messages = buildMessages(request, context);
  const thinking = buildReasoning(request, target, notes);
  const body: JsonObject = {
    model: target.model,
    messages,
    ...buildSampling(request, { target, notes, isThinkingOff: thinking.isOff }),
    ...(tools.length === 0 ? {} : { tools }),
    ...buildSearchOptions(request, context),
    ...buildChoice(request, context),
    ...buildFormat(request, messages, context),
    ...thinking.members,
    ...buildHints(request, notes),
    ...buildStream(request, target),
    ...(request.ext?.responses?.moderation === undefined ? {} : { moderation: request.ext.responses.moderation }),
    ...own(request),
  };
  return { path, headers: {}, body };
}

function own(request: ChatRequest): JsonObject {
  const { stream_options: _options, ...fields } = request.ext?.chat ?? {};
  return fields;
}

function buildStream(request: ChatRequest, target: TargetFacts): JsonObject {
  if (!request.stream) return {};
  const options = request.ext?.chat?.stream_options;
  const extra = typeof options === "object" && options !== null ? options : {};
  const all = { ...(target.can.streamUsage ? { include_usage: true } : {}), ...extra };
  const tools = target.can.toolStream && request.tools.length > 0 ? { tool_stream: true } : {};
  return { stream: true, ...tools, ...(Object.keys(all).length === 0 ? {} : { stream_options: all }) };
}

/** Fields that only another protocol knows: refused when they constrain the answer, else dropped and told. */
function refuseOthers(request: ChatRequest, notes: Notes): void {
  for (const [origin, fields] of Object.entries(request.ext ?? {})) {
    if (origin === "chat" || !fields) continue;
    for (const [key, value] of Object.entries(fields)) {
      if (value === null || value === undefined || value === false) continue;
      // The same vendor's: carried by its name, or as the user.
      if (origin === "responses" && (key === "moderation" || (key === "safety_identifier" && value === request.user))) {
        continue;
      }
      if (required[origin]?.includes(key) && !(Array.isArray(value) && value.length === 0)) {
        throw unsupported(key, `${key} cannot be carried to a Chat Completions provider.`);
      }
      tellField(notes, key, value);
    }
  }
}

function buildFormat(request: ChatRequest, messages: JsonObject[], context: BuildContext): JsonObject {
  const { format } = request;
  if (!format) return {};
  if (format.kind === "text") return { response_format: { type: "text" } };
  if (format.kind === "schema" && takesSchema(request, context.target)) {
    return { response_format: { type: "json_schema", json_schema: namedSchema(format) } };
  }
  if (format.kind === "schema") {
    const schema = JSON.stringify(format.schema ?? {});
    instruct(messages, `Answer with one JSON value and nothing else. It must match this JSON Schema: ${schema}`);
    context.notes.add("emulated", "format", "schema_as_instruction");
    // A server that takes no schema beside tools takes no JSON mode there, either.
    if (context.target.can.outputSchema) return {};
  } else if (context.from !== "chat" && !/json/i.test(JSON.stringify(messages))) {
    // OpenAI refuses this mode when the word is nowhere in the messages.
    instruct(messages, "Answer with one JSON object and nothing else.");
    context.notes.add("emulated", "format", "instruction_added");
  }
  return { response_format: { type: "json_object" } };
}

function namedSchema(format: OutputFormat): JsonObject {
  return {
    name: format.name ?? "response",
    ...(format.description === undefined ? {} : { description: format.description }),
    ...(format.schema === undefined ? {} : { schema: format.schema }),
    ...(format.strict === undefined ? {} : { strict: format.strict }),
  };
}

/** Adds a system message after the leading ones, so that the head of the prompt stays what it was. */
function instruct(messages: JsonObject[], text: string): void {
  const at = messages.findIndex((message) => message.role !== "system" && message.role !== "developer");
  messages.splice(at < 0 ? messages.length : at, 0, { role: "system", content: text });
}

function buildReasoning(request: ChatRequest, { can }: TargetFacts, notes: Notes): ThinkingMembers {
  const own = request.ext?.chat;
  // A client that asks in a dialect is passed on in it.
  if (own?.reasoning !== undefined || own?.thinking !== undefined) return { members: {}, isOff: false };
  const told = buildThinking(request.reasoning, can, notes);
  const thinking = can.reasoningSplit ? { ...told, members: { reasoning_split: true, ...told.members } } : told;
  if (!can.effortOrTools || request.tools.length === 0 || Object.keys(thinking.members).length === 0) return thinking;
  if (thinking.isOff) return thinking;
  notes.add("dropped", "reasoning", "beside_tools");
  return { members: {}, isOff: false };
}

const tiers: Record<string, string> = {
  auto: "auto",
  default: "default",
  flex: "flex",
  fast: "fast",
  scale: "scale",
  priority: "priority",
  standard: "default",
  standard_only: "default",
};

function buildHints(request: ChatRequest, notes: Notes): JsonObject {
  const native = request.protocol === "chat";
  const out: JsonObject = {};
  if (request.verbosity !== undefined) out.verbosity = request.verbosity;
  if (request.cache?.key !== undefined) out.prompt_cache_key = request.cache.key;
  if (request.cache?.auto !== undefined) notes.add("dropped", "cache.auto");
  if (request.tier !== undefined) {
    const foreign = Object.hasOwn(tiers, request.tier) ? tiers[request.tier] : undefined;
    const tier = native ? request.tier : foreign;
    if (tier === undefined) notes.add("dropped", "tier");
    else out.service_tier = tier;
  }
  if (request.modalities) {
    const spoken = request.modalities.some((one) => one.toLowerCase() !== "text");
    if (!native && spoken) throw unsupported("modalities", "This provider can only answer with text.");
    if (native) out.modalities = request.modalities;
  }
  buildIdentity(request, out, notes);
  return out;
}

function buildIdentity(request: ChatRequest, out: JsonObject, notes: Notes): void {
  const native = request.protocol === "chat";
  const { user } = request;
  if (user !== undefined && user !== request.ext?.chat?.safety_identifier) {
    const long = !native && user.length > maxUserLength;
    if (long) notes.add("renamed", "user", "hashed");
    out.user = long ? sha256Hex(user) : user;
  }
  // Other protocols' clients do not ask the provider to store: Plexus keeps their state itself.
  if (native && request.store !== undefined) out.store = request.store;
  else if (isKeptByNobody(request)) notes.add("dropped", "store");
  if (request.metadata === undefined) return;
  if (native) out.metadata = request.metadata;
  else notes.add("dropped", "metadata");
}
