/** Images and documents as the Messages API takes them. */
import type { MediaBlock } from "../../model/chat.ts";
import { GatewayError } from "../../model/error.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Notes } from "../../model/note.ts";
import { plainBase64 } from "./blocks.ts";

const imageTypes = new Set(["image/jpeg", "image/png", "image/gif", "image/webp"]);

function refuse(block: MediaBlock, words: string, vendorCode?: string): GatewayError {
  const at = block.at ?? "items";
  const detail = vendorCode === undefined ? { param: at } : { param: at, vendorCode };
  return new GatewayError("unsupported", `${at}: ${words}`, detail);
}

/** The media type that the first bytes show, undefined when they show none of those that matter here. */
export function sniff(base64: string): string | undefined {
  if (base64.startsWith("iVBORw0KGgo")) return "image/png";
  if (base64.startsWith("/9j/")) return "image/jpeg";
  if (base64.startsWith("R0lGOD")) return "image/gif";
  if (base64.startsWith("JVBERi")) return "application/pdf";
  // "RIFF", four bytes of length, "WEBP": the letters sit across base64 groups.
  return base64.startsWith("UklGR") && Buffer.from(base64.slice(0, 24), "base64").toString("latin1", 8, 12) === "WEBP"
    ? "image/webp"
    : undefined;
}

interface Inline {
  data: string;
  mime: string | undefined;
}

/** The bytes of a source or of a data URL. */
function inline(block: MediaBlock): Inline | undefined {
  if (block.source.type === "bytes") return { data: block.source.data, mime: block.mime };
  if (block.source.type !== "url") return undefined;
  const match = /^data:([^;,]*)[^,]*;base64,/i.exec(block.source.url.slice(0, 256));
  if (!match) return undefined;
  return { data: plainBase64(block.source.url.slice(match[0].length)), mime: match[1] || block.mime };
}

/** The `source` member. Throws `unsupported` for what the API does not take. */
export function buildSource(block: MediaBlock, notes: Notes, nested: (block: MediaBlock) => JsonObject[]): JsonObject {
  if (block.kind !== "image" && block.kind !== "document") {
    throw refuse(block, `${block.kind} input cannot be sent to this provider. Send text, images or documents.`);
  }
  const bytes = inline(block);
  if (bytes) return block.kind === "image" ? imageBytes(block, bytes, notes) : documentBytes(block, bytes, notes);
  const { source } = block;
  switch (source.type) {
    case "url":
      if (/^https:\/\//i.test(source.url)) return { type: "url", url: source.url };
      throw refuse(block, "the provider fetches https URLs only. Send the content itself.");
    case "file":
      if (source.origin === "messages") return { type: "file", file_id: source.id };
      throw refuse(block, "a file id of another provider cannot be sent here. Send the content.", "file_not_portable");
    case "text":
      return { type: "text", media_type: "text/plain", data: source.text };
    case "blocks":
      return { type: "content", content: nested(block) };
    case "bytes":
      throw refuse(block, "the content could not be read.");
  }
}

function imageBytes(block: MediaBlock, { data, mime }: Inline, notes: Notes): JsonObject {
  const stated = mime === "image/jpg" ? "image/jpeg" : mime?.toLowerCase();
  const shown = sniff(data);
  const type = shown && imageTypes.has(shown) ? shown : stated;
  if (type === undefined || !imageTypes.has(type)) {
    throw refuse(block, `images of type ${stated ?? "unknown"} cannot be sent here. Use JPEG, PNG, GIF or WebP.`);
  }
  if (type !== mime && mime !== undefined) notes.add("emulated", block.at ?? "items", "media_type_corrected");
  return { type: "base64", media_type: type, data };
}

const pdf = "application/pdf";

function documentBytes(block: MediaBlock, { data, mime }: Inline, notes: Notes): JsonObject {
  const shown = sniff(data);
  if (shown === pdf || (mime === pdf && shown === undefined)) {
    if (mime !== pdf && mime !== undefined) notes.add("emulated", block.at ?? "items", "media_type_corrected");
    return { type: "base64", media_type: pdf, data };
  }
  if (shown === undefined && mime !== undefined && /^text\/|^application\/(json|xml|yaml|x-yaml)/.test(mime)) {
    return { type: "text", media_type: "text/plain", data: Buffer.from(data, "base64").toString("utf8") };
  }
  throw refuse(block, `documents of type ${mime ?? "unknown"} cannot be sent here. Use PDF or plain text.`);
}
