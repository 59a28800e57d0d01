/** A client's Responses request as a canonical one. */
import type { ChatRequest, Effort, Item, OutputFormat, Reasoning, Sampling } from "../../model/chat.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Notes } from "../../model/note.ts";
import {
  invalid,
  optionalArray,
  optionalBoolean,
  optionalCount,
  optionalNumber,
  optionalObject,
  optionalString,
  requiredObject,
  requiredString,
  rest,
} from "../chat/wire.ts";
import type { Envelope } from "../protocol.ts";
import { previousMember } from "./continue.ts";
import { parseItem } from "./items.ts";
import { foundTools, parseToolChoice, parseTools } from "./request-tools.ts";
import { defined, ownExt } from "./wire.ts";

/** Top-level members that the canonical request holds whole; all others go to `ext`. */
const carried = new Set([
  ...["model", "input", "instructions", "max_output_tokens", "temperature", "top_p", "top_logprobs", "include"],
  ...["tools", "tool_choice", "parallel_tool_calls", "text", "reasoning", "metadata", "store", "stream"],
  ...["service_tier", "user", "prompt_cache_key", "background"],
]);

export const encryptedInclude = "reasoning.encrypted_content";
export const logprobsInclude = "message.output_text.logprobs";

const efforts: ReadonlySet<string> = new Set(["none", "minimal", "low", "medium", "high", "xhigh", "max"]);

export function openRequest(body: JsonObject): Envelope {
  const model = requiredString(body, "model");
  const { input } = body;
  const elsewhere = ["previous_response_id", "conversation", "prompt"].some((key) => body[key] != null);
  const isEmpty = input === undefined || input === null || input === "" || (Array.isArray(input) && input.length === 0);
  if (isEmpty && !elsewhere) throw invalid("input", "input is required and must not be empty.");
  if (!isEmpty && typeof input !== "string" && !Array.isArray(input)) {
    throw invalid("input", "input must be a string or an array of items.");
  }
  const stream = optionalBoolean(body, "stream") ?? false;
  const previous = optionalString(body, previousMember);
  if (previous !== undefined && body.conversation != null) {
    throw invalid(previousMember, "previous_response_id and conversation cannot be used together.");
  }
  const background = optionalBoolean(body, "background") ?? false;
  if (background && body.store === false) {
    throw invalid("background", "background needs store: nobody could come back for the answer.");
  }
  return {
    ...{ model, stream },
    ...(body.store === false ? {} : { keeps: true }),
    ...(background ? { background } : {}),
    ...defined("previous", previous),
  };
}

export function parseRequest(body: JsonObject, notes: Notes): ChatRequest {
  const { model, stream: isStreamed, background } = openRequest(body);
  if (background) notes.add("emulated", "background", "kept_by_plexus");
  const stream = isStreamed && !background;
  const instructions = optionalString(body, "instructions") ?? "";
  const { own, ...choice } = parseToolChoice(body);
  const items = parseInput(body);
  const tools = parseTools(body);
  const text = parseText(body);
  const reasoning = parseReasoning(body);
  const include = parseInclude(body);
  const ext: JsonObject = {
    ...rest(body, carried),
    ...defined("tool_choice", own),
    ...defined("text", text.own),
    ...defined("reasoning", reasoning.own),
    ...defined("include", include.own),
  };
  const key = optionalString(body, "prompt_cache_key");
  const user = optionalString(body, "user") ?? optionalString(body, "safety_identifier");
  const top = optionalNumber(body, "top_logprobs");
  const want = include.logprobs || (top !== undefined && top > 0);
  return {
    protocol: "responses",
    model,
    instructions: instructions === "" ? [] : [{ type: "text", text: instructions, at: "instructions" }],
    items,
    tools: [...tools, ...foundTools(items, tools)],
    ...choice,
    ...defined("parallel", optionalBoolean(body, "parallel_tool_calls")),
    sampling: parseSampling(body),
    ...defined("reasoning", reasoning.reasoning),
    ...defined("format", text.format),
    ...defined("verbosity", text.verbosity),
    ...(want || top !== undefined ? { logprobs: { want, ...defined("top", top) } } : {}),
    ...(include.sealed ? { sealed: true } : {}),
    ...(key === undefined ? {} : { cache: { key } }),
    ...defined("tier", optionalString(body, "service_tier")),
    ...defined("user", user),
    ...defined("metadata", optionalObject(body, "metadata")),
    ...defined("store", optionalBoolean(body, "store")),
    stream,
    ...ownExt(ext),
  };
}

