/** The parts that whole answers and chunks for clients share. */
import type { Block, CallItem, MessageItem } from "../../model/chat.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { safeId } from "../ids.ts";
import { buildAnnotation, codePoints } from "./annotations.ts";

/** The client sees ids of this protocol's kind: one that already is, else the foreign one under the usual prefix. */
export function answerId(id: string): string {
  if (id.startsWith("chatcmpl-")) return id;
  return `chatcmpl-${id.replace(/^(?:msg|resp|gen|chatcmpl)[_-]/, "")}`;
}

/** Annotations of a message, whose text stands `offset` code points into the answer's text. */
export function buildAnnotations(item: MessageItem, offset: number): { list: Json[]; length: number } {
  const list: Json[] = [];
  let length = 0;
  for (const block of item.blocks) {
    if (block.type !== "text") continue;
    const span = { offset: offset + length, length: codePoints(block.text) };
    for (const annotation of block.annotations ?? []) {
      const json = buildAnnotation(annotation, span);
      if (json) list.push(json);
    }
    length += span.length;
  }
  return { list, length };
}

/** Images that a model drew, in the form that routers use. */
export function buildImages(blocks: Block[]): Json[] {
  return blocks.flatMap((block): Json[] => {
    if (block.type !== "media" || block.kind !== "image") return [];
    const { source } = block;
    if (source.type === "url") return [{ type: "image_url", image_url: { url: source.url } }];
    if (source.type !== "bytes") return [];
    return [{ type: "image_url", image_url: { url: `data:${block.mime ?? "image/png"};base64,${source.data}` } }];
  });
}

/** A whole tool call of an answer. */
export function buildAnswerCall(call: CallItem): JsonObject {
  const id = safeId(call.callId);
  if (call.kind === "custom") return { id, type: "custom", custom: { name: call.name, input: call.args } };
  const args = call.args === "" && !call.incomplete ? "{}" : call.args;
  return { id, type: "function", function: { name: call.name, arguments: args }, ...extraContent(call) };
}

export function extraContent(call: CallItem): JsonObject {
  const seal = call.seals?.find((one) => one.form === "thought");
  return seal === undefined ? {} : { extra_content: { google: { thought_signature: seal.bytes } } };
}

/** Members of the answer that only this protocol's providers know. */
export function ownFields(ext: { [protocol: string]: JsonObject | undefined } | undefined): JsonObject {
  const { annotations: _annotations, ...fields } = ext?.chat ?? {};
  return fields;
}
