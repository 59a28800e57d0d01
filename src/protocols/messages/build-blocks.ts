/** Canonical blocks to content blocks of the wire. */
import type { Annotation, Block, MediaBlock, SearchResultBlock, TextBlock } from "../../model/chat.ts";
import { GatewayError } from "../../model/error.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import type { Notes } from "../../model/note.ts";
import type { TargetFacts } from "../../model/target.ts";
import type { ToolNames } from "../names.ts";
import { isObject } from "../read.ts";
import type { Marks } from "./marks.ts";
import { buildSource } from "./media.ts";

/** What building a request carries along. `own`: the client speaks this protocol too. */
export interface Build {
  target: TargetFacts;
  notes: Notes;
  marks: Marks;
  names: ToolNames;
  own: boolean;
}

type Zone = "system" | "messages";

/** One block, or none for a text without length, which the API refuses. Throws `unsupported`. */
export function buildBlock(block: Block, build: Build, zone: Zone = "messages"): JsonObject[] {
  const object = blockBody(block, build);
  if (!object) return [];
  Object.assign(object, block.ext?.messages);
  build.marks.add(zone, object, block.cache, block.at);
  return [object];
}

function blockBody(block: Block, build: Build): JsonObject | undefined {
  switch (block.type) {
    case "text":
      return block.text === "" ? undefined : textBody(block, build);
    case "refusal":
      build.notes.add("emulated", block.at ?? "items", "refusal_as_text");
      return block.text === "" ? undefined : { type: "text", text: block.text };
    case "media":
      return mediaBody(block, build);
    case "search-result":
      return searchBody(block, build);
    case "opaque": {
      if (block.origin === "messages" && isObject(block.json)) return withoutMark(block.json);
      const at = block.at ?? "items";
      throw new GatewayError("unsupported", `${at}: this kind of content cannot be sent to this provider.`, {
        param: at,
      });
    }
  }
}

/** A copy of a wire object whose mark is written anew, or not at all. */
export function withoutMark(json: JsonObject): JsonObject {
  const { cache_control: _mark, ...rest } = json;
  return rest;
}

function textBody(block: TextBlock, build: Build): JsonObject {
  const citations = citationsOf(block.annotations);
  if (citations.length < (block.annotations?.length ?? 0)) {
    build.notes.add("dropped", `${block.at ?? "items"}.annotations`, "no_encrypted_index");
  }
  return citations.length > 0 ? { type: "text", text: block.text, citations } : { type: "text", text: block.text };
}

/** Only what a Messages provider wrote can go back: others lack the sealed index. */
export function citationsOf(annotations: Annotation[] | undefined): Json[] {
  return (annotations ?? []).flatMap(({ raw }) => (raw?.origin === "messages" ? [raw.json] : []));
}

function mediaBody(block: MediaBlock, build: Build): JsonObject {
  const source = buildSource(block, build.notes, (parent) => nestedBlocks(parent, build));
  if (block.detail !== undefined && block.detail !== "auto") {
    build.notes.add("dropped", `${block.at ?? "items"}.detail`);
  }
  if (block.kind === "image") return { type: "image", source };
  const title = block.title ?? block.name;
  return {
    type: "document",
    source,
    ...(title ? { title } : {}),
    ...(block.context === undefined ? {} : { context: block.context }),
    ...(block.citations === undefined ? {} : { citations: { enabled: block.citations } }),
  };
}

function nestedBlocks(parent: MediaBlock, build: Build): JsonObject[] {
  return parent.source.type === "blocks" ? buildBlocks(parent.source.blocks, build) : [];
}

export function buildBlocks(blocks: Block[], build: Build, zone: Zone = "messages"): JsonObject[] {
  return blocks.flatMap((block) => buildBlock(block, build, zone));
}

function searchBody(block: SearchResultBlock, build: Build): JsonObject {
  return {
    type: "search_result",
    source: block.source,
    title: block.title,
    content: buildBlocks(block.content, build),
    ...(block.citations === undefined ? {} : { citations: { enabled: block.citations } }),
  };
}
