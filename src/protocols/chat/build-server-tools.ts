/** Web search of a client of another protocol: an option here, for models that search. There is no tool that runs code. */
import type { ChatRequest, Tool } from "../../model/chat.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Notes } from "../../model/note.ts";
import type { TargetFacts } from "../../model/target.ts";
import { isOfferedSearch } from "../offered-search.ts";
import { serverToolOf, type Wish, wishesFor } from "../server-tools.ts";
import { isObject } from "./wire.ts";

const wishes: readonly Wish[] = ["place", "size"];

interface OptionContext {
  target: TargetFacts;
  notes: Notes;
}

type Asking = Pick<ChatRequest, "tools" | "toolChoice">;

/**
 * Is it a search that becomes the option? With that some models search whatever they are asked: one that is merely offered
 * does not.
 */
export function isOption(tool: Tool, request: Asking, { target }: Pick<OptionContext, "target">): boolean {
  if (tool.origin === "chat" || !target.can.searchOptions || isOfferedSearch(tool, request)) return false;
  return serverToolOf(tool, "")?.kind === "search";
}

/** `web_search_options`, made of the first search that is asked for. Throws `unsupported` for bounds that it cannot say. */
export function buildSearchOptions(request: Asking, context: OptionContext): JsonObject {
  const index = request.tools.findIndex((tool) => isOption(tool, request, context));
  const tool = request.tools[index];
  const asked = tool && serverToolOf(tool, `tools.${index}`);
  if (asked?.kind !== "search") return {};
  const { place, size } = wishesFor(asked, wishes, context.notes);
  const near = isObject(place) ? { user_location: { type: "approximate", approximate: place } } : {};
  return { web_search_options: { ...(size === undefined ? {} : { search_context_size: size }), ...near } };
}
