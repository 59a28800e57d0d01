/** Citations: `url_citation`, nested as Chat Completions writes it; the flat form of Responses is read as well. */
import type { Annotation } from "../../model/chat.ts";
import type { JsonObject } from "../../model/json.ts";
import { isObject, numberOf, stringOf } from "./wire.ts";

export function parseAnnotation(json: JsonObject): Annotation {
  const raw = { origin: "chat", json };
  const body = isObject(json.url_citation) ? json.url_citation : json;
  const url = stringOf(body.url);
  if (json.type !== "url_citation" || url === undefined) return { kind: "other", raw };
  const title = stringOf(body.title);
  const start = numberOf(body.start_index);
  const end = numberOf(body.end_index);
  return {
    kind: "url",
    url,
    ...(title === undefined ? {} : { title }),
    ...(start === undefined ? {} : { start }),
    ...(end === undefined ? {} : { end }),
    raw,
  };
}

export interface Span {
  /** Code points of the message's text before the block. */
  offset: number;
  /** Code points of the block. */
  length: number;
}

/** Undefined for what other protocols know beside web addresses; a citation without a span covers its block. */
export function buildAnnotation(annotation: Annotation, span: Span): JsonObject | undefined {
  const { raw } = annotation;
  if (raw?.origin === "chat" && isObject(raw.json) && (annotation.kind === "other" || span.offset === 0))
    return raw.json;
  if (annotation.kind !== "url" || annotation.url === undefined) return undefined;
  return {
    type: "url_citation",
    url_citation: {
      start_index: span.offset + (annotation.start ?? 0),
      end_index: span.offset + (annotation.end ?? span.length),
      title: annotation.title ?? "",
      url: annotation.url,
    },
  };
}

export function codePoints(text: string): number {
  let count = text.length;
  for (let at = 0; at < text.length - 1; at++) {
    if ((text.charCodeAt(at) & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) {
      count--;
      at++;
    }
  }
  return count;
}
