/**
 * Canonical items to contents. The list is cut into the model's turns and what lies between them; the results of a
 * turn's calls always stand alone in the content that follows it, as many and in the order of the calls.
 */
import type { Block, CallItem, Item, ReasoningItem } from "../../model/chat.ts";
import type { JsonObject } from "../../model/json.ts";
import { isAssistant, isSystem } from "../history.ts";
import { invalid, isObject } from "../read.ts";
import { callArguments } from "./arguments.ts";
import type { Build, Content } from "./build.ts";
import { buildBlock, buildBlocks } from "./build-parts.ts";
import { buildResults } from "./build-results.ts";
import { pairCalls } from "./pairing.ts";
import { unsupported } from "./read.ts";
import { fillMissing, usableSeal } from "./signatures.ts";

/** Throws `invalid-request` for calls and results that do not pair, and for a history without content. */
export function buildContents(items: Item[], build: Build): JsonObject[] {
  const pairs = pairCalls(items, build.notes);
  const contents: Content[] = [];
  let at = 0;
  while (at < items.length) {
    const turn: Item[] = [];
    for (let item = items[at]; item && isAssistant(item); item = items[++at]) turn.push(item);
    const calls = turn.filter((item) => item.type === "call");
    if (turn.length > 0) contents.push(modelContent(turn, calls, build));
    const answered = calls.flatMap((call) => {
      const result = pairs.get(call);
      return result ? [{ call, result }] : [];
    });
    contents.push(...buildResults(answered, build, sendsIds(calls, build)));
    for (let item = items[at]; item && !isAssistant(item); item = items[++at]) {
      if (item.type !== "result") contents.push(userContent(item, build));
    }
  }
  const settled = merged(contents.filter(({ parts }) => parts.length > 0));
  if (settled.length === 0) throw invalid("items", "the conversation has no content.");
  fillMissing(settled, build);
  return userFirst(settled, build).map(({ role, parts }) => ({ role, parts }));
}

/** Some back ends refuse a history that the model begins. */
function userFirst(contents: Content[], build: Build): Content[] {
  const first = contents[0];
  if (build.own || first?.role !== "model") return contents;
  build.notes.add("emulated", first.at, "leading_user_inserted");
  return [{ role: "user", parts: [{ text: "." }], at: first.at }, ...contents];
}

function merged(contents: Content[]): Content[] {
  const out: Content[] = [];
  for (const content of contents) {
    const last = out.at(-1);
    const joins =
      last?.role === content.role && !isAnswered(last) && !isAnswered(content) && last.moved === content.moved;
    if (last && joins) out[out.length - 1] = { ...last, parts: [...last.parts, ...content.parts] };
    else out.push(content);
  }
  return out;
}

/** Nothing may stand beside function responses. */
function isAnswered({ parts }: Content): boolean {
  return parts.some((part) => part.functionResponse !== undefined);
}

/** Ids are optional and unknown to some back ends: they go to whom they came from. */
function sendsIds(calls: readonly CallItem[], build: Build): boolean {
  const isIssuer = calls.some(({ seals }) => usableSeal(seals, build.target) !== undefined);
  return build.own || (isIssuer && !calls.some(({ callId }) => /^call_[a-z2-7]{24,26}$/.test(callId)));
}

function modelContent(turn: Item[], calls: CallItem[], build: Build): Content {
  const ids = sendsIds(calls, build);
  const content: Content = { role: "model", parts: [], at: turn[0]?.at ?? "items" };
  for (const item of turn) {
    if (item.type === "call") {
      content.parts.push(buildCall(item, build, ids));
      const lost = item.seals !== undefined && usableSeal(item.seals, build.target) === undefined;
      if (lost) content.lost = true;
    } else content.parts.push(...spokenParts(item, build));
  }
  return content;
}

