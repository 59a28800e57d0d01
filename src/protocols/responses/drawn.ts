/**
 * Pictures that models of other protocols draw in their text: shown to clients as the work of a provider's tool. When
 * they come back they are pictures again, for no provider knows of such a call.
 */
import type { Json, JsonObject } from "../../model/json.ts";
import { isObject, stringOf } from "../chat/wire.ts";
import { isMintedId } from "./ids.ts";

export interface Picture {
  mime: string;
  /** Base64. */
  data: string;
}

export function buildDrawn({ mime, data }: Picture, id: string): JsonObject {
  const format = mime.replace("image/", "");
  return { id, type: "image_generation_call", status: "completed", output_format: format, result: data };
}

/** The picture of a call that Plexus made up; undefined for every other item. */
export function parseDrawn(item: Json): Picture | undefined {
  if (!isObject(item) || item.type !== "image_generation_call" || !isMintedId(item.id)) return undefined;
  const data = stringOf(item.result);
  return data === undefined ? undefined : { mime: `image/${stringOf(item.output_format) ?? "png"}`, data };
}
