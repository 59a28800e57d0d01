/**
 * Tools that a model finds in mid-conversation, for providers of another protocol: all are declared from the beginning, and
 * what tells of their coming says no more than that they are there.
 */
import type { Block, ChatRequest, Item } from "../model/chat.ts";
import type { Json, JsonObject } from "../model/json.ts";
import type { Notes } from "../model/note.ts";
import { isTyped } from "./emulated-tools.ts";
import { isObject } from "./read.ts";

/** `own` is the protocol that is built for: at home, what the history brought is found in the history. */
export function withToolsExpanded(request: ChatRequest, own: string, notes: Notes): ChatRequest {
  if (request.protocol === own) {
    const declared = request.tools.filter(({ found }) => !found);
    return declared.length < request.tools.length ? { ...request, tools: declared } : request;
  }
  if (!request.items.some(tellsOfTools)) return request;
  const items = request.items.flatMap((item) => (tellsOfTools(item) ? withoutTools(item, notes) : [item]));
  return { ...request, items };
}

/** Items of Responses that hold tools. */
const bringers: ReadonlySet<Json | undefined> = new Set(["tool_search_output", "additional_tools"]);

/**
 * The declarations in an item that brings tools; undefined for every other item. What a search found in the past must not
 * make a conversation unusable: of that (`isPast`) only what the client runs itself is wanted.
 */
export function broughtBy(item: Item): { tools: JsonObject[]; isPast: boolean } | undefined {
  if (item.type !== "opaque" || item.origin !== "responses" || !isObject(item.json)) return undefined;
  const { type, tools } = item.json;
  if (!bringers.has(type) || !Array.isArray(tools)) return undefined;
  return { tools: tools.filter(isObject), isPast: type === "tool_search_output" };
}

export function isClientRun(type: Json | undefined): boolean {
  return (
    type === "function" || type === "custom" || type === "namespace" || (typeof type === "string" && isTyped(type))
  );
}

function tellsOfTools(item: Item): boolean {
  if (item.type !== "message" && item.type !== "result") return broughtBy(item) !== undefined;
  return item.blocks.some((block) => nameIn(block) !== undefined);
}

function withoutTools(item: Item, notes: Notes): Item[] {
  const tell = (at = "items") => notes.add("emulated", at, "tools_expanded");
  if (item.type !== "message" && item.type !== "result") {
    tell(item.at);
    const { tools = [], isPast = false } = broughtBy(item) ?? {};
    tools.forEach(({ type }, index) => {
      if (isPast && !isClientRun(type)) notes.add("dropped", `${item.at ?? "items"}.tools.${index}`);
    });
    return [];
  }
  const blocks = item.blocks.flatMap((block): Block[] => {
    const name = nameIn(block);
    if (name === undefined) return [block];
    const at = block.at ?? item.at;
    tell(at);
    const place = at === undefined ? {} : { at };
    // Of a result the model is told something; what a system message adds is in the list of tools.
    return item.type === "message"
      ? []
      : [{ type: "text", ...place, text: `There is a tool ${JSON.stringify(name)}.` }];
  });
  return blocks.length === 0 ? [] : [{ ...item, blocks }];
}

/** The tool that a block of Messages says is there. */
function nameIn(block: Block): string | undefined {
  if (block.type !== "opaque" || block.origin !== "messages" || !isObject(block.json)) return undefined;
  const { type, tool, tool_name: name } = block.json;
  if (type === "tool_reference") return typeof name === "string" ? name : undefined;
  const isAdded = type === "tool_addition" && isObject(tool) && tool.type === "tool_reference";
  return isAdded && typeof tool.name === "string" ? tool.name : undefined;
}
