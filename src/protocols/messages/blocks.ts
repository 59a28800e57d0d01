/** Content blocks of the wire (text, image, document, search result) to canonical blocks. */
import type { Annotation, Block, CacheMark, MediaBlock, MediaSource, TextBlock } from "../../model/chat.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { invalid, isAbsent, isObject, optional, readFlag, readList, readName, readText } from "../read.ts";
import { extOf, readObject } from "./read.ts";

/** Where a value stands: the path for errors, and whether what is read keeps it (requests do, answers do not). */
export interface Place {
  path: string;
  keep: boolean;
}

export function inside(place: Place, step: string | number): Place {
  return { path: `${place.path}.${step}`, keep: place.keep };
}

export function atOf(place: Place): { at?: string } {
  return place.keep ? { at: place.path } : {};
}

const ttls = new Set(["5m", "1h"]);

export function parseMark(value: unknown, at: string): { cache?: CacheMark } {
  if (isAbsent(value)) return {};
  const mark = readObject(value, at);
  if (mark.type !== "ephemeral") throw invalid(`${at}.type`, 'must be "ephemeral"');
  if (isAbsent(mark.ttl)) return { cache: {} };
  if (typeof mark.ttl !== "string" || !ttls.has(mark.ttl)) throw invalid(`${at}.ttl`, 'must be "5m" or "1h"');
  return { cache: { ttl: mark.ttl === "1h" ? "1h" : "5m" } };
}

const textKeys = new Set(["type", "text", "citations", "cache_control"]);

export function parseText(json: JsonObject, place: Place): TextBlock {
  const text = readText(json.text, `${place.path}.text`);
  const citations = Array.isArray(json.citations) ? json.citations : [];
  return {
    type: "text",
    ...atOf(place),
    text,
    ...(citations.length > 0 ? { annotations: citations.map((citation) => parseCitation(citation, text)) } : {}),
    ...parseMark(json.cache_control, `${place.path}.cache_control`),
    ...extOf(json, textKeys),
  };
}

/** A citation speaks of its whole block: the span is that of `text`, in code points. */
export function parseCitation(citation: Json, text: string): Annotation {
  const raw = { origin: "messages", json: citation };
  if (!isObject(citation) || citation.type !== "web_search_result_location" || typeof citation.url !== "string") {
    return { kind: "other", raw };
  }
  return {
    kind: "url",
    url: citation.url,
    ...(typeof citation.title === "string" ? { title: citation.title } : {}),
    start: 0,
    end: codePoints(text),
    ...(typeof citation.cited_text === "string" ? { citedText: citation.cited_text } : {}),
    raw,
  };
}

function codePoints(text: string): number {
  let count = 0;
  for (const _point of text) count++;
  return count;
}

/** The canonical block, or undefined for a type that is no block of content. Throws `invalid-request`. */
export function parseBlock(json: JsonObject, place: Place): Block | undefined {
  switch (json.type) {
    case "text":
      return parseText(json, place);
    case "image":
      return parseImage(json, place);
    case "document":
      return parseDocument(json, place);
    case "search_result":
      return parseSearchResult(json, place);
    default:
      return undefined;
  }
}

/** Blocks inside a result or document: what is not known stays as it is. */
export function parseNested(value: unknown, place: Place): Block[] {
  return readList(value, place.path).map((entry, index) => {
    const at = inside(place, index);
    const json = readObject(entry, at.path);
    readName(json.type, `${at.path}.type`);
    return parseBlock(json, at) ?? opaqueBlock(json, at);
  });
}

function opaqueBlock(json: JsonObject, place: Place): Block {
  const mark = parseMark(json.cache_control, `${place.path}.cache_control`);
  return { type: "opaque", ...atOf(place), origin: "messages", json, ...mark };
}

const imageKeys = new Set(["type", "source", "cache_control"]);

