/** The canonical request to a body for a Messages provider. Deterministic: the same request gives the same bytes. */
import type { Block, ChatRequest, MessageItem } from "../../model/chat.ts";
import { GatewayError } from "../../model/error.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Notes } from "../../model/note.ts";
import type { TargetFacts } from "../../model/target.ts";
import { capped, fitted, takesSchema } from "../able.ts";
import { splitLeading } from "../history.ts";
import { type LegalNames, toolNames } from "../names.ts";
import type { Outgoing } from "../protocol.ts";
import { refuseForeign } from "../refuse-foreign.ts";
import { tellForeign } from "../tell-foreign.ts";
import { withToolsExpanded } from "../tool-search.ts";
import { type Build, buildBlock } from "./build-blocks.ts";
import { buildTools } from "./build-tools.ts";
import { buildTurns } from "./build-turns.ts";
import { cacheControl, Marks } from "./marks.ts";
import { defaultMaxTokens } from "./room.ts";
import { buildSampling, refuseUncarried, tellDropped, tierOf } from "./sampling.ts";
import { lowered } from "./schema.ts";
import { type Settled, settle } from "./settle.ts";
import { lostThinking, planThinking, type ThinkingPlan } from "./thinking.ts";

export const legalNames: LegalNames = { pattern: /^[a-zA-Z0-9_-]+$/, maxLength: 128 };
/** Keys of the properties of a tool's schema. */
export const legalKeys: LegalNames = { pattern: /^[a-zA-Z0-9_.-]+$/, maxLength: 64 };

/** Throws `unsupported` or `invalid-request` for what cannot be carried. */
export function buildRequest(given: ChatRequest, target: TargetFacts, notes: Notes): Outgoing {
  const request = fitted(withToolsExpanded(given, "messages", notes), target, notes);
  refuseUncarried(request);
  refuseForeign(request, "messages");
  tellForeign(request, "messages", notes);
  const names = toolNames(request.tools, legalNames, legalKeys);
  const build: Build = { target, notes, marks: new Marks(), names, own: request.protocol === "messages" };
  const { leading, rest } = splitLeading(request.items);
  const tools = buildTools(request, build);
  const system = buildSystem(request, leading, build);
  const settled = settle(buildTurns(rest, build), build, system.length > 0);
  const format = request.format ? buildFormat(request, system, build) : undefined;

  const body: JsonObject = { model: target.model, max_tokens: 0, ...extraFields(request) };
  body.messages = settled.messages.map(({ role, content }) => ({ role, content }));
  if (system.length > 0) body.system = system;
  Object.assign(body, tools);
  const plan = planRoom(request, { body, settled, build });
  body.max_tokens = plan.maxTokens;
  if (plan.thinking) body.thinking = { ...plan.thinking, ...request.reasoning?.ext?.messages };
  const config = { ...(plan.effort ? { effort: plan.effort } : {}), ...(format ? { format } : {}) };
  if (Object.keys(config).length > 0)
    body.output_config = { ...(body.output_config as JsonObject | undefined), ...config };
  Object.assign(body, buildSampling(request, isThinking(plan), { target, notes }));
  writeHints(request, body, build);
  if (request.stream) body.stream = true;
  const hasMidSystem = settled.messages.some(({ role }) => role === "system");
  return { path: "/messages", headers: buildHeaders(hasMidSystem), body };
}

function buildHeaders(hasMidSystem: boolean): Record<string, string> {
  return {
    "anthropic-version": "2023-06-01",
    ...(hasMidSystem ? { "anthropic-beta": "mid-conversation-system-2026-04-07" } : {}),
  };
}

function extraFields(request: ChatRequest): JsonObject {
  return request.protocol === "messages" ? { ...request.ext?.messages } : {};
}

/** One block for each source block: cache marks and the prompt's prefix depend on it. */
function buildSystem(request: ChatRequest, leading: MessageItem[], build: Build): JsonObject[] {
  const blocks: Block[] = [...request.instructions, ...leading.flatMap((item) => item.blocks)];
  for (const item of leading) if (item.name !== undefined) build.notes.add("dropped", `${item.at ?? "items"}.name`);
  return blocks.flatMap((block) => {
    if (block.type !== "text" && block.type !== "refusal") {
      const param = block.at ?? "instructions";
      throw new GatewayError("unsupported", `${param}: system text cannot hold other content here.`, { param });
    }
    if (block.text.trim() === "") return [];
    return buildBlock(block, build, "system");
  });
}

function buildFormat(request: ChatRequest, system: JsonObject[], build: Build): JsonObject | undefined {
  const format = request.format;
  if (!format || format.kind === "text") return undefined;
  const schema = format.kind === "schema" ? (format.schema ?? { type: "object" }) : undefined;
  if (schema && takesSchema(request, build.target)) {
    if (build.own) return { type: "json_schema", schema };
    for (const key of ["name", "description"] as const) {
      if (format[key] !== undefined) build.notes.add("dropped", `format.${key}`);
    }
    return { type: "json_schema", schema: lowered(schema, "format.schema", build) };
  }
  build.notes.add("emulated", "format", "by_instruction");
  const task = schema
    ? `Answer with one JSON value that is valid against this JSON Schema:\n${JSON.stringify(schema)}\n`
    : "Answer with one JSON object. ";
  system.push({ type: "text", text: `${task}Write the JSON alone: no words around it and no code fence.` });
  return undefined;
}

interface Written {
  body: JsonObject;
  settled: Settled;
  build: Build;
}

function planRoom(request: ChatRequest, { body, settled, build }: Written): ThinkingPlan {
  const { target, notes } = build;
  const asked = request.sampling.maxTokens;
  let maxTokens = asked ?? defaultMaxTokens(body, target);
  if (asked !== undefined && !build.own) maxTokens = capped(asked, target, notes);
  const obstacle = obstacleOf(body, settled, target);
  return planThinking(request, { target, notes, obstacle, maxTokens, capped: asked !== undefined });
}

function isThinking(plan: ThinkingPlan): boolean {
  return plan.thinking !== undefined && plan.thinking.type !== "disabled";
}

/** Why the API would refuse thinking beside the rest of the request. */
function obstacleOf(body: JsonObject, settled: Settled, target: TargetFacts): string | undefined {
  const choice = body.tool_choice as JsonObject | undefined;
  if (choice?.type === "any" || choice?.type === "tool") return "forced_tool";
  if (settled.prefill) return "prefill";
  if (target.can.thinking === "budget" && lostThinking(settled.messages)) return "thinking_lost_in_tool_loop";
  return undefined;
}

/** Cache marks, user, tier: what changes no answer. */
function writeHints(request: ChatRequest, body: JsonObject, build: Build): void {
  const { notes, marks, own } = build;
  const auto = request.cache?.auto ?? (own || marks.any ? undefined : {});
  if (auto) body.cache_control = cacheControl(auto);
  marks.write(notes, auto ? 1 : 0);
  if (request.user !== undefined) {
    body.metadata = { ...(body.metadata as JsonObject | undefined), user_id: request.user };
  }
  const tier = tierOf(request, notes);
  if (tier !== undefined) body.service_tier = tier;
  tellDropped(request, notes);
}
