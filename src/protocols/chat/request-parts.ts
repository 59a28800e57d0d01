/** Content parts of a client's messages as blocks. */
import type { Block, CacheMark, MediaBlock, MediaSource } from "../../model/chat.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import {
  chatExt,
  invalid,
  isObject,
  optionalArray,
  optionalString,
  requiredObject,
  requiredString,
  rest,
} from "./wire.ts";

/** A message's content: a string is one block, "" and [] are none. */
export function parseContent(content: Json | undefined, path: string): Block[] {
  if (content === undefined || content === null || content === "") return [];
  if (typeof content === "string") return [{ type: "text", text: content, at: path }];
  if (!Array.isArray(content)) throw invalid(path, `${path} must be a string or an array of parts.`);
  return content.map((part, index) => parsePart(part, `${path}.${index}`));
}

const knownOf: Record<string, ReadonlySet<string>> = {
  text: new Set(["type", "text"]),
  refusal: new Set(["type", "refusal"]),
  image_url: new Set(["type", "image_url"]),
  input_audio: new Set(["type", "input_audio"]),
  file: new Set(["type", "file"]),
};

function parsePart(json: Json, path: string): Block {
  if (typeof json === "string") return { type: "text", text: json, at: path };
  const part = requiredObject(json, path);
  const type = requiredString(part, "type", `${path}.type`);
  const known = Object.hasOwn(knownOf, type) ? knownOf[type] : undefined;
  // Mistral takes the sound itself where OpenAI wants an object.
  if (!known || (type === "input_audio" && typeof part.input_audio === "string"))
    return { type: "opaque", origin: "chat", json: part, at: path };
  return { ...parseKnown(part, type, path), at: path, ...cacheMark(part), ...chatExt(rest(part, known)) };
}

function parseKnown(part: JsonObject, type: string, path: string): Block {
  switch (type) {
    case "image_url":
      return parseImage(part, path);
    case "input_audio":
      return parseAudio(part, path);
    case "file":
      return parseFile(part, path);
    case "refusal":
      return { type: "refusal", text: optionalString(part, "refusal", `${path}.refusal`) ?? "" };
    default:
      return { type: "text", text: optionalString(part, "text", `${path}.text`) ?? "" };
  }
}

/** `cache_control` (a dialect of routers) or `prompt_cache_breakpoint`. */
export function cacheMark(part: JsonObject): { cache?: CacheMark } {
  const control = part.cache_control;
  if (isObject(control)) {
    const ttl = control.ttl;
    return { cache: ttl === "5m" || ttl === "1h" || ttl === "30m" ? { ttl } : {} };
  }
  return isObject(part.prompt_cache_breakpoint) ? { cache: {} } : {};
}

function parseImage(part: JsonObject, path: string): MediaBlock {
  const holder = part.image_url;
  const image = typeof holder === "string" ? { url: holder } : requiredObject(holder, `${path}.image_url`);
  const url = requiredString(image, "url", `${path}.image_url.url`);
  const detail = optionalString(image, "detail", `${path}.image_url.detail`);
  return {
    type: "media",
    kind: "image",
    ...urlSource(url, `${path}.image_url.url`),
    ...(detail === undefined ? {} : { detail }),
  };
}

function urlSource(url: string, path: string): { source: MediaSource; mime?: string } {
  if (url.slice(0, 5).toLowerCase() === "data:") return dataUrl(url, path);
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(url)) throw invalid(path, `${path} must be an https URL or a data URL.`);
  return { source: { type: "url", url } };
}

/** Reads `data:<mime>;base64,…`. Data that is not base64 becomes it. */
export function dataUrl(url: string, path: string): { source: MediaSource; mime?: string } {
  const comma = url.indexOf(",");
  if (comma < 0) throw invalid(path, `${path} is a data URL without data.`);
  const head = url.slice(5, comma);
  const mime = head.split(";")[0]?.trim().toLowerCase();
  const named = mime === undefined || mime === "" ? {} : { mime };
  const data = url.slice(comma + 1);
  if (/;\s*base64\s*$/i.test(head)) return { source: { type: "bytes", data: base64(data, path) }, ...named };
  let text: string;
  try {
    text = decodeURIComponent(data);
  } catch {
    throw invalid(path, `${path} is a data URL with broken percent signs.`);
  }
  return { source: { type: "bytes", data: Buffer.from(text).toString("base64") }, ...named };
}

/** Standard base64 without white space; the URL-safe alphabet is converted, absent padding added. */
export function base64(data: string, path: string): string {
  const clean = /[\s\-_%]/.test(data)
    ? data.replace(/%3D/gi, "=").replace(/\s+/g, "").replaceAll("-", "+").replaceAll("_", "/")
    : data;
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(clean)) throw invalid(path, `${path} does not hold base64 data.`);
  return clean.length % 4 === 0 ? clean : clean.padEnd(Math.ceil(clean.length / 4) * 4, "=");
}

function parseAudio(part: JsonObject, path: string): MediaBlock {
  const audio = requiredObject(part.input_audio, `${path}.input_audio`);
  const data = requiredString(audio, "data", `${path}.input_audio.data`);
  const format = requiredString(audio, "format", `${path}.input_audio.format`);
  const at = `${path}.input_audio.data`;
  const source: MediaSource = data.startsWith("data:")
    ? dataUrl(data, at).source
    : { type: "bytes", data: base64(data, at) };
  return { type: "media", kind: "audio", source, mime: `audio/${format}` };
}

function parseFile(part: JsonObject, path: string): MediaBlock {
  const file = requiredObject(part.file, `${path}.file`);
  const name = optionalString(file, "filename", `${path}.file.filename`);
  const data = optionalString(file, "file_data", `${path}.file.file_data`);
  const id = optionalString(file, "file_id", `${path}.file.file_id`);
  const named = name === undefined ? {} : { name };
  const at = `${path}.file.file_data`;
  if (data !== undefined && data !== "") {
    if (/^[a-z][a-z0-9+.-]*:/i.test(data)) {
      const read = urlSource(data, at);
      return { type: "media", kind: kindOf(read.mime), ...read, ...named };
    }
    const mime = "application/pdf";
    return { type: "media", kind: "document", source: { type: "bytes", data: base64(data, at) }, mime, ...named };
  }
  if (id === undefined || id === "") throw invalid(`${path}.file`, `${path}.file needs file_data or file_id.`);
  return { type: "media", kind: "document", source: { type: "file", id, origin: "chat" }, ...named };
}

function kindOf(mime: string | undefined): MediaBlock["kind"] {
  const family = mime?.split("/")[0];
  return family === "image" || family === "audio" || family === "video" ? family : "document";
}

/** Reads message.annotations and choice-level lists that may be absent. */
export function objects(from: JsonObject, key: string, path: string): JsonObject[] {
  return (optionalArray(from, key, path) ?? []).map((value, index) => requiredObject(value, `${path}.${index}`));
}
