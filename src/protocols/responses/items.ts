/** Items of a request's input and of an answer's output, as canonical items. */
import type { Block, CallItem, Item, MessageItem, ReasoningItem, ResultItem, Seal } from "../../model/chat.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { errorLine } from "../chat/request-messages.ts";
import { invalid, isObject, optionalArray, optionalString, requiredString, rest, stringOf } from "../chat/wire.ts";
import { parseDrawn } from "./drawn.ts";
import { parseContent } from "./parts.ts";
import { atOf, defined, inside, ownExt, type Where } from "./wire.ts";

type CallKind = CallItem["kind"];

export const callTypes: Readonly<Record<string, CallKind>> = {
  function_call: "function",
  custom_tool_call: "custom",
  local_shell_call: "local_shell",
  shell_call: "shell",
  apply_patch_call: "apply_patch",
};

const resultTypes: Readonly<Record<string, CallKind>> = {
  function_call_output: "function",
  custom_tool_call_output: "custom",
  local_shell_call_output: "local_shell",
  shell_call_output: "shell",
  apply_patch_call_output: "apply_patch",
};

/** The member that holds what the call is about. */
export const bodyKeys: Readonly<Record<CallKind, string>> = {
  function: "arguments",
  custom: "input",
  local_shell: "action",
  shell: "action",
  apply_patch: "operation",
};

const serverCalls = new Set(["web_search_call", "file_search_call", "code_interpreter_call", "image_generation_call"]);

function kindIn(table: Readonly<Record<string, CallKind>>, type: string): CallKind | undefined {
  return Object.hasOwn(table, type) ? table[type] : undefined;
}

/** Throws `invalid-request` that names the member. */
export function parseItem(json: JsonObject, where: Where): Item {
  const type = optionalString(json, "type", `${where.path}.type`) ?? (json.role === undefined ? "" : "message");
  if (type === "") throw invalid(`${where.path}.type`, `${where.path}.type is required.`);
  if (type === "message") return parseMessage(json, where);
  if (type === "reasoning") return parseReasoning(json, where);
  // What a provider ran in its own container, and told in its answer, is no call for the client.
  const isHosted = !where.keep && (type === "shell_call_output" || (type === "shell_call" && isContained(json)));
  if (isHosted) return { type: "opaque", origin: "responses", json };
  const call = kindIn(callTypes, type);
  if (call) return parseCall(json, call, where);
  const result = kindIn(resultTypes, type);
  if (result) return parseResult(json, result, where);
  const drawn = parseDrawn(json);
  if (drawn) {
    const source = { type: "bytes" as const, data: drawn.data };
    const block = { type: "media" as const, kind: "image" as const, mime: drawn.mime, source, ...atOf(where) };
    return { type: "message", role: "assistant", ...atOf(where), blocks: [block] };
  }
  if (serverCalls.has(type)) {
    const input = json.action ?? json.queries ?? json.code ?? null;
    const callId = stringOf(json.id) ?? "";
    return {
      type: "server-call",
      ...atOf(where),
      tool: type.slice(0, -"_call".length),
      callId,
      input,
      origin: "responses",
      json,
    };
  }
  return { type: "opaque", ...atOf(where), origin: "responses", json };
}

function isContained(json: JsonObject): boolean {
  return isObject(json.environment) && String(json.environment.type).startsWith("container");
}

const messageKeys = new Set(["type", "role", "content", "id", "phase", "status"]);

function parseMessage(json: JsonObject, where: Where): MessageItem {
  const { role } = json;
  if (role !== "system" && role !== "developer" && role !== "user" && role !== "assistant") {
    throw invalid(`${where.path}.role`, `${where.path}.role must be user, assistant, system or developer.`);
  }
  return {
    type: "message",
    role,
    ...atOf(where),
    blocks: parseContent(json.content, inside(where, "content")),
    ...defined("id", stringOf(json.id)),
    ...defined("phase", stringOf(json.phase)),
    ...ownExt(rest(json, messageKeys)),
  };
}

const reasoningKeys = new Set(["type", "id", "summary", "content", "encrypted_content", "status"]);
/** Envelopes that Plexus made for several seals of one item stand side by side. */
const envelopes = /^R1dTM[A-Za-z0-9+/=]+(?:\.R1dTM[A-Za-z0-9+/=]+)+$/;

function parseReasoning(json: JsonObject, where: Where): ReasoningItem {
  const encrypted = optionalString(json, "encrypted_content", `${where.path}.encrypted_content`) ?? "";
  const text = [
    ...reasoningTexts(json, "summary", where).map((one) => ({ kind: "summary" as const, text: one })),
    ...reasoningTexts(json, "content", where).map((one) => ({ kind: "raw" as const, text: one })),
  ];
  return {
    type: "reasoning",
    ...atOf(where),
    text,
    seals: sealsOf(encrypted),
    ...defined("itemId", stringOf(json.id)),
    ...ownExt(rest(json, reasoningKeys)),
  };
}