function parseInput(body: JsonObject): Item[] {
  const { input } = body;
  if (typeof input === "string") {
    if (input === "") return [];
    return [{ type: "message", role: "user", at: "input", blocks: [{ type: "text", text: input, at: "input" }] }];
  }
  return (optionalArray(body, "input") ?? []).map((json, index) => {
    const path = `input.${index}`;
    return parseItem(requiredObject(json, path), { path, keep: true });
  });
}

function parseSampling(body: JsonObject): Sampling {
  return {
    ...defined("temperature", optionalNumber(body, "temperature")),
    ...defined("topP", optionalNumber(body, "top_p")),
    ...defined("maxTokens", optionalCount(body, "max_output_tokens", 1)),
  };
}

/** What the client wants included; `own` beyond log probabilities and sealed reasoning. */
function parseInclude(body: JsonObject): { logprobs: boolean; sealed: boolean; own?: JsonObject[string] } {
  const list = (optionalArray(body, "include") ?? []).map((one, index) => {
    if (typeof one !== "string") throw invalid(`include.${index}`, `include.${index} must be a string.`);
    return one;
  });
  const others = list.filter((one) => one !== logprobsInclude && one !== encryptedInclude);
  return {
    logprobs: list.includes(logprobsInclude),
    sealed: list.includes(encryptedInclude),
    ...(others.length === 0 ? {} : { own: others }),
  };
}

interface Text {
  format?: OutputFormat;
  verbosity?: string;
  own?: JsonObject;
}

function parseText(body: JsonObject): Text {
  const text = optionalObject(body, "text");
  if (!text) return {};
  return {
    ...defined("format", parseFormat(text)),
    ...defined("verbosity", optionalString(text, "verbosity", "text.verbosity")),
    ...defined("own", rest(text, new Set(["format", "verbosity"]))),
  };
}

function parseFormat(text: JsonObject): OutputFormat | undefined {
  const format = optionalObject(text, "format", "text.format");
  if (!format) return undefined;
  const at = "text.format";
  const type = requiredString(format, "type", `${at}.type`);
  if (type === "text") return { kind: "text" };
  if (type === "json_object") return { kind: "json" };
  if (type !== "json_schema") throw invalid(`${at}.type`, `${at}.type must be text, json_object or json_schema.`);
  return {
    kind: "schema",
    ...defined("name", optionalString(format, "name", `${at}.name`)),
    ...defined("description", optionalString(format, "description", `${at}.description`)),
    ...defined("schema", optionalObject(format, "schema", `${at}.schema`)),
    ...defined("strict", optionalBoolean(format, "strict", `${at}.strict`)),
  };
}

function parseReasoning(body: JsonObject): { reasoning?: Reasoning; own?: JsonObject } {
  const json = optionalObject(body, "reasoning");
  if (!json) return {};
  const effort = optionalString(json, "effort", "reasoning.effort");
  if (effort !== undefined && !efforts.has(effort)) {
    throw invalid("reasoning.effort", `reasoning.effort must be one of ${[...efforts].join(", ")}.`);
  }
  const reasoning: Reasoning = {
    ...defined("effort", effort as Effort | undefined),
    ...defined("summary", optionalString(json, "summary", "reasoning.summary")),
  };
  return {
    ...(Object.keys(reasoning).length === 0 ? {} : { reasoning }),
    ...defined("own", rest(json, new Set(["effort", "summary"]))),
  };
}
