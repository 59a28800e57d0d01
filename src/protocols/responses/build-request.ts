/** A canonical request for a provider that speaks Responses. Stateless unless the client speaks it, too. */

import { sha256Hex } from "../../kit/hash.ts";
import type { ChatRequest } from "../../model/chat.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import type { Notes } from "../../model/note.ts";
import type { TargetFacts } from "../../model/target.ts";
import { capped, fitted, isRefused, takesSchema } from "../able.ts";
import { buildEffort } from "../chat/effort.ts";
import { isObject, unsupported } from "../chat/wire.ts";
import { withReadableCompactions } from "../compactions.ts";
import { isKeptByNobody, refuseKeptElsewhere } from "../kept-elsewhere.ts";
import { commonNames, toolNames } from "../names.ts";
import type { Outgoing } from "../protocol.ts";
import { refuseForeign } from "../refuse-foreign.ts";
import { tellField, tellForeign } from "../tell-foreign.ts";
import { withToolsExpanded } from "../tool-search.ts";
import { type BuildContext, buildItems } from "./build-items.ts";
import { buildPart } from "./build-parts.ts";
import { buildSearchOption } from "./build-server-tools.ts";
import { buildChoice, buildTools } from "./build-tools.ts";
import { encryptedInclude, logprobsInclude } from "./request.ts";
import { outputsInclude } from "./traces.ts";

/** Appended to a base URL, which holds the version. */
export const path = "/responses";

const leastOutput = 16;
const maxUserLength = 64;

/** Fields of other protocols without which the answer would be another one. */
const required: Readonly<Record<string, readonly string[]>> = {
  chat: ["audio"],
  messages: ["mcp_servers", "container"],
  gemini: ["cachedContent"],
};

/** Fields of Chat Completions that have the same name and meaning here. */
const shared = ["safety_identifier", "prompt_cache_retention", "prompt_cache_options", "moderation"] as const;

export function buildRequest(given: ChatRequest, target: TargetFacts, notes: Notes): Outgoing {
  const whole = withToolsExpanded(withReadableCompactions(given, notes), "responses", notes);
  const request = fitted(whole, target, notes);
  const own = request.protocol === "responses";
  const names = toolNames(
    request.tools.filter((tool) => tool.namespace === undefined),
    commonNames,
  );
  const nameOf = (name: string) => names.toWire(name);
  const context: BuildContext = { target, notes, own, nameOf, ids: own && request.store !== false };
  refuseKeptElsewhere(request, "responses");
  refuseForeign(request, "responses");
  tellForeign(request, "responses", notes);
  refuse(request, notes);
  const input = buildItems(request, context);
  const toolContext = { ...context, can: target.can };
  const tools = [...buildTools(request, toolContext), ...buildSearchOption(request, toolContext)];
  const text = buildText(request, input, context);
  const reasoning = buildReasoning(request, target, notes);
  const body: JsonObject = {
    model: target.model,
    ...buildInstructions(request, context),
    input,
    ...buildSampling(request, context, reasoning.effort === "none"),
    ...(tools.length === 0 ? {} : { tools, ...buildChoice(request, toolContext) }),
    ...(Object.keys(text).length === 0 ? {} : { text }),
    ...(Object.keys(reasoning).length === 0 ? {} : { reasoning }),
    ...buildHints(request, context),
    ...buildState(request, own, tools),
    ...(request.stream ? { stream: true } : {}),
    ...sharedFields(request),
    ...ownFields(request),
  };
  return { path, headers: {}, body };
}

/** Members of the client's request that only this protocol knows; what is merged elsewhere is left out. */
function ownFields(request: ChatRequest): JsonObject {
  const { text: _text, reasoning: _reasoning, include: _include, ...fields } = request.ext?.responses ?? {};
  return fields;
}

function sharedFields(request: ChatRequest): JsonObject {
  const from = request.ext?.chat ?? {};
  return Object.fromEntries(shared.flatMap((key) => (from[key] === undefined ? [] : [[key, from[key]]])));
}

