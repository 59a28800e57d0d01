/** Code that a provider of another protocol ran, as the two blocks of a call. Of searches the sealed sources are missing. */
import type { ServerCallItem, ServerResultItem } from "../../model/chat.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { isObject } from "../read.ts";
import { isMintedCallId, mintedCallId, Traces } from "../server-traces.ts";

/** One of the two blocks that `TraceWriter` makes. */
export function isMintedTrace(block: Json): boolean {
  return isObject(block) && (isMintedCallId(block.id) || isMintedCallId(block.tool_use_id));
}

/** Of one answer, item by item. */
export class TraceWriter {
  private readonly traces = new Traces();
  private count = 0;

  constructor(private readonly answerId: string) {}

  /** The call and its result when this item completes the two; nothing where one of them cannot be whole. */
  blocks(item: ServerCallItem | ServerResultItem): JsonObject[] {
    const trace = this.traces.add(item);
    if (trace?.kind !== "code" || trace.output === undefined) return [];
    const id = mintedCallId(this.answerId, this.count++);
    const content = {
      ...{ type: "code_execution_result", stdout: trace.output, stderr: "" },
      ...{ return_code: trace.failed ? 1 : 0, content: [] },
    };
    const call = { type: "server_tool_use", id, name: "code_execution", input: { code: trace.code } };
    return [
      { ...call, caller: { type: "direct" } },
      { type: "code_execution_tool_result", tool_use_id: id, content },
    ];
  }
}