function parseImage(json: JsonObject, place: Place): MediaBlock {
  const source = readObject(json.source, `${place.path}.source`);
  return {
    type: "media",
    kind: "image",
    ...atOf(place),
    ...parseSource(source, inside(place, "source")),
    ...parseMark(json.cache_control, `${place.path}.cache_control`),
    ...extOf(json, imageKeys),
  };
}

const documentKeys = new Set(["type", "source", "cache_control", "title", "context", "citations"]);

function parseDocument(json: JsonObject, place: Place): MediaBlock {
  const source = readObject(json.source, `${place.path}.source`);
  const title = optional(json.title, `${place.path}.title`, readText);
  const context = optional(json.context, `${place.path}.context`, readText);
  return {
    type: "media",
    kind: "document",
    ...atOf(place),
    ...parseSource(source, inside(place, "source")),
    ...(title === undefined ? {} : { title }),
    ...(context === undefined ? {} : { context }),
    ...parseCitationsSwitch(json.citations, `${place.path}.citations`),
    ...parseMark(json.cache_control, `${place.path}.cache_control`),
    ...extOf(json, documentKeys),
  };
}

function parseCitationsSwitch(value: unknown, at: string): { citations?: boolean } {
  const object = optional(value, at, readObject);
  const enabled = object && optional(object.enabled, `${at}.enabled`, readFlag);
  return enabled === undefined ? {} : { citations: enabled };
}

function parseSource(source: JsonObject, place: Place): { source: MediaSource; mime?: string } {
  const { path } = place;
  const mime = optional(source.media_type, `${path}.media_type`, readText);
  const typed = mime === undefined ? {} : { mime };
  switch (source.type) {
    case "base64":
      return { source: { type: "bytes", data: plainBase64(readText(source.data, `${path}.data`)) }, ...typed };
    case "url":
      return { source: { type: "url", url: readName(source.url, `${path}.url`) }, ...typed };
    case "file":
      return {
        source: { type: "file", id: readName(source.file_id, `${path}.file_id`), origin: "messages" },
        ...typed,
      };
    case "text":
      return { source: { type: "text", text: readText(source.data, `${path}.data`) }, mime: mime ?? "text/plain" };
    case "content":
      return { source: { type: "blocks", blocks: parseDocumentContent(source.content, inside(place, "content")) } };
    default:
      throw invalid(`${path}.type`, "must be one of base64, url, file, text, content");
  }
}

function parseDocumentContent(content: unknown, place: Place): Block[] {
  if (typeof content === "string") return [{ type: "text", ...atOf(place), text: content }];
  return readList(content, place.path).map((entry, index) => {
    const at = inside(place, index);
    const json = readObject(entry, at.path);
    // Documents hold text and images only; anything else is left alone, so that nesting stays flat.
    return json.type === "text" || json.type === "image" ? (parseBlock(json, at) as Block) : opaqueBlock(json, at);
  });
}

/** Standard base64 without white space and without a data-URL prefix. */
export function plainBase64(data: string): string {
  const bare = data.startsWith("data:") ? data.slice(data.indexOf(",") + 1) : data;
  if (!/[\s_-]/.test(bare)) return bare;
  return bare.replace(/\s+/g, "").replaceAll("-", "+").replaceAll("_", "/");
}

const searchKeys = new Set(["type", "source", "title", "content", "citations", "cache_control"]);

function parseSearchResult(json: JsonObject, place: Place): Block {
  const content = readList(json.content, `${place.path}.content`).map((entry, index) => {
    const at = inside(inside(place, "content"), index);
    const block = readObject(entry, at.path);
    if (block.type !== "text") throw invalid(`${at.path}.type`, 'must be "text"');
    return parseText(block, at);
  });
  return {
    type: "search-result",
    ...atOf(place),
    source: readText(json.source, `${place.path}.source`),
    title: readText(json.title, `${place.path}.title`),
    content,
    ...parseCitationsSwitch(json.citations, `${place.path}.citations`),
    ...parseMark(json.cache_control, `${place.path}.cache_control`),
    ...extOf(json, searchKeys),
  };
}