function spokenParts(item: Item, build: Build): JsonObject[] {
  noteName(item, build);
  if (item.type === "reasoning") return thoughtParts(item, build);
  if (item.type === "message") {
    return item.blocks.flatMap((block) => {
      const isForeign = !build.own && !isPortable(block);
      if (!isForeign) return buildBlock(block, build);
      build.notes.add("dropped", block.at ?? item.at ?? "items", "not_in_assistant_turn");
      return [];
    });
  }
  if (item.type === "call" || item.type === "result") return [];
  if (item.origin === "gemini" && isObject(item.json)) return [item.json];
  build.notes.add("dropped", item.at ?? "items", "foreign_item");
  return [];
}

/** What the model once said must never make its conversation unusable: what cannot go along is left out. */
function isPortable(block: Block): boolean {
  if (block.type === "search-result") return false;
  if (block.type === "opaque") return block.origin === "gemini";
  if (block.type !== "media") return true;
  const { source } = block;
  if (source.type === "url") return /^data:/i.test(source.url);
  return source.type !== "file" || source.origin === "gemini";
}

/** Thoughts go back with a signature that this target made; a Gemini client's own also without one. */
function thoughtParts(item: ReasoningItem, build: Build): JsonObject[] {
  const seal = usableSeal(item.seals, build.target);
  const text = item.text.map((part) => part.text).join("\n\n");
  const isKept = seal !== undefined || (build.own && item.seals.length === 0 && text !== "");
  if (!isKept) {
    // Thoughts that this provider gave without a signature are nothing that it wants back.
    const isOwn = item.seals.some(({ origin, scope }) => origin === "gemini" && scope === build.target.scope);
    const isLost = text !== "" || item.seals.some(({ bytes }) => bytes !== "");
    if (isLost && !isOwn) {
      build.notes.add("dropped", item.at ?? "items", item.seals.length > 0 ? "foreign_seal" : "no_seal");
    }
    return [];
  }
  const thought = item.text.length > 0 ? { thought: true } : {};
  return [{ text, ...thought, ...item.ext?.gemini, ...(seal === undefined ? {} : { thoughtSignature: seal }) }];
}

function buildCall(item: CallItem, build: Build, ids: boolean): JsonObject {
  const read = callArguments(item) ?? { args: { value: item.args }, wrapped: true };
  if (read.wrapped) build.notes.add("emulated", item.at ?? "items", "arguments_wrapped");
  if (item.cache) build.notes.add("dropped", "cache", "marks_not_carried");
  const seal = usableSeal(item.seals, build.target);
  const name = build.names.toWire(item.name, item.namespace);
  const id = ids ? { id: item.callId } : {};
  return {
    functionCall: { ...id, name, args: read.args },
    ...item.ext?.gemini,
    ...(seal === undefined ? {} : { thoughtSignature: seal }),
  };
}

function userContent(item: Item, build: Build): Content {
  const at = item.at ?? "items";
  if (item.type === "message") {
    noteName(item, build);
    const parts = buildBlocks(item.blocks, build);
    if (!isSystem(item)) return { role: "user", parts, at };
    if (parts.length > 0) build.notes.add("emulated", at, "system_as_user_text");
    return { role: "user", parts: parts.map(reminder), at };
  }
  if (item.type === "opaque" && item.origin === "gemini" && isObject(item.json)) {
    return { role: "user", parts: [item.json], at };
  }
  throw unsupported(at, "this kind of content cannot be sent to this provider.");
}

/** What a later system message says stays in its place: moving it to the front would change the prompt's head. */
function reminder(part: JsonObject): JsonObject {
  return typeof part.text === "string" ? { ...part, text: `<system-reminder>${part.text}</system-reminder>` } : part;
}

function noteName(item: Item, build: Build): void {
  if (item.type !== "message") return;
  if (item.name !== undefined) build.notes.add("dropped", `${item.at ?? "items"}.name`);
  if (item.phase !== undefined) build.notes.add("dropped", `${item.at ?? "items"}.phase`);
}
