/** Single parts, as requests and answers share them: media, code and tools that the provider runs, signatures. */
import type { MediaBlock, MediaSource, Seal, ServerCallItem, ServerResultItem } from "../../model/chat.ts";
import type { JsonObject } from "../../model/json.ts";
import { invalid, isObject, readName } from "../read.ts";
import { extOf, readObject, textOr } from "./read.ts";

export function sealOf(part: JsonObject): Seal | undefined {
  const bytes = part.thoughtSignature;
  return typeof bytes === "string" && bytes !== "" ? { origin: "gemini", form: "thought", bytes } : undefined;
}

const mediaKeys = new Set(["inlineData", "fileData", "thoughtSignature", "thought"]);

/** An image, sound, film or document. Undefined when the part holds none. Throws `invalid-request`. */
export function parseMedia(part: JsonObject, at: string): MediaBlock | undefined {
  if (part.inlineData !== undefined) return parseInline(part, at);
  if (part.fileData === undefined) return undefined;
  const file = readObject(part.fileData, `${at}.fileData`);
  const uri = readName(file.fileUri, `${at}.fileData.fileUri`);
  const mime = textOr(file.mimeType).toLowerCase();
  const isFilm = /^https:\/\/(?:\w+\.)?(?:youtube\.com|youtu\.be)\//i.test(uri);
  return {
    type: "media",
    kind: mime === "" && isFilm ? "video" : kindOf(mime),
    source: sourceOf(uri),
    ...(mime === "" ? {} : { mime }),
    ...(typeof file.displayName === "string" ? { name: file.displayName } : {}),
    at,
    ...sealed(part),
    ...extOf(part, mediaKeys),
  };
}

function parseInline(part: JsonObject, at: string): MediaBlock {
  const inline = readObject(part.inlineData, `${at}.inlineData`);
  const data = base64(textOr(inline.data), `${at}.inlineData.data`);
  const mime = textOr(inline.mimeType).toLowerCase();
  return {
    type: "media",
    kind: kindOf(mime),
    source: { type: "bytes", data },
    ...(mime === "" ? {} : { mime }),
    ...(typeof inline.displayName === "string" ? { name: inline.displayName } : {}),
    at,
    ...sealed(part),
    ...extOf(part, mediaKeys),
  };
}

function sealed(part: JsonObject): { seal?: Seal } {
  const seal = sealOf(part);
  return seal ? { seal } : {};
}

/** Files of Google's own stores stay there; other addresses can be fetched by anybody. */
function sourceOf(uri: string): MediaSource {
  const isOwn = !/^https?:\/\//i.test(uri) || /^https:\/\/generativelanguage\.googleapis\.com\//i.test(uri);
  return isOwn ? { type: "file", id: uri, origin: "gemini" } : { type: "url", url: uri };
}

export function kindOf(mime: string): MediaBlock["kind"] {
  const family = mime.split("/")[0];
  return family === "image" || family === "audio" || family === "video" ? family : "document";
}

/** Standard base64 without white space; the URL-safe alphabet and a data URL's head are taken as well. */
export function base64(data: string, at: string): string {
  const body = data.startsWith("data:") ? data.slice(data.indexOf(",") + 1) : data;
  const clean = /[\s\-_]/.test(body) ? body.replace(/\s+/g, "").replaceAll("-", "+").replaceAll("_", "/") : body;
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(clean)) throw invalid(at, "does not hold base64 data");
  return clean.length % 4 === 0 ? clean : clean.padEnd(Math.ceil(clean.length / 4) * 4, "=");
}

/** Calls and results of tools that ran at the provider, kept as they are. `id` is what they are paired by. */
export function parseServerPart(
  part: JsonObject,
  place: { at: string; id: string },
): ServerCallItem | ServerResultItem | undefined {
  const { at } = place;
  const base = { origin: "gemini", json: part, at };
  const call = part.executableCode ?? part.toolCall;
  if (isObject(call)) {
    const tool = part.toolCall === undefined ? "code_execution" : textOr(call.toolType ?? call.tool_type, "tool");
    const input = part.toolCall === undefined ? call : (call.args ?? {});
    return { type: "server-call", tool, callId: textOr(call.id, place.id), input, ...base };
  }
  const result = part.codeExecutionResult ?? part.toolResponse;
  if (!isObject(result)) return undefined;
  const tool = part.toolResponse === undefined ? "code_execution" : textOr(result.toolType ?? result.tool_type, "tool");
  return { type: "server-result", tool, callId: textOr(result.id, place.id), ...base };
}
