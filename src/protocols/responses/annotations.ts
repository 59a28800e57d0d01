/** Citations: flat `url_citation`; the kinds that name files are kept as they came. */
import type { Annotation } from "../../model/chat.ts";
import type { JsonObject } from "../../model/json.ts";
import { isObject, numberOf, stringOf } from "../chat/wire.ts";
import { defined } from "./wire.ts";

export function parseAnnotation(json: JsonObject): Annotation {
  const raw = { origin: "responses", json };
  const url = stringOf(json.url);
  if (json.type !== "url_citation" || url === undefined) return { kind: "other", raw };
  return {
    kind: "url",
    url,
    ...defined("title", stringOf(json.title)),
    ...defined("start", numberOf(json.start_index)),
    ...defined("end", numberOf(json.end_index)),
    raw,
  };
}

/** `length` is that of the text in code points: a citation without a span covers all. Undefined without a web address. */
export function buildAnnotation(annotation: Annotation, length: number): JsonObject | undefined {
  const { raw } = annotation;
  if (raw?.origin === "responses" && isObject(raw.json)) return raw.json;
  if (annotation.kind !== "url" || annotation.url === undefined) return undefined;
  return {
    type: "url_citation",
    start_index: annotation.start ?? 0,
    end_index: annotation.end ?? length,
    title: annotation.title ?? "",
    url: annotation.url,
  };
}