/** Throws for what cannot be carried and would change the answer; the rest is told as dropped. */
function refuse(request: ChatRequest, notes: Notes): void {
  const { sampling } = request;
  if (sampling.stop && sampling.stop.length > 0) {
    throw unsupported("sampling.stop", "This provider takes no stop sequences: leave them out.");
  }
  if ((sampling.n ?? 1) > 1) throw unsupported("sampling.n", "This provider gives one answer to a request.");
  if (request.modalities?.some((one) => one.toLowerCase() !== "text")) {
    throw unsupported("modalities", "This provider can only answer with text.");
  }
  for (const [origin, fields] of Object.entries(request.ext ?? {})) {
    if (origin === "responses" || !fields) continue;
    for (const [key, value] of Object.entries(fields)) {
      if (value === null || value === undefined || value === false) continue;
      if (origin === "chat" && (key === "web_search_options" || shared.some((one) => one === key))) continue;
      if (required[origin]?.includes(key) && !(Array.isArray(value) && value.length === 0)) {
        throw unsupported(key, `${key} cannot be carried to a Responses provider.`);
      }
      tellField(notes, key, value);
    }
  }
}

function buildInstructions(request: ChatRequest, context: BuildContext): JsonObject {
  const texts = request.instructions.map((block) => {
    if (block.type !== "text" && block.type !== "refusal") {
      throw unsupported(block.at ?? "instructions", "System text cannot hold other content here.");
    }
    buildPart(block, "input", context);
    return block.text;
  });
  const whole = texts.filter((text) => text !== "").join("\n\n");
  return whole === "" ? {} : { instructions: whole };
}

/** Throws `unsupported` for log probabilities of a model that gives none. */
function buildSampling(request: ChatRequest, context: BuildContext, isThinkingOff: boolean): JsonObject {
  const { sampling, logprobs } = request;
  const { target, notes, own } = context;
  const out: JsonObject = {};
  if (sampling.maxTokens !== undefined) Object.assign(out, buildLimit(sampling.maxTokens, context));
  const carried = { temperature: "temperature", topP: "top_p" } as const;
  for (const member of ["temperature", "topP"] as const) {
    if (sampling[member] === undefined) continue;
    if (!own && isRefused(member, target.can, isThinkingOff)) notes.add("dropped", `sampling.${member}`);
    else out[carried[member]] = sampling[member];
  }
  for (const key of ["topK", "seed"] as const) {
    if (sampling[key] !== undefined) notes.add("dropped", `sampling.${key}`);
  }
  for (const key of ["presencePenalty", "frequencyPenalty"] as const) {
    if (sampling[key]) notes.add("dropped", `sampling.${key}`);
  }
  if (sampling.logitBias && Object.keys(sampling.logitBias).length > 0) notes.add("dropped", "sampling.logitBias");
  if (logprobs?.want && !own && isRefused("logprobs", target.can, isThinkingOff || request.reasoning === undefined)) {
    throw unsupported("logprobs", "This model gives no log probabilities. Leave it out.");
  }
  if (logprobs?.top !== undefined) out.top_logprobs = logprobs.top;
  return out;
}

function buildLimit(asked: number, { target, notes, own }: BuildContext): JsonObject {
  if (own) return { max_output_tokens: asked };
  if (isRefused("maxTokens", target.can)) {
    notes.add("dropped", "sampling.maxTokens");
    return {};
  }
  if (asked < leastOutput) notes.add("clamped", "sampling.maxTokens", "least_16");
  return { max_output_tokens: asked < leastOutput ? leastOutput : capped(asked, target, notes) };
}

function buildText(request: ChatRequest, input: JsonObject[], context: BuildContext): JsonObject {
  const own = request.ext?.responses?.text;
  const format = buildFormat(request, input, context);
  return {
    ...(format === undefined ? {} : { format }),
    ...(request.verbosity === undefined ? {} : { verbosity: request.verbosity }),
    ...(isObject(own) ? own : {}),
  };
}

