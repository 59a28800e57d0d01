/** The model's own turns on the way back to a provider: thinking, text, calls and server tool blocks, in order. */
import type { Item, ReasoningItem } from "../../model/chat.ts";
import type { JsonObject } from "../../model/json.ts";
import { isObject } from "../read.ts";
import { callInput } from "./arguments.ts";
import { type Build, buildBlock, withoutMark } from "./build-blocks.ts";
import type { Pair } from "./pairing.ts";
import { isMintedTrace } from "./traces.ts";

export function buildAssistant(item: Item, pair: Pair | undefined, build: Build): JsonObject[] {
  switch (item.type) {
    case "message":
      return item.blocks.flatMap((block) => {
        if (!build.own && (block.type === "media" || block.type === "search-result" || block.type === "opaque")) {
          build.notes.add("dropped", block.at ?? item.at ?? "items", "not_in_assistant_turn");
          return [];
        }
        return buildBlock(block, build);
      });
    case "reasoning":
      return thinkingBlocks(item, build);
    case "call": {
      const name = build.names.toWire(item.name, item.namespace);
      const keys = build.own ? undefined : build.names.keysOf(name);
      const { input, wrapped } = callInput(keys ? { ...item, args: keys.toWire(item.args) } : item);
      if (wrapped) build.notes.add("emulated", item.at ?? "items", "arguments_wrapped");
      const object: JsonObject = {
        type: "tool_use",
        id: pair?.wireId,
        name,
        input,
        ...(build.own && item.caller !== undefined ? { caller: item.caller } : {}),
        ...item.ext?.messages,
      };
      build.marks.add("messages", object, item.cache, item.at);
      return [object];
    }
    case "server-call":
    case "server-result":
    case "opaque": {
      if (item.origin === "messages" && isObject(item.json)) {
        if (isMintedTrace(item.json)) return [];
        const object = withoutMark(item.json);
        if (isObject(item.json.cache_control))
          build.marks.add("messages", object, markOf(item.json.cache_control), item.at);
        return [object];
      }
      build.notes.add("dropped", item.at ?? "items", "foreign_item");
      return [];
    }
    default:
      return [];
  }
}

export function markOf(control: JsonObject): { ttl?: "5m" | "1h" } {
  return control.ttl === "1h" || control.ttl === "5m" ? { ttl: control.ttl } : {};
}

/** Thinking goes back only with a seal that this target made, byte for byte; anything else is a certain refusal. */
function thinkingBlocks(item: ReasoningItem, build: Build): JsonObject[] {
  const seals = item.seals.filter(
    ({ origin, scope }) => origin === "messages" && (scope === undefined || scope === build.target.scope),
  );
  if (seals.length === 0) {
    if (item.text.length > 0 || item.seals.length > 0) {
      build.notes.add("dropped", item.at ?? "items", item.seals.length > 0 ? "foreign_seal" : "no_seal");
    }
    return [];
  }
  const blocks: JsonObject[] = [];
  const signature = seals.findLast(({ form }) => form !== "redacted");
  if (signature) {
    const thinking = item.text.map(({ text }) => text).join("\n\n");
    blocks.push({ type: "thinking", thinking, signature: signature.bytes, ...item.ext?.messages });
  }
  for (const { form, bytes } of seals) {
    if (form === "redacted") blocks.push({ type: "redacted_thinking", data: bytes, ...item.ext?.messages });
  }
  return blocks;
}
