/**
 * One round of tool results: a tool message for each call in the calls' order, then one user message with the images
 * and files that tool messages cannot hold.
 */
import type { Block, MediaBlock, ResultItem } from "../../model/chat.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Capabilities } from "../../model/target.ts";
import { safeId, shortId } from "../ids.ts";
import { buildPart, contentOf, marked, type PartContext } from "./build-parts.ts";
import { errorLine } from "./request-messages.ts";

export interface ResultContext extends PartContext {
  can: Pick<Capabilities, "toolMedia" | "shortCallIds" | "names">;
}

export function buildResults(results: ResultItem[], context: ResultContext): JsonObject[] {
  const moved: JsonObject[] = [];
  const messages = results.map((result) => buildResult(result, moved, context));
  return moved.length === 0 ? messages : [...messages, { role: "user", content: moved }];
}

function buildResult(result: ResultItem, moved: JsonObject[], context: ResultContext): JsonObject {
  const callId = context.can.shortCallIds ? shortId(result.callId) : safeId(result.callId);
  let count = 0;
  const parts = result.blocks.flatMap((block) => {
    if (!isMoved(block) || context.can.toolMedia) return buildPart(block, context);
    count++;
    const label = `[${block.kind === "image" ? "image" : "file"} ${count} of call ${callId}`;
    moved.push({ type: "text", text: `${label}]` }, ...buildPart(block, context));
    context.notes.add("emulated", block.at ?? result.at ?? "messages", "moved_to_user_message");
    return [{ type: "text", text: `${label} follows]` }];
  });
  if (result.isError) markError(parts);
  const isMarked = result.cache !== undefined && result.ext?.chat?.cache_control === undefined;
  return {
    role: "tool",
    tool_call_id: callId,
    ...(result.name === undefined || context.from !== "chat" || !context.can.names ? {} : { name: result.name }),
    content: contentOf(isMarked ? marked(parts, result.cache ?? {}, context) : parts),
    ...result.ext?.chat,
  };
}

function isMoved(block: Block): block is MediaBlock {
  return block.type === "media" && block.source.type !== "text" && block.source.type !== "blocks";
}

function markError(parts: JsonObject[]): void {
  const first = parts[0];
  if (first?.type !== "text" || typeof first.text !== "string") {
    parts.unshift({ type: "text", text: errorLine });
  } else if (first.text !== errorLine && !first.text.startsWith(`${errorLine}\n`)) {
    parts[0] = { ...first, text: `${errorLine}\n${first.text}` };
  }
}