function buildFormat(request: ChatRequest, input: JsonObject[], context: BuildContext): JsonObject | undefined {
  const { format } = request;
  if (!format) return undefined;
  if (format.kind === "text") return { type: "text" };
  if (format.kind === "schema" && takesSchema(request, context.target)) {
    return {
      type: "json_schema",
      name: format.name ?? "response",
      ...(format.description === undefined ? {} : { description: format.description }),
      schema: format.schema ?? { type: "object", properties: {} },
      ...(format.strict === undefined ? {} : { strict: format.strict }),
    };
  }
  if (format.kind === "schema") {
    const schema = JSON.stringify(format.schema ?? {});
    instruct(input, `Answer with one JSON value and nothing else. It must match this JSON Schema: ${schema}`);
    context.notes.add("emulated", "format", "schema_as_instruction");
  } else if (!context.own && !/json/i.test(JSON.stringify(input))) {
    // OpenAI refuses this mode when the word is nowhere in the input.
    instruct(input, "Answer with one JSON object and nothing else.");
    context.notes.add("emulated", "format", "instruction_added");
  }
  return { type: "json_object" };
}

/** Adds a system message after the leading ones, so that the head of the prompt stays what it was. */
function instruct(input: JsonObject[], text: string): void {
  const at = input.findIndex((item) => item.role !== "system" && item.role !== "developer");
  input.splice(at < 0 ? input.length : at, 0, { type: "message", role: "system", content: text });
}

function buildReasoning(request: ChatRequest, { can }: TargetFacts, notes: Notes): JsonObject {
  const own = request.ext?.responses?.reasoning;
  const asked = request.reasoning;
  const effort = buildEffort(asked, can, notes);
  // A client that let its model think, and did not hide it, wants to see something of it.
  const shown = asked?.display === "summarized" || (asked?.display === undefined && asked?.mode !== undefined);
  const summary = asked?.summary ?? (shown && effort !== "none" ? "auto" : undefined);
  return {
    ...(effort === undefined ? {} : { effort }),
    ...(summary === undefined ? {} : { summary }),
    ...(isObject(own) ? own : {}),
  };
}

const tiers: Readonly<Record<string, string>> = {
  ...{ auto: "auto", default: "default", flex: "flex", scale: "scale", priority: "priority" },
  ...{ standard: "default", standard_only: "default", fast: "fast" },
};

function buildHints(request: ChatRequest, { notes, own }: BuildContext): JsonObject {
  const out: JsonObject = {};
  if (isKeptByNobody(request)) notes.add("dropped", "store");
  if (request.cache?.key !== undefined) out.prompt_cache_key = request.cache.key;
  if (request.cache?.auto !== undefined) notes.add("dropped", "cache.auto");
  if (request.tier !== undefined) {
    const tier = own ? request.tier : Object.hasOwn(tiers, request.tier) ? tiers[request.tier] : undefined;
    if (tier === undefined) notes.add("dropped", "tier");
    else out.service_tier = tier;
  }
  const { user } = request;
  const identifiers = [request.ext?.responses?.safety_identifier, request.ext?.chat?.safety_identifier];
  if (user !== undefined && !identifiers.includes(user)) {
    const long = !own && user.length > maxUserLength;
    if (long) notes.add("renamed", "user", "hashed");
    out.user = long ? sha256Hex(user) : user;
  }
  if (request.metadata !== undefined) {
    // Chat Completions has the same map; elsewhere the word means something else.
    if (own || request.protocol === "chat") out.metadata = request.metadata;
    else if (Object.keys(request.metadata).length > 0) notes.add("dropped", "metadata");
  }
  return out;
}

/** Other protocols' clients send the whole conversation each time: nothing is stored, reasoning travels with them. */
function buildState(request: ChatRequest, own: boolean, tools: readonly JsonObject[]): JsonObject {
  const asked = request.ext?.responses?.include;
  const include: Json[] = Array.isArray(asked) ? [...asked] : [];
  if (!own || request.sealed) include.push(encryptedInclude);
  if (request.logprobs?.want) include.push(logprobsInclude);
  // Other protocols show what the code gave.
  if (!own && tools.some(({ type }) => type === "code_interpreter")) include.push(outputsInclude);
  return {
    ...(own ? (request.store === undefined ? {} : { store: request.store }) : { store: false }),
    ...(include.length === 0 ? {} : { include }),
  };
}
