/** Blocks as content parts of a request. */
import type { Block, MediaBlock, MessageItem, SearchResultBlock, TextBlock } from "../../model/chat.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import type { Notes } from "../../model/note.ts";
import { unsupported } from "../chat/wire.ts";
import { buildAnnotation } from "./annotations.ts";

export interface PartContext {
  notes: Notes;
  /** The client speaks this protocol, too. */
  own: boolean;
}

type Side = "input" | "output";

export function sideOf(role: MessageItem["role"]): Side {
  return role === "assistant" ? "output" : "input";
}

/** "" without parts, a string for one plain text, else the parts. */
export function contentOf(parts: JsonObject[]): Json {
  const [first, second] = parts;
  if (!first) return "";
  const isPlain =
    !second &&
    typeof first.text === "string" &&
    Object.entries(first).every(
      ([key, value]) => key === "type" || key === "text" || (Array.isArray(value) && value.length === 0),
    );
  return isPlain ? (first.text ?? "") : parts;
}

export function buildPart(block: Block, side: Side, context: PartContext): JsonObject[] {
  const own = block.ext?.responses;
  if (block.cache && own?.prompt_cache_breakpoint === undefined) {
    context.notes.add("dropped", "cache", "marks_not_carried");
  }
  switch (block.type) {
    case "text":
      return [{ ...buildText(block, side, context), ...own }];
    case "refusal":
      return [side === "output" ? { type: "refusal", refusal: block.text, ...own } : inputText(block.text)];
    case "media":
      return buildMedia(block, side, context).map((part, index) => (index === 0 ? { ...part, ...own } : part));
    case "search-result":
      return [{ type: `${side}_text`, text: searchText(block), ...(side === "output" ? { annotations: [] } : {}) }];
    case "opaque":
      if (block.origin === "responses") return [block.json as JsonObject];
      throw unsupported(block.at, "This kind of content cannot be sent to a Responses provider.");
  }
}

function inputText(text: string): JsonObject {
  return { type: "input_text", text };
}

function buildText(block: TextBlock, side: Side, { notes, own }: PartContext): JsonObject {
  if (side === "input") return inputText(block.text);
  const length = [...block.text].length;
  const annotations = (block.annotations ?? []).flatMap((one): JsonObject[] => {
    const json = buildAnnotation(one, length);
    return json ? [json] : [];
  });
  if (annotations.length < (block.annotations?.length ?? 0)) {
    notes.add("dropped", block.at ?? "items", "annotations");
  }
  if (!own && annotations.length > 0) notes.add("emulated", block.at ?? "items", "annotations_as_links");
  return {
    type: "output_text",
    text: block.text,
    annotations,
    ...(own && block.logprobs ? { logprobs: block.logprobs } : {}),
  };
}

function searchText(block: SearchResultBlock): string {
  const body = block.content.map((part) => part.text).join("\n");
  return [`Title: ${block.title}`, `Source: ${block.source}`, body].join("\n");
}

function buildMedia(block: MediaBlock, side: Side, context: PartContext): JsonObject[] {
  switch (block.kind) {
    case "image":
      return [buildImage(block, context)];
    case "audio":
      return [buildAudio(block, context)];
    case "document":
      return buildDocument(block, side, context);
    case "video":
      throw unsupported(block.at, "Responses has no video input.");
  }
}

function buildImage(block: MediaBlock, { own }: PartContext): JsonObject {
  const { source } = block;
  const detail = block.detail === undefined ? (own ? {} : { detail: "auto" }) : { detail: block.detail };
  if (source.type === "url") return { type: "input_image", image_url: source.url, ...detail };
  if (source.type === "bytes") {
    return { type: "input_image", image_url: `data:${block.mime ?? "image/png"};base64,${source.data}`, ...detail };
  }
  if (source.type === "file" && source.origin === "responses") {
    return { type: "input_image", file_id: source.id, ...detail };
  }
  throw unsupported(block.at, "A file id of another provider cannot be used here: send the image as data or URL.");
}

const audioFormats: Readonly<Record<string, string>> = {
  "audio/wav": "wav",
  "audio/x-wav": "wav",
  "audio/wave": "wav",
  "audio/mp3": "mp3",
  "audio/mpeg": "mp3",
};

function buildAudio(block: MediaBlock, { own }: PartContext): JsonObject {
  const mime = block.mime ?? "";
  const known = Object.hasOwn(audioFormats, mime) ? audioFormats[mime] : undefined;
  const format = own ? mime.replace("audio/", "") : known;
  if (block.source.type !== "bytes" || format === undefined || format === "") {
    throw unsupported(block.at, "Responses takes audio only as wav or mp3 data.");
  }
  return { type: "input_audio", input_audio: { data: block.source.data, format } };
}

function buildDocument(block: MediaBlock, side: Side, context: PartContext): JsonObject[] {
  if (block.citations) context.notes.add("dropped", block.at ?? "items", "citations");
  const before = block.context === undefined ? [] : [inputText(block.context)];
  return [...before, ...documentParts(block, side, context)];
}

function documentParts(block: MediaBlock, side: Side, context: PartContext): JsonObject[] {
  const { source } = block;
  const title = block.title ?? block.name;
  const header = title === undefined ? "" : `${title}\n\n`;
  const detail = block.detail === undefined ? {} : { detail: block.detail };
  const named = block.name === undefined ? {} : { filename: block.name };
  switch (source.type) {
    case "text":
      return [inputText(header + source.text)];
    case "blocks": {
      const head = title === undefined ? [] : [inputText(title)];
      return [...head, ...source.blocks.flatMap((inner) => buildPart(inner, side, context))];
    }
    case "bytes": {
      const mime = block.mime ?? "application/pdf";
      if (mime === "text/plain" && !context.own) {
        return [inputText(header + Buffer.from(source.data, "base64").toString("utf8"))];
      }
      const filename = block.name ?? block.title ?? (mime === "application/pdf" ? "document.pdf" : "document");
      const data = `data:${mime};base64,${source.data}`;
      return [{ type: "input_file", ...(context.own ? named : { filename }), file_data: data, ...detail }];
    }
    case "url":
      return [{ type: "input_file", ...named, file_url: source.url, ...detail }];
    case "file":
      if (source.origin === "responses") return [{ type: "input_file", file_id: source.id, ...named, ...detail }];
      throw unsupported(block.at, "A file id of another provider cannot be used here: send the file's data.");
  }
}
