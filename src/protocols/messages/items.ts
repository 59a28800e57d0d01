/** The content list of one wire message to canonical items: history turns and whole answers alike. */
import type { CallItem, Item, MessageItem, ReasoningItem, ResultItem } from "../../model/chat.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { invalid, isObject, optional, readFlag, readList, readName, readText } from "../read.ts";
import { atOf, inside, type Place, parseBlock, parseMark, parseNested } from "./blocks.ts";
import { extOf, readObject } from "./read.ts";

export type Role = "user" | "assistant";

/** Adjacent text and media form one message item; every other block is an item of its own. Throws `invalid-request`. */
export function parseContent(content: Json[], role: Role, place: Place): Item[] {
  const items: Item[] = [];
  let message: MessageItem | undefined;
  content.forEach((entry, index) => {
    const at = inside(place, index);
    const json = readObject(entry, at.path);
    readName(json.type, `${at.path}.type`);
    const block = parseBlock(json, at);
    if (!block) {
      message = undefined;
      items.push(parseItem(json, role, at));
      return;
    }
    if (!message) {
      message = { type: "message", role, ...atOf(at), blocks: [] };
      items.push(message);
    }
    message.blocks.push(block);
  });
  return items;
}

/** A block that is no text or media. Unknown types, and known ones on the wrong side, stay as they are. */
export function parseItem(json: JsonObject, role: Role, place: Place): Item {
  const type = json.type as string;
  if (role === "user") return type === "tool_result" ? parseResult(json, place) : opaqueItem(json, role, place);
  if (type === "thinking") return parseThinking(json, place);
  if (type === "redacted_thinking") return parseRedacted(json, place);
  if (type === "tool_use") return parseCall(json, place);
  if (isServerCall(type)) return parseServerCall(json, place);
  if (isServerResult(type)) return parseServerResult(json, place);
  return opaqueItem(json, role, place);
}

function opaqueItem(json: JsonObject, role: Role, place: Place): Item {
  return { type: "opaque", ...atOf(place), origin: "messages", role, json };
}

const thinkingKeys = new Set(["type", "thinking", "signature"]);

function parseThinking(json: JsonObject, place: Place): ReasoningItem {
  const text = readText(json.thinking, `${place.path}.thinking`);
  const signature = optional(json.signature, `${place.path}.signature`, readText);
  return {
    type: "reasoning",
    ...atOf(place),
    text: text === "" ? [] : [{ kind: "raw", text }],
    seals: signature ? [{ origin: "messages", form: "signature", bytes: signature }] : [],
    ...extOf(json, thinkingKeys),
  };
}

const redactedKeys = new Set(["type", "data"]);

function parseRedacted(json: JsonObject, place: Place): ReasoningItem {
  const bytes = readText(json.data, `${place.path}.data`);
  return {
    type: "reasoning",
    ...atOf(place),
    text: [],
    seals: [{ origin: "messages", form: "redacted", bytes }],
    redacted: true,
    ...extOf(json, redactedKeys),
  };
}

const callKeys = new Set(["type", "id", "name", "input", "caller", "cache_control"]);

function parseCall(json: JsonObject, place: Place): CallItem {
  const input = readObject(json.input, `${place.path}.input`);
  return { ...callHead(json, place), args: JSON.stringify(input) };
}

/** A call as `content_block_start` shows it: everything but the arguments. */
export function callHead(json: JsonObject, place: Place): CallItem {
  return {
    type: "call",
    kind: "function",
    ...atOf(place),
    callId: readName(json.id, `${place.path}.id`),
    name: readName(json.name, `${place.path}.name`),
    args: "",
    ...(isObject(json.caller) ? { caller: json.caller } : {}),
    ...parseMark(json.cache_control, `${place.path}.cache_control`),
    ...extOf(json, callKeys),
  };
}

const resultKeys = new Set(["type", "tool_use_id", "content", "is_error", "cache_control"]);

function parseResult(json: JsonObject, place: Place): ResultItem {
  const at = inside(place, "content");
  const plain = typeof json.content === "string";
  return {
    type: "result",
    kind: "function",
    ...atOf(place),
    callId: readName(json.tool_use_id, `${place.path}.tool_use_id`),
    blocks: plain
      ? [{ type: "text", ...atOf(at), text: json.content as string }]
      : (optional(json.content, at.path, (value) => parseNested(value, at)) ?? []),
    isError: optional(json.is_error, `${place.path}.is_error`, readFlag) ?? false,
    ...(plain ? { plain: true } : {}),
    ...parseMark(json.cache_control, `${place.path}.cache_control`),
    ...extOf(json, resultKeys),
  };
}

export function isServerCall(type: string): boolean {
  return type === "server_tool_use" || type === "mcp_tool_use";
}

export function isServerResult(type: string): boolean {
  return type.endsWith("_tool_result");
}

function parseServerCall(json: JsonObject, place: Place): Item {
  return {
    type: "server-call",
    ...atOf(place),
    tool: readName(json.name, `${place.path}.name`),
    callId: readName(json.id, `${place.path}.id`),
    input: json.input ?? {},
    origin: "messages",
    json,
  };
}

function parseServerResult(json: JsonObject, place: Place): Item {
  return {
    type: "server-result",
    ...atOf(place),
    tool: (json.type as string).slice(0, -"_tool_result".length),
    callId: readName(json.tool_use_id, `${place.path}.tool_use_id`),
    origin: "messages",
    json,
  };
}

const messageKeys = new Set(["role", "content"]);

/** A message of the list: its role and its content, a string or blocks. */
export function parseMessage(value: unknown, place: Place): Item[] {
  const message = readObject(value, place.path);
  const content = inside(place, "content");
  const { role } = message;
  if (role !== "user" && role !== "assistant" && role !== "system") {
    throw invalid(`${place.path}.role`, 'must be "user", "assistant" or "system"');
  }
  const list = typeof message.content === "string" ? undefined : readList(message.content, content.path);
  if (!list) {
    const text = message.content as string;
    return [
      {
        ...{ type: "message", role, ...atOf(place), ...extOf(message, messageKeys) },
        blocks: text === "" ? [] : [{ type: "text", ...atOf(content), text }],
      },
    ];
  }
  if (role === "system") {
    const more = extOf(message, messageKeys);
    return [{ type: "message", role, ...atOf(place), ...more, blocks: parseNested(list, content) }];
  }
  if (list.length === 0) return [{ type: "message", role, ...atOf(place), blocks: [] }];
  return parseContent(list, role, content);
}
