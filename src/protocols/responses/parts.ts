/** Content parts as blocks. */
import type { Block, MediaBlock, TextBlock } from "../../model/chat.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { base64, cacheMark, dataUrl } from "../chat/request-parts.ts";
import { invalid, isObject, optionalString, requiredObject, requiredString, rest } from "../chat/wire.ts";
import { parseAnnotation } from "./annotations.ts";
import { atOf, defined, inside, ownExt, type Where } from "./wire.ts";

/** A message's content: a string is one block, "" and [] are none. */
export function parseContent(content: Json | undefined, where: Where): Block[] {
  if (content === undefined || content === null || content === "") return [];
  if (typeof content === "string") return [{ type: "text", text: content, ...atOf(where) }];
  if (!Array.isArray(content)) throw invalid(where.path, `${where.path} must be a string or an array of parts.`);
  return content.map((part, index) => parsePart(part, inside(where, index)));
}

const textKeys = new Set(["type", "text", "annotations", "logprobs"]);
const knownOf: Record<string, ReadonlySet<string>> = {
  input_text: textKeys,
  output_text: textKeys,
  text: textKeys,
  refusal: new Set(["type", "refusal"]),
  input_image: new Set(["type", "image_url", "file_id", "detail"]),
  input_file: new Set(["type", "filename", "file_data", "file_id", "file_url", "detail"]),
  input_audio: new Set(["type", "input_audio"]),
};

function parsePart(json: Json, where: Where): Block {
  if (typeof json === "string") return { type: "text", text: json, ...atOf(where) };
  const part = requiredObject(json, where.path);
  const type = requiredString(part, "type", `${where.path}.type`);
  const known = Object.hasOwn(knownOf, type) ? knownOf[type] : undefined;
  if (!known) return { type: "opaque", origin: "responses", json: part, ...atOf(where) };
  return { ...parseKnown(part, type, where.path), ...atOf(where), ...cacheMark(part), ...ownExt(rest(part, known)) };
}

function parseKnown(part: JsonObject, type: string, path: string): Block {
  switch (type) {
    case "refusal":
      return { type: "refusal", text: optionalString(part, "refusal", `${path}.refusal`) ?? "" };
    case "input_image":
      return parseImage(part, path);
    case "input_file":
      return parseFile(part, path);
    case "input_audio":
      return parseAudio(part, path);
    default:
      return parseText(part, path);
  }
}

export function parseText(part: JsonObject, path: string): TextBlock {
  const annotations = Array.isArray(part.annotations) ? part.annotations.filter(isObject).map(parseAnnotation) : [];
  const logprobs = Array.isArray(part.logprobs) ? part.logprobs : [];
  return {
    type: "text",
    text: optionalString(part, "text", `${path}.text`) ?? "",
    ...(annotations.length === 0 ? {} : { annotations }),
    ...(logprobs.length === 0 ? {} : { logprobs }),
  };
}

/** Some clients nest the URL as Chat Completions does. */
function imageUrl(part: JsonObject, path: string): string | undefined {
  return isObject(part.image_url)
    ? optionalString(part.image_url, "url", `${path}.image_url.url`)
    : optionalString(part, "image_url", `${path}.image_url`);
}

function parseImage(part: JsonObject, path: string): MediaBlock {
  const url = imageUrl(part, path);
  const id = optionalString(part, "file_id", `${path}.file_id`);
  const detail = defined("detail", optionalString(part, "detail", `${path}.detail`));
  if (url !== undefined && url !== "") {
    return { type: "media", kind: "image", ...urlSource(url, `${path}.image_url`), ...detail };
  }
  if (id === undefined || id === "") throw invalid(path, `${path} needs image_url or file_id.`);
  return { type: "media", kind: "image", source: { type: "file", id, origin: "responses" }, ...detail };
}

function urlSource(url: string, path: string): Pick<MediaBlock, "source" | "mime"> {
  if (url.slice(0, 5).toLowerCase() === "data:") return dataUrl(url, path);
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(url)) throw invalid(path, `${path} must be an https URL or a data URL.`);
  return { source: { type: "url", url } };
}

function parseFile(part: JsonObject, path: string): MediaBlock {
  const text = (key: string) => optionalString(part, key, `${path}.${key}`) || undefined;
  const [data, id, url] = [text("file_data"), text("file_id"), text("file_url")];
  const more = { ...defined("name", text("filename")), ...defined("detail", text("detail")) };
  if (data !== undefined) {
    const at = `${path}.file_data`;
    const read = data.startsWith("data:")
      ? dataUrl(data, at)
      : { source: { type: "bytes" as const, data: base64(data, at) }, mime: "application/pdf" };
    return { type: "media", kind: "document", ...read, ...more };
  }
  if (url !== undefined) return { type: "media", kind: "document", source: { type: "url", url }, ...more };
  if (id === undefined) throw invalid(path, `${path} needs file_data, file_url or file_id.`);
  return { type: "media", kind: "document", source: { type: "file", id, origin: "responses" }, ...more };
}

function parseAudio(part: JsonObject, path: string): MediaBlock {
  const audio = requiredObject(part.input_audio, `${path}.input_audio`);
  const at = `${path}.input_audio.data`;
  const data = requiredString(audio, "data", at);
  const format = requiredString(audio, "format", `${path}.input_audio.format`);
  const source: MediaBlock["source"] = data.startsWith("data:")
    ? dataUrl(data, at).source
    : { type: "bytes", data: base64(data, at) };
  return { type: "media", kind: "audio", source, mime: `audio/${format}` };
}
