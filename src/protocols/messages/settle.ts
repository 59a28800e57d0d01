/** What the API asks of a list of turns as a whole: no empty ones, roles merged, the user first, a fit end. */
import { GatewayError } from "../../model/error.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Build } from "./build-blocks.ts";
import { isBlank, type Turn } from "./build-turns.ts";

export interface Settled {
  messages: Turn[];
  /** The list ends in words put into the model's mouth. */
  prefill: boolean;
}

/** Throws `invalid-request` for an empty last user turn, `unsupported` for a prefill that the model does not take. */
export function settle(turns: Turn[], build: Build, hasSystem: boolean): Settled {
  const messages = merge(withoutEmpty(turns, build));
  const last = messages.at(-1);
  if (last?.role === "assistant" && last.content.length === 0) {
    build.notes.add("dropped", last.at, "empty_prefill");
    messages.pop();
  }
  if (messages.length === 0 && !hasSystem) {
    throw new GatewayError("invalid-request", "The conversation has no content.", { param: "items" });
  }
  if (messages[0]?.role !== "user") {
    const at = messages[0]?.at ?? "items";
    build.notes.add("emulated", at, "leading_user_inserted");
    messages.unshift({ role: "user", content: [{ type: "text", text: "." }], at });
  }
  return { messages, prefill: checkPrefill(messages, build) };
}

function withoutEmpty(turns: Turn[], build: Build): Turn[] {
  const lastWords = turns.findLastIndex((turn) => turn.role !== "system" && !(turn.role === "user" && isFiller(turn)));
  return turns.flatMap((turn, index) => {
    if (!turn.content.every(isBlank)) return [turn];
    if (turn.role === "assistant") return [{ ...turn, content: [] }];
    if (turn.role === "system" || isFiller(turn)) return [];
    if (index === lastWords) {
      throw new GatewayError("invalid-request", `${turn.at}: the last user message has no content.`, {
        param: turn.at,
      });
    }
    build.notes.add("dropped", turn.at, "empty_user_turn");
    return [];
  });
}

function isFiller(turn: Turn): boolean {
  return turn.filler === true && turn.content.length === 0;
}

function merge(turns: Turn[]): Turn[] {
  const merged: Turn[] = [];
  for (const turn of turns) {
    const last = merged.at(-1);
    if (last && last.role === turn.role && turn.role !== "system") last.content = [...last.content, ...turn.content];
    else merged.push({ ...turn });
  }
  return merged;
}

/** Server tool blocks at the end are a paused turn sent back, which is no prefill. */
function checkPrefill(messages: Turn[], build: Build): boolean {
  const last = messages.at(-1);
  if (last?.role !== "assistant") return false;
  const end = last.content.at(-1);
  if (last.content.some(isServerBlock)) return false;
  if (!build.target.can.prefill) {
    throw new GatewayError(
      "unsupported",
      `${last.at}: this model does not continue a message of the assistant. End the conversation with a user message.`,
      { param: last.at, vendorCode: "prefill_unsupported" },
    );
  }
  if (end?.type === "text" && typeof end.text === "string" && end.text !== end.text.trimEnd()) {
    build.notes.add("emulated", last.at, "prefill_trimmed");
    end.text = end.text.trimEnd();
  }
  return true;
}

function isServerBlock(block: JsonObject): boolean {
  const type = typeof block.type === "string" ? block.type : "";
  return (
    type === "server_tool_use" || type === "mcp_tool_use" || (type !== "tool_result" && type.endsWith("_tool_result"))
  );
}
