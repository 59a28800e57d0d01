/** Canonical blocks to parts. */
import type { Block, MediaBlock } from "../../model/chat.ts";
import type { JsonObject } from "../../model/json.ts";
import { isObject } from "../read.ts";
import type { Build } from "./build.ts";
import { base64 } from "./parts.ts";
import { unsupported } from "./read.ts";
import { usableSeal } from "./signatures.ts";

/** One part, or none for a text without length; several for what a document of texts and pictures holds. Throws `unsupported`. */
export function buildBlock(block: Block, build: Build): JsonObject[] {
  const inner = laidOut(block, build);
  if (inner) return buildBlocks(inner, build);
  const part = partOf(block, build);
  if (!part) return [];
  const seal = block.seal && usableSeal([block.seal], build.target);
  if (block.cache) build.notes.add("dropped", "cache", "marks_not_carried");
  const words = contextOf(block, build);
  return [...words, { ...part, ...block.ext?.gemini, ...(seal === undefined ? {} : { thoughtSignature: seal }) }];
}

/** What a document holds, one after the other, where pictures are among it; its title and context come first. */
export function laidOut(block: Block, build: Build): Block[] | undefined {
  if (block.type !== "media" || block.source.type !== "blocks") return undefined;
  const { blocks } = block.source;
  if (blocks.every(({ type }) => type === "text")) return undefined;
  tellMediaLosses(block, build);
  const words = titled(block, "");
  return words === "" ? blocks : [{ type: "text", text: words }, ...blocks];
}

/** What was said of a document, as words before it; one that is text itself holds them. */
export function contextOf(block: Block, build: Build): JsonObject[] {
  if (block.type !== "media" || build.own || block.context === undefined) return [];
  const { source, title, context } = block;
  if (source.type === "text" || source.type === "blocks") return [];
  return [{ text: [title, context].filter((line) => line).join("\n") }];
}

export function buildBlocks(blocks: readonly Block[], build: Build): JsonObject[] {
  return blocks.flatMap((block) => buildBlock(block, build));
}

function partOf(block: Block, build: Build): JsonObject | undefined {
  switch (block.type) {
    case "text":
      if (block.annotations) build.notes.add("dropped", block.at ?? "items", "annotations");
      return block.text === "" ? undefined : { text: block.text };
    case "refusal":
      build.notes.add("emulated", block.at ?? "items", "refusal_as_text");
      return block.text === "" ? undefined : { text: block.text };
    case "media":
      return buildMedia(block, build);
    case "search-result":
      build.notes.add("emulated", block.at ?? "items", "search_result_as_text");
      return { text: [block.title, block.source, ...block.content.map(({ text }) => text)].join("\n") };
    case "opaque":
      if (block.origin === "gemini" && isObject(block.json)) return block.json;
      throw unsupported(block.at ?? "items", "this kind of content cannot be sent to this provider.");
  }
}

/** Throws `unsupported` for what the provider cannot fetch, and for files of another one. */
export function buildMedia(block: MediaBlock, build: Build): JsonObject {
  const at = block.at ?? "items";
  tellMediaLosses(block, build);
  const { source } = block;
  switch (source.type) {
    case "bytes":
      return inline(source.data, block.mime, block);
    case "text":
      return { text: titled(block, source.text) };
    case "blocks": {
      const texts = buildBlocks(source.blocks, build).map((part) => part.text);
      return { text: titled(block, texts.join("\n")) };
    }
    case "file": {
      if (source.origin !== "gemini") {
        const words = "a file id of another provider cannot be sent here. Send the content.";
        throw unsupported(at, words, "file_not_portable");
      }
      const mime = block.mime === undefined ? {} : { mimeType: block.mime };
      return { fileData: { ...mime, fileUri: source.id, ...displayName(block, build) } };
    }
    case "url":
      return fromUrl(source.url, block, build);
  }
}

function fromUrl(url: string, block: MediaBlock, build: Build): JsonObject {
  const at = block.at ?? "items";
  const head = /^data:([^;,]*)[^,]*;base64,/i.exec(url.slice(0, 256));
  if (head) return inline(base64(url.slice(head[0].length), at), head[1] || block.mime, block);
  if (!build.own) throw unsupported(at, "this provider does not fetch addresses. Send the content itself.");
  return { fileData: { ...(block.mime ? { mimeType: block.mime } : {}), fileUri: url, ...displayName(block, build) } };
}

const audio: Readonly<Record<string, string>> = { "audio/mpeg": "audio/mp3", "audio/x-wav": "audio/wav" };

function inline(data: string, mime: string | undefined, block: MediaBlock): JsonObject {
  const mimeType = sniff(data) ?? (mime !== undefined && Object.hasOwn(audio, mime) ? audio[mime] : mime);
  if (mimeType === undefined || mimeType === "") {
    throw unsupported(block.at ?? "items", "the content's media type is not known. Name it.");
  }
  return { inlineData: { mimeType, data } };
}

/** The type that the first bytes show where a wrong label is a certain refusal. */
function sniff(data: string): string | undefined {
  if (data.startsWith("iVBORw0KGgo")) return "image/png";
  if (data.startsWith("/9j/")) return "image/jpeg";
  if (data.startsWith("R0lGOD")) return "image/gif";
  return data.startsWith("JVBERi") ? "application/pdf" : undefined;
}

function displayName(block: MediaBlock, build: Build): JsonObject {
  return build.own && block.name !== undefined ? { displayName: block.name } : {};
}

function titled(block: MediaBlock, text: string): string {
  return [block.title ?? block.name, block.context, text].filter((line) => line).join("\n");
}

function tellMediaLosses(block: MediaBlock, build: Build): void {
  const at = block.at ?? "items";
  const isText = block.source.type === "text" || block.source.type === "blocks";
  if (block.detail !== undefined && block.detail !== "auto") build.notes.add("dropped", `${at}.detail`);
  if (block.citations) build.notes.add("dropped", `${at}.citations`);
  if (isText || build.own) return;
  if (block.title !== undefined && block.context === undefined) build.notes.add("dropped", `${at}.title`);
}
