/**
 * Canonical items to `system` and `messages`. The list is cut into the model's turns and what lies between them; the
 * results of a turn's calls always open what follows it, wherever the history had them.
 */
import type { CallItem, Item, ResultItem } from "../../model/chat.ts";
import { GatewayError } from "../../model/error.ts";
import type { JsonObject } from "../../model/json.ts";
import { isAssistant, isSystem } from "../history.ts";
import { isObject } from "../read.ts";
import { buildAssistant } from "./build-assistant.ts";
import { type Build, buildBlock, buildBlocks, withoutMark } from "./build-blocks.ts";
import { type Pair, pairCalls } from "./pairing.ts";

export interface Turn {
  role: "user" | "assistant" | "system";
  content: JsonObject[];
  at: string;
  /** No item asked for it: it was opened for words that might have followed. */
  filler?: boolean;
}

export function isBlank(block: JsonObject): boolean {
  return block.type === "text" && typeof block.text === "string" && block.text.trim() === "";
}

/** Turns in the API's grammar, but for their ends (settle in build-request). Throws `invalid-request`. */
export function buildTurns(items: Item[], build: Build): Turn[] {
  const pairs = pairCalls(items, build.notes);
  const turns: Turn[] = [];
  let at = 0;
  while (at < items.length) {
    const calls: CallItem[] = [];
    const spoken: JsonObject[] = [];
    const start = at;
    for (let item = items[at]; item && isAssistant(item); item = items[++at]) {
      noteName(item, build);
      const pair = item.type === "call" ? pairs.get(item) : undefined;
      spoken.push(...buildAssistant(item, pair, build));
      if (item.type === "call") calls.push(item);
    }
    if (at > start) turns.push({ role: "assistant", content: spoken, at: items[start]?.at ?? "items" });
    const between: Exclude<Item, ResultItem>[] = [];
    const after = at;
    for (let item = items[at]; item && !isAssistant(item); item = items[++at]) {
      if (item.type !== "result") between.push(item);
    }
    const results = orderedResults(calls, pairs, items);
    if (results.length > 0 || between.length > 0) {
      userTurns({ results, between, at: items[after]?.at ?? items[start]?.at ?? "items" }, build, turns);
    }
  }
  return turns;
}

interface Answered {
  result: ResultItem;
  wireId: string;
}

/** The results of these calls in the order in which the history has them. */
function orderedResults(calls: CallItem[], pairs: Map<CallItem, Pair>, items: Item[]): Answered[] {
  const answered = calls.flatMap((call) => pairs.get(call) ?? []);
  if (answered.length < 2) return answered;
  const wanted = new Map(answered.map((pair) => [pair.result as Item, pair]));
  return items.flatMap((item) => wanted.get(item) ?? []);
}

interface Between {
  results: Answered[];
  between: Item[];
  at: string;
}

function userTurns({ results, between, at }: Between, build: Build, turns: Turn[]): void {
  const content = results.map((entry) => resultBlock(entry, build));
  let turn: Turn = { role: "user", content, at, filler: content.length === 0 };
  turns.push(turn);
  for (const item of between) {
    noteName(item, build);
    if (item.type !== "message" || !isSystem(item)) {
      if (turn.filler) turn.at = item.at ?? at;
      turn.filler = false;
      turn.content.push(...userBlocks(item, build));
      continue;
    }
    const blocks = buildBlocks(item.blocks, build).filter((block) => !isBlank(block));
    if (blocks.length === 0) continue;
    const follows = turn.content.some((block) => !isBlank(block)) || (turn.filler && turns.at(-2)?.role === "system");
    if (build.target.can.midSystem && follows && blocks.every((block) => build.own || block.type === "text")) {
      if (turn.filler) turns.pop();
      turn = { role: "user", content: [], at, filler: true };
      turns.push({ role: "system", content: blocks, at: item.at ?? at }, turn);
      continue;
    }
    build.notes.add("emulated", item.at ?? "items", "system_as_user_text");
    turn.content.push(...blocks.map(reminder));
  }
}

/** Changes the block itself, because a cache mark may point at it. */
function reminder(block: JsonObject): JsonObject {
  if (block.type === "text") block.text = `<system-reminder>${block.text}</system-reminder>`;
  return block;
}

function userBlocks(item: Item, build: Build): JsonObject[] {
  if (item.type === "message") return item.blocks.flatMap((block) => buildBlock(block, build));
  if (item.type !== "opaque") return [];
  if (item.origin === "messages" && isObject(item.json)) return [withoutMark(item.json)];
  const param = item.at ?? "items";
  throw new GatewayError("unsupported", `${param}: this kind of content cannot be sent to this provider.`, { param });
}

function resultBlock({ result, wireId }: Answered, build: Build): JsonObject {
  const first = result.blocks[0];
  const isPlain = result.plain === true && result.blocks.length === 1 && first?.type === "text" && !first.cache;
  const blocks = isPlain ? [] : buildBlocks(result.blocks, build);
  const object: JsonObject = {
    type: "tool_result",
    tool_use_id: wireId,
    ...(isPlain && first.text !== "" ? { content: first.text } : {}),
    ...(blocks.length > 0 ? { content: blocks } : {}),
    ...(result.isError ? { is_error: true } : {}),
    ...result.ext?.messages,
  };
  build.marks.add("messages", object, result.cache, result.at);
  return object;
}

function noteName(item: Item, build: Build): void {
  if (item.type !== "message") return;
  if (item.name !== undefined) build.notes.add("dropped", `${item.at ?? "items"}.name`);
  if (item.phase !== undefined) build.notes.add("dropped", `${item.at ?? "items"}.phase`);
}
