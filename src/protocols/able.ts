/** What a target is not able to, asked in one place by all protocols that render requests for it. */
import type { ChatRequest, Item, ToolChoice } from "../model/chat.ts";
import { GatewayError } from "../model/error.ts";
import type { JsonObject } from "../model/json.ts";
import type { Notes } from "../model/note.ts";
import type { Capabilities, Refusable, TargetFacts } from "../model/target.ts";

/** The request as the model can take it. Throws `unsupported` for tools or images where it takes none: another may. */
export function fitted(request: ChatRequest, target: TargetFacts, notes: Notes): ChatRequest {
  refuseUnable(request, target);
  return withoutForce(request, target, notes);
}

function refuseUnable(request: ChatRequest, { can }: TargetFacts): void {
  // What the provider runs itself is no call: whether it does is asked where that is built.
  const calls = request.tools.some(({ kind }) => kind !== "server");
  if (!can.tools && calls && request.toolChoice?.mode !== "none") {
    throw new GatewayError("unsupported", "tools: this model calls no tools. Leave them out.", { param: "tools" });
  }
  if (can.vision) return;
  for (const item of request.items) {
    const blocks = item.type === "message" || item.type === "result" ? item.blocks : [];
    const image = blocks.find((block) => block.type === "media" && block.kind === "image");
    if (!image) continue;
    const param = image.at ?? item.at ?? "items";
    throw new GatewayError("unsupported", `${param}: image input is not supported by this model.`, { param });
  }
}

/** `isThinkingOff`: the request as it goes out says that the model shall not think. */
export function isRefused(member: Refusable, { refuses }: Capabilities, isThinkingOff = false): boolean {
  const when = refuses[member];
  return when === "always" || (when === "thinking" && !isThinkingOff);
}

/** May the schema of the output go along? Else it becomes an instruction. */
export function takesSchema(request: ChatRequest, { can }: TargetFacts): boolean {
  return can.outputSchema && (can.schemaWithTools || request.tools.length === 0);
}

/** The schema of the output that goes along as an instruction, which a model need not follow. */
export function instructedSchema(request: ChatRequest, target: TargetFacts): JsonObject | undefined {
  const { format } = request;
  return format?.kind === "schema" && !takesSchema(request, target) ? format.schema : undefined;
}

/** A forced call for a model that refuses one: it may choose, and is told in words what to do. */
function withoutForce(request: ChatRequest, { can }: TargetFacts, notes: Notes): ChatRequest {
  const { toolChoice: choice, tools } = request;
  if (can.forcedTool || choice === undefined || tools.length === 0) return request;
  if (choice.mode === "auto" || choice.mode === "none" || (choice.mode === "subset" && !choice.required))
    return request;
  notes.add("emulated", "toolChoice", "forced_tool_coerced");
  const toolChoice: ToolChoice = choice.mode === "subset" ? { ...choice, required: false } : { mode: "auto" };
  const one = choice.mode === "tool" ? `the tool ${JSON.stringify(choice.name)}` : "at least one of the tools";
  return { ...request, toolChoice, items: instructed(request.items, `Answer by calling ${one}.`) };
}

/** A system message after the leading ones: the head of the prompt stays what it was. */
function instructed(items: readonly Item[], text: string): Item[] {
  const at = items.findIndex(
    (item) => item.type !== "message" || (item.role !== "system" && item.role !== "developer"),
  );
  const message: Item = { type: "message", role: "system", blocks: [{ type: "text", text }] };
  return items.toSpliced(at < 0 ? items.length : at, 0, message);
}

/** What the client may ask for at most, told when it asked for more. */
export function capped(asked: number, { maxOutput }: TargetFacts, notes: Notes): number {
  if (maxOutput === undefined || asked <= maxOutput) return asked;
  notes.add("clamped", "sampling.maxTokens", "model_maximum");
  return maxOutput;
}
