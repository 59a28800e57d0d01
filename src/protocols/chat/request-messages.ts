/** The client's messages as items. */
import type { CallItem, Item, MessageItem, ResultItem } from "../../model/chat.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { derivedId } from "../ids.ts";
import { type Placed, parseReasoning } from "./reasoning.ts";
import { objects, parseContent } from "./request-parts.ts";
import {
  chatExt,
  invalid,
  isObject,
  optionalObject,
  optionalString,
  requiredObject,
  requiredString,
  rest,
} from "./wire.ts";

/** First line of a tool message whose tool failed: the protocol has no field for it. */
export const errorLine = "[tool error]";

const plainKeys = new Set(["role", "content", "name"]);
const assistantKeys = new Set([
  ...plainKeys,
  ...["refusal", "tool_calls", "function_call", "reasoning", "reasoning_content", "reasoning_details"],
]);
const toolKeys = new Set(["role", "content", "name", "tool_call_id"]);
const callKeys = new Set(["id", "index", "type", "function", "custom", "extra_content"]);

export function parseMessages(messages: Json[]): Item[] {
  const items: Item[] = [];
  messages.forEach((json, index) => {
    const at = `messages.${index}`;
    items.push(...parseMessage(requiredObject(json, at), at, items));
  });
  return items;
}

function parseMessage(message: JsonObject, at: string, before: Item[]): Item[] {
  const role = requiredString(message, "role", `${at}.role`);
  switch (role) {
    case "system":
    case "developer":
    case "user": {
      const blocks = parseContent(message.content, `${at}.content`);
      return [{ type: "message", role, blocks, ...named(message, at), at, ...chatExt(rest(message, plainKeys)) }];
    }
    case "assistant":
      return parseAssistant(message, at);
    case "tool":
      return [parseResult(message, at, requiredString(message, "tool_call_id", `${at}.tool_call_id`))];
    case "function":
      return [parseResult(message, at, legacyCallId(requiredString(message, "name", `${at}.name`), at, before))];
    default:
      throw invalid(
        `${at}.role`,
        `${at}.role must be system, developer, user, assistant or tool, not ${JSON.stringify(role.slice(0, 60))}.`,
      );
  }
}

function named(message: JsonObject, at: string): { name?: string } {
  const name = optionalString(message, "name", `${at}.name`);
  return name === undefined ? {} : { name };
}

function parseAssistant(message: JsonObject, at: string): Item[] {
  const blocks = parseContent(message.content, `${at}.content`);
  const refusal = optionalString(message, "refusal", `${at}.refusal`);
  if (refusal !== undefined && refusal !== "") blocks.push({ type: "refusal", text: refusal, at: `${at}.refusal` });
  const calls = parseCalls(message, at);
  const ext = rest(message, assistantKeys);
  const reasoning = parseReasoning(message, at);
  const items: Item[] = reasoning.map(({ item }) => item);
  const silent = blocks.length === 0 && ext === undefined && message.name === undefined;
  if (silent && (calls.length > 0 || items.length > 0)) return [...items, ...calls];
  const said: MessageItem = { type: "message", role: "assistant", blocks, ...named(message, at), at, ...chatExt(ext) };
  return [...woven(said, reasoning), ...calls];
}

/** The text cut where reasoning stood inside it or behind it; the last piece has all else of the message. */
function woven(said: MessageItem, reasoning: Placed[]): Item[] {
  const items: Item[] = [];
  const [first, ...others] = said.blocks;
  const letters = first?.type === "text" && reasoning.some(({ behind }) => behind > 0) ? [...first.text] : [];
  let from = 0;
  for (const { item, behind } of reasoning) {
    const to = Math.max(from, Math.min(behind, letters.length));
    if (to > from && first?.type === "text") {
      const { ext: _ext, name: _name, ...bare } = said;
      const { cache: _cache, ...piece } = first;
      items.push({ ...bare, blocks: [{ ...piece, text: letters.slice(from, to).join("") }] });
      from = to;
    }
    items.push(item);
  }
  if (from === 0) return [...items, said];
  const left = letters.slice(from).join("");
  const blocks = left !== "" && first?.type === "text" ? [{ ...first, text: left }, ...others] : others;
  return blocks.length === 0 && !said.ext && said.name === undefined ? items : [...items, { ...said, blocks }];
}

function parseCalls(message: JsonObject, at: string): CallItem[] {
  const calls = objects(message, "tool_calls", `${at}.tool_calls`).map((call, index) =>
    parseCall(call, `${at}.tool_calls.${index}`),
  );
  const legacy = optionalObject(message, "function_call", `${at}.function_call`);
  // Some servers fill the legacy member with empty strings, which clients send back.
  if (!legacy || (legacy.name === "" && !legacy.arguments)) return calls;
  const path = `${at}.function_call`;
  const name = requiredString(legacy, "name", `${path}.name`);
  const args = optionalString(legacy, "arguments", `${path}.arguments`) ?? "";
  return [...calls, { type: "call", kind: "function", callId: derivedId(at, 0, calls.length), name, args, at: path }];
}

function parseCall(call: JsonObject, at: string): CallItem {
  const callId = requiredString(call, "id", `${at}.id`);
  const type = optionalString(call, "type", `${at}.type`) ?? (isObject(call.custom) ? "custom" : "function");
  if (type !== "function" && type !== "custom") throw invalid(`${at}.type`, `${at}.type must be function or custom.`);
  const body = requiredObject(call[type], `${at}.${type}`);
  const name = requiredString(body, "name", `${at}.${type}.name`);
  const thought = thoughtOf(call);
  return {
    type: "call",
    kind: type,
    callId,
    name,
    args: type === "custom" ? (optionalString(body, "input", `${at}.custom.input`) ?? "") : argumentsOf(body, at),
    at,
    ...(thought === undefined ? {} : { seals: [{ origin: "chat", form: "thought", bytes: thought }] }),
    ...chatExt(rest(call, callKeys)),
  };
}

/** The arguments' text; some clients send the object itself. */
function argumentsOf(body: JsonObject, at: string): string {
  const value = body.arguments;
  if (isObject(value)) return JSON.stringify(value);
  return optionalString(body, "arguments", `${at}.function.arguments`) ?? "";
}

/** Google's signature of a call, in the place where its OpenAI endpoint puts it. */
export function thoughtOf(call: JsonObject): string | undefined {
  const google = isObject(call.extra_content) ? call.extra_content.google : undefined;
  const signature = isObject(google) ? google.thought_signature : undefined;
  return typeof signature === "string" && signature !== "" ? signature : undefined;
}

function parseResult(message: JsonObject, at: string, callId: string): ResultItem {
  const blocks = parseContent(message.content, `${at}.content`);
  const first = blocks[0];
  let isError = false;
  if (first?.type === "text" && (first.text === errorLine || first.text.startsWith(`${errorLine}\n`))) {
    isError = true;
    const text = first.text.slice(errorLine.length + 1);
    if (text === "" && blocks.length === 1) blocks.shift();
    else blocks[0] = { ...first, text };
  }
  return {
    type: "result",
    kind: "function",
    callId,
    ...named(message, at),
    blocks,
    isError,
    ...(typeof message.content === "string" ? { plain: true } : {}),
    at,
    ...chatExt(rest(message, toolKeys)),
  };
}

/** The id of the last legacy call of that name: the legacy form pairs by name. */
function legacyCallId(name: string, at: string, before: Item[]): string {
  const call = before.findLast((item) => item.type === "call" && item.name === name);
  return call?.type === "call" ? call.callId : derivedId(`${at}.${name}`, 0, 0);
}
