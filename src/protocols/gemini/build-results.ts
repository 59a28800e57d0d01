/** One round of results: as many responses as there were calls, in their order, and then what responses cannot hold. */
import type { Block, CallItem, MediaBlock, ResultItem } from "../../model/chat.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { isObject } from "../read.ts";
import type { Build, Content } from "./build.ts";
import { buildBlock, buildMedia, contextOf, laidOut } from "./build-parts.ts";

export interface Answered {
  call: CallItem;
  result: ResultItem;
}

/** No content, or one of responses, or this and one of media. */
export function buildResults(answered: readonly Answered[], build: Build, ids: boolean): Content[] {
  const [first] = answered;
  if (!first) return [];
  const moved: JsonObject[] = [];
  const parts = answered.map((entry) => responsePart(entry, { build, ids, moved }));
  const at = first.result.at ?? "items";
  const contents: Content[] = [{ role: "user", parts, at }];
  if (moved.length > 0) contents.push({ role: "user", parts: moved, at, moved: true });
  return contents;
}

interface Round {
  build: Build;
  ids: boolean;
  moved: JsonObject[];
}

function responsePart({ call, result }: Answered, round: Round): JsonObject {
  const { build, ids } = round;
  if (result.cache) build.notes.add("dropped", "cache", "marks_not_carried");
  const name = build.names.toWire(call.name, call.namespace);
  const { response: kept, ...more } = result.ext?.gemini ?? {};
  const { texts, parts } = contentOf(result, name, round);
  return {
    functionResponse: {
      ...(ids ? { id: result.callId } : {}),
      name,
      response: build.own && isObject(kept) ? kept : { [result.isError ? "error" : "output"]: texts.join("\n") },
      ...(parts.length > 0 ? { parts } : {}),
      ...(build.own ? more : {}),
    },
  };
}

/** Texts of a result, and the media that stand in the response itself. */
function contentOf(result: ResultItem, name: string, { build, moved }: Round): { texts: string[]; parts: Json[] } {
  const texts: string[] = [];
  const parts: Json[] = [];
  let count = 0;
  for (const block of result.blocks.flatMap((one) => laidOut(one, build) ?? [one])) {
    if (!isMedia(block)) {
      for (const part of buildBlock(block, build)) {
        if (typeof part.text === "string") texts.push(part.text);
        else parts.push(part);
      }
      continue;
    }
    const part = buildMedia(block, build);
    if (build.own || build.target.can.toolMedia) {
      texts.push(...contextOf(block, build).map(({ text }) => String(text)));
      parts.push({ ...part, ...block.ext?.gemini });
      continue;
    }
    count++;
    const label = `[${block.kind} ${count} of the result of ${name}`;
    texts.push(`${label} follows]`);
    moved.push({ text: `${label}]` }, ...contextOf(block, build), part);
    build.notes.add("emulated", block.at ?? result.at ?? "items", "moved_to_user_content");
  }
  return { texts, parts };
}

function isMedia(block: Block): block is MediaBlock {
  return block.type === "media" && block.source.type !== "text" && block.source.type !== "blocks";
}
