/** Tells of the members of items, blocks and tools that only the client's own protocol knows, towards another one. */
import type { Block, ChatRequest, Ext, Item, MediaBlock } from "../model/chat.ts";
import type { Json } from "../model/json.ts";
import type { Notes } from "../model/note.ts";
import { isAbsent, isObject } from "./read.ts";

/** Members that are read where they stand: what they hold is found in the canonical request as well. */
const readElsewhere: Readonly<Record<string, ReadonlySet<string>>> = {
  chat: new Set(["cache_control", "prompt_cache_breakpoint", "extra_content"]),
  responses: new Set(["prompt_cache_breakpoint", "output", "status", "id", "created_by"]),
  gemini: new Set(["response", "thought", "thoughtSignature"]),
};

/** Top-level members whose own members are told one by one. */
const parted = new Set(["reasoning", "text", "generationConfig", "toolConfig", "stream_options", "output_config"]);

/** `own` is the protocol that is built for. */
export function tellForeign(request: ChatRequest, own: string, notes: Notes): void {
  if (request.protocol === own) return;
  const teller = new Teller(own, notes);
  request.instructions.forEach((block) => {
    teller.block(block);
  });
  request.items.forEach((item) => {
    teller.item(item);
  });
  request.tools.forEach((tool, index) => {
    const at = tool.at ?? `tools.${index}`;
    teller.members(at, tool.ext);
    // A typed tool that goes as a function: its own settings have no place there.
    if (tool.kind !== "server" && tool.json && tool.origin !== own) {
      for (const key of Object.keys(tool.json)) if (key !== "type") notes.add("dropped", `${at}.${key}`);
    }
  });
  teller.members("thinking", request.reasoning?.ext);
  const { summary, display } = request.reasoning ?? {};
  const isShade = summary === "concise" || summary === "detailed";
  if (isShade || (summary && own === "chat")) notes.add("dropped", "reasoning.summary");
  if (display && own === "chat" && request.protocol === "messages") notes.add("dropped", "thinking.display");
}

/** A top-level member that is left out. */
export function tellField(notes: Notes, key: string, value: Json | undefined): void {
  if (isAbsent(value) || (key === "background" && value === false)) return;
  if (!parted.has(key) || !isObject(value)) notes.add("dropped", key);
  else for (const inner of Object.keys(value)) notes.add("dropped", `${key}.${inner}`);
}

class Teller {
  constructor(
    private readonly own: string,
    private readonly notes: Notes,
  ) {}

  item(item: Item): void {
    const at = item.at ?? "items";
    this.members(at, item.ext);
    if (item.type === "call" && isObject(item.caller) && item.caller.type !== "direct") {
      this.notes.add("dropped", `${at}.caller`);
    }
    if (item.type === "message" && item.phase !== undefined) this.notes.add("dropped", `${at}.phase`);
    if ("blocks" in item) for (const block of item.blocks) this.block(block);
  }

  block(block: Block): void {
    const at = block.at ?? "items";
    this.members(at, block.ext);
    if (block.cache && this.own === "gemini") this.notes.add("dropped", "cache", "marks_not_carried");
    if (block.type === "media") this.media(block, at);
    if (block.type !== "search-result") return;
    if (this.own === "messages") return;
    if (block.citations) this.notes.add("dropped", `${at}.citations`);
    // There it becomes text, without places for marks.
    if (block.content.some((inner) => inner.cache)) this.notes.add("dropped", "cache", "marks_not_carried");
  }

  private media(block: MediaBlock, at: string): void {
    const isText = block.source.type === "text" || block.source.type === "blocks";
    const hasName = this.own === "gemini" ? isText : block.kind === "document";
    if (block.name !== undefined && !hasName) this.notes.add("dropped", `${at}.name`);
    if (block.detail !== undefined && block.kind === "document") this.notes.add("dropped", `${at}.detail`);
    if (block.source.type === "blocks") for (const inner of block.source.blocks) this.block(inner);
  }

  members(at: string, ext: Ext | undefined): void {
    if (!ext) return;
    for (const [origin, fields] of Object.entries(ext)) {
      if (origin === this.own) continue;
      for (const [key, value] of Object.entries(fields ?? {})) {
        // The mark was made of it; it lasts as long as marks do there.
        if (
          key === "prompt_cache_breakpoint" &&
          this.own === "messages" &&
          isObject(value) &&
          value.ttl !== undefined
        ) {
          this.notes.add("clamped", "cache", "ttl_5m");
        }
        if (isAbsent(value) || isEmpty(value) || readElsewhere[origin]?.has(key)) continue;
        if (key === "namespace" && isObject(value)) {
          // A namespace is no more than a part of names there.
          for (const inner of Object.keys(value)) {
            this.notes.add("dropped", `${at.replace(/\.tools\.\d+$/, "")}.${inner}`);
          }
          continue;
        }
        // The nesting of a declaration is kept in the name.
        if (key === "function" && isObject(value))
          for (const inner of Object.keys(value)) this.notes.add("dropped", `${at}.function.${inner}`);
        else this.notes.add("dropped", `${at}.${key}`);
      }
    }
  }
}

function isEmpty(value: Json | undefined): boolean {
  return value === "" || (Array.isArray(value) && value.length === 0);
}
