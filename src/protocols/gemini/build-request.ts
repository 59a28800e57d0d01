/** The canonical request to a body for a Gemini provider. Deterministic: the same request gives the same bytes. */
import type { Block, ChatRequest, MessageItem } from "../../model/chat.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Notes } from "../../model/note.ts";
import type { TargetFacts } from "../../model/target.ts";
import { fitted } from "../able.ts";
import { withReadableCompactions } from "../compactions.ts";
import { splitLeading } from "../history.ts";
import { isKeptByNobody, refuseKeptElsewhere } from "../kept-elsewhere.ts";
import { toolNames } from "../names.ts";
import type { Outgoing } from "../protocol.ts";
import { refuseForeign } from "../refuse-foreign.ts";
import { tellField, tellForeign } from "../tell-foreign.ts";
import { withToolsExpanded } from "../tool-search.ts";
import type { Build } from "./build.ts";
import { buildConfig } from "./build-config.ts";
import { buildContents } from "./build-contents.ts";
import { buildTools, legalNames } from "./build-tools.ts";
import { pathOf } from "./place.ts";
import { unsupported } from "./read.ts";

/** Throws `unsupported` or `invalid-request` for what cannot be carried. */
export function buildRequest(given: ChatRequest, target: TargetFacts, notes: Notes): Outgoing {
  const whole = withToolsExpanded(withReadableCompactions(given, notes), "gemini", notes);
  const request = fitted(whole, target, notes);
  refuseKeptElsewhere(request, "gemini");
  refuseForeign(request, "gemini");
  tellForeign(request, "gemini", notes);
  refuseUncarried(request);
  const build: Build = {
    ...{ target, notes },
    names: toolNames(request.tools, legalNames),
    own: request.protocol === "gemini",
  };
  const { leading, rest } = splitLeading(request.items);
  const system = buildSystem(request, leading, build);
  const { generationConfig: _config, toolConfig: _tools, ...own } = build.own ? (request.ext?.gemini ?? {}) : {};
  const body: JsonObject = { ...own, contents: buildContents(rest, build) };
  const config = buildConfig(request, system, build);
  if (system.length > 0) body.systemInstruction = { parts: system };
  Object.assign(body, buildTools(request, build));
  if (Object.keys(config).length > 0) body.generationConfig = config;
  writeHints(request, body, build);
  return { path: pathOf(target.model, request.stream), headers: {}, body };
}

/** Protocol-only fields of other clients whose loss would change what the answer is. */
const essential = new Set(["audio", "background", "functions", "function_call", "mcp_servers"]);

function refuseUncarried(request: ChatRequest): void {
  for (const [origin, fields] of Object.entries(request.ext ?? {})) {
    if (origin === "gemini") continue;
    for (const [key, value] of Object.entries(fields ?? {})) {
      if (essential.has(key) && value !== false && value !== null)
        throw unsupported(key, "this provider has nothing like it.");
    }
  }
}

/** One part for each source block. Throws `unsupported` for anything but text. */
function buildSystem(request: ChatRequest, leading: readonly MessageItem[], build: Build): JsonObject[] {
  const blocks: Block[] = [...request.instructions, ...leading.flatMap((item) => item.blocks)];
  for (const item of leading) if (item.name !== undefined) build.notes.add("dropped", `${item.at ?? "items"}.name`);
  return blocks.flatMap((block) => {
    if (block.type !== "text" && block.type !== "refusal") {
      throw unsupported(block.at ?? "instructions", "system text cannot hold other content here.");
    }
    if (block.cache) build.notes.add("dropped", "cache", "marks_not_carried");
    return block.text === "" ? [] : [{ text: block.text, ...(build.own ? block.ext?.gemini : {}) }];
  });
}

const tiers: Readonly<Record<string, string>> = {
  default: "standard",
  standard: "standard",
  standard_only: "standard",
  priority: "priority",
  flex: "flex",
};

/** Wishes that change nothing of what the answer says. */
function writeHints(request: ChatRequest, body: JsonObject, { notes, own }: Build): void {
  const { tier, metadata, store } = request;
  if (tier !== undefined && tier !== "auto") {
    const word = own ? tier.replace(/^default$/, "standard") : Object.hasOwn(tiers, tier) ? tiers[tier] : undefined;
    if (word === undefined) notes.add("dropped", "tier");
    else body.serviceTier = word;
  }
  if (own && metadata) body.labels = metadata;
  else if (metadata && Object.keys(metadata).length > 0) notes.add("dropped", "metadata");
  if (own && store !== undefined) body.store = store;
  else if (isKeptByNobody(request)) notes.add("dropped", "store");
  if (request.user !== undefined) notes.add("dropped", "user");
  if (request.verbosity !== undefined) notes.add("dropped", "verbosity");
  if (request.cache?.key !== undefined) notes.add("dropped", "cache.key");
  if (request.cache?.auto) notes.add("dropped", "cache.auto");
  for (const [origin, fields] of Object.entries(request.ext ?? {})) {
    if (origin === "gemini" && own) continue;
    for (const [key, value] of Object.entries(fields ?? {})) {
      if (key !== "web_search_options") tellField(notes, key, value);
    }
  }
}
