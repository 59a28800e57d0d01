/** Blocks as content parts. */
import type { Block, CacheMark, MediaBlock, SearchResultBlock, TextBlock } from "../../model/chat.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import type { Notes } from "../../model/note.ts";
import { unsupported } from "./wire.ts";

export interface PartContext {
  /** The protocol that the client speaks. */
  from: string;
  notes: Notes;
  /** The provider honours `cache_control` on parts. */
  marks: boolean;
}

/** A message's content: "" without blocks, a string for one plain text, else parts. */
export function buildContent(blocks: Block[], context: PartContext): Json {
  const [only, second] = blocks;
  if (only?.type === "text" && !second && isPlain(only)) return only.text;
  const parts = blocks.flatMap((block) => buildPart(block, context));
  return contentOf(parts);
}

/** Nothing but its text, and nothing to tell. */
function isPlain({ ext, cache, annotations }: TextBlock): boolean {
  return ext === undefined && cache === undefined && annotations === undefined;
}

export function contentOf(parts: JsonObject[]): Json {
  const [first, second] = parts;
  if (!first) return "";
  if (!second && first.type === "text" && Object.keys(first).length === 2) return first.text ?? "";
  return parts;
}

export function buildPart(block: Block, context: PartContext): JsonObject[] {
  const own = block.ext?.chat;
  const isCarried = own?.cache_control !== undefined || own?.prompt_cache_breakpoint !== undefined;
  const parts = unmarked(block, context);
  return block.cache && !isCarried ? marked(parts, block.cache, context) : parts;
}

/** With the mark on the last part, where the provider honours it; else it is told as dropped. */
export function marked(parts: JsonObject[], { ttl }: CacheMark, { marks, notes }: PartContext): JsonObject[] {
  const last = parts.at(-1);
  if (!marks || !last) {
    notes.add("dropped", "cache", "marks_not_carried");
    return parts;
  }
  const lasting = ttl === "5m" || ttl === "1h" ? { ttl } : {};
  return [...parts.slice(0, -1), { ...last, cache_control: { type: "ephemeral", ...lasting } }];
}

function unmarked(block: Block, context: PartContext): JsonObject[] {
  const own = block.ext?.chat;
  switch (block.type) {
    case "text":
      if (block.annotations && block.annotations.length > 0) {
        context.notes.add("dropped", block.at ?? "messages", "annotations");
      }
      return [own ? { type: "text", text: block.text, ...own } : { type: "text", text: block.text }];
    case "refusal":
      return [{ type: "refusal", refusal: block.text, ...own }];
    case "media":
      return buildMedia(block, context).map((part, index) => (index === 0 ? { ...part, ...own } : part));
    case "search-result":
      return [{ type: "text", text: searchText(block) }];
    case "opaque":
      if (block.origin === "chat") return [block.json as JsonObject];
      throw unsupported(block.at, "This kind of content cannot be sent to a Chat Completions provider.");
  }
}

function searchText(block: SearchResultBlock): string {
  const body = block.content.map((part) => part.text).join("\n");
  return [`Title: ${block.title}`, `Source: ${block.source}`, body].join("\n");
}

function buildMedia(block: MediaBlock, context: PartContext): JsonObject[] {
  switch (block.kind) {
    case "image":
      return [buildImage(block)];
    case "audio":
      return [buildAudio(block, context)];
    case "document":
      return buildDocument(block, context);
    case "video":
      throw unsupported(block.at, "Chat Completions has no video input.");
  }
}

function buildImage(block: MediaBlock): JsonObject {
  const detail = block.detail === undefined ? {} : { detail: block.detail === "original" ? "high" : block.detail };
  const { source } = block;
  if (source.type === "url") return { type: "image_url", image_url: { url: source.url, ...detail } };
  if (source.type === "bytes") {
    const url = `data:${block.mime ?? "image/png"};base64,${source.data}`;
    return { type: "image_url", image_url: { url, ...detail } };
  }
  throw unsupported(
    block.at,
    "An image by file id cannot be sent to a Chat Completions provider: send it as data or URL.",
  );
}

const audioFormats: Record<string, string> = {
  "audio/wav": "wav",
  "audio/x-wav": "wav",
  "audio/wave": "wav",
  "audio/mp3": "mp3",
  "audio/mpeg": "mp3",
};

function buildAudio(block: MediaBlock, context: PartContext): JsonObject {
  const mime = block.mime ?? "";
  const known = Object.hasOwn(audioFormats, mime) ? audioFormats[mime] : undefined;
  const format = known ?? (context.from === "chat" ? mime.replace("audio/", "") : undefined);
  if (block.source.type !== "bytes" || format === undefined || format === "") {
    throw unsupported(block.at, "Chat Completions takes audio only as wav or mp3 data.");
  }
  return { type: "input_audio", input_audio: { data: block.source.data, format } };
}

function buildDocument(block: MediaBlock, context: PartContext): JsonObject[] {
  if (block.citations) context.notes.add("dropped", block.at ?? "messages", "citations");
  const before = block.context === undefined ? [] : [{ type: "text", text: block.context }];
  return [...before, ...documentParts(block, context)];
}

function documentParts(block: MediaBlock, context: PartContext): JsonObject[] {
  const { source } = block;
  const title = block.title ?? block.name;
  const header = title === undefined ? "" : `${title}\n\n`;
  switch (source.type) {
    case "text":
      return [{ type: "text", text: header + source.text }];
    case "blocks": {
      const head = title === undefined ? [] : [{ type: "text", text: title }];
      return [...head, ...source.blocks.flatMap((inner) => buildPart(inner, context))];
    }
    case "bytes": {
      const mime = block.mime ?? "application/pdf";
      if (mime === "text/plain" && context.from !== "chat") {
        return [{ type: "text", text: header + Buffer.from(source.data, "base64").toString("utf8") }];
      }
      const filename = block.name ?? block.title ?? (mime === "application/pdf" ? "document.pdf" : "document");
      return [{ type: "file", file: { file_data: `data:${mime};base64,${source.data}`, filename } }];
    }
    case "file":
      if (source.origin === "chat") {
        const named = block.name === undefined ? {} : { filename: block.name };
        return [{ type: "file", file: { file_id: source.id, ...named } }];
      }
      throw unsupported(block.at, "A file id of another provider cannot be used here: send the file's data.");
    case "url":
      if (context.from === "chat") {
        const named = block.name === undefined ? {} : { filename: block.name };
        return [{ type: "file", file: { file_data: source.url, ...named } }];
      }
      throw unsupported(block.at, "Chat Completions takes no document by URL: send the file's data.");
  }
}