export function sealsOf(encrypted: string): Seal[] {
  if (encrypted === "") return [];
  const all = envelopes.test(encrypted) ? encrypted.split(".") : [encrypted];
  return all.map((bytes) => ({ origin: "responses", form: "encrypted", bytes }));
}

export function encryptedOf(seals: Seal[]): { encrypted_content?: string } {
  const bytes = seals.map((seal) => seal.bytes).filter((one) => one !== "");
  return bytes.length === 0 ? {} : { encrypted_content: bytes.join(".") };
}

function reasoningTexts(json: JsonObject, key: string, where: Where): string[] {
  const list = optionalArray(json, key, `${where.path}.${key}`) ?? [];
  return list.flatMap((part) => (isObject(part) && typeof part.text === "string" ? [part.text] : []));
}

const callKeys = new Set(["type", "id", "call_id", "name", "namespace", "caller", "status"]);

function parseCall(json: JsonObject, kind: CallKind, where: Where): CallItem {
  const body = bodyKeys[kind];
  const known = new Set([...callKeys, body]);
  const isNamed = kind === "function" || kind === "custom";
  return {
    type: "call",
    kind,
    ...atOf(where),
    callId: callIdOf(json, where),
    ...defined("itemId", stringOf(json.id)),
    name: isNamed ? requiredString(json, "name", `${where.path}.name`) : kind,
    ...defined("namespace", stringOf(json.namespace)),
    args: textOf(json[body], inside(where, body)),
    ...(json.status === "incomplete" ? { incomplete: true } : {}),
    ...(isObject(json.caller) ? { caller: json.caller } : {}),
    ...ownExt(rest(json, known)),
  };
}

/** Old shell items have their `id` alone. */
function callIdOf(json: JsonObject, where: Where): string {
  if (json.call_id === undefined && stringOf(json.id) !== undefined) return stringOf(json.id) as string;
  return requiredString(json, "call_id", `${where.path}.call_id`);
}

/** Text as it is; what is structured becomes JSON text. */
function textOf(value: Json | undefined, where: Where): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  if (isObject(value)) return JSON.stringify(value);
  throw invalid(where.path, `${where.path} must be a string.`);
}

const resultKeys = new Set(["type", "id", "call_id", "output", "status"]);

function parseResult(json: JsonObject, kind: CallKind, where: Where): ResultItem {
  const output = inside(where, "output");
  const isTyped = kind === "shell";
  const plain = typeof json.output === "string" || isTyped || isObject(json.output);
  const read = isTyped ? shellText(json.output) : isObject(json.output) ? JSON.stringify(json.output) : json.output;
  const { blocks, isError } = splitError(parseContent(read, output));
  const known = isTyped ? new Set([...resultKeys].filter((key) => key !== "output")) : resultKeys;
  return {
    type: "result",
    kind,
    ...atOf(where),
    callId: callIdOf(json, where),
    ...defined("itemId", json.call_id === undefined ? undefined : stringOf(json.id)),
    blocks,
    isError: isError || (kind === "apply_patch" && json.status === "failed"),
    ...(plain ? { plain: true } : {}),
    ...ownExt(rest(json, known)),
  };
}

/** Output of shell commands as one text; its parts are kept beside it for providers of this protocol. */
function shellText(output: Json | undefined): string {
  const list = Array.isArray(output) ? output.filter(isObject) : [];
  const texts = list.map((one) => [one.stdout, one.stderr, endOf(one.outcome)].filter((text) => isSaid(text)));
  return texts.flat().join("\n");
}

function isSaid(text: Json | undefined): text is string {
  return typeof text === "string" && text !== "";
}

/** How a command ended, unless well. */
function endOf(outcome: Json | undefined): string {
  if (!isObject(outcome)) return "";
  if (outcome.type === "timeout") return "[timed out]";
  return outcome.exit_code === 0 || outcome.exit_code === undefined ? "" : `[exit code ${outcome.exit_code}]`;
}

/** A first line that says so marks the result of a tool that failed: the protocol has no field for it. */
function splitError(blocks: Block[]): { blocks: Block[]; isError: boolean } {
  const first = blocks[0];
  if (first?.type !== "text" || (first.text !== errorLine && !first.text.startsWith(`${errorLine}\n`))) {
    return { blocks, isError: false };
  }
  const text = first.text.slice(errorLine.length + 1);
  const others = blocks.slice(1);
  return { blocks: text === "" && others.length === 0 ? [] : [{ ...first, text }, ...others], isError: true };
}
