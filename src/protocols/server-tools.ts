/**
 * Tools that a provider runs itself, read once whoever declares them: what is asked for, and within which bounds. Each
 * protocol writes that in its own form, as far as it has one.
 */
import type { ChatRequest, Tool } from "../model/chat.ts";
import { GatewayError } from "../model/error.ts";
import type { Json, JsonObject } from "../model/json.ts";
import type { Notes } from "../model/note.ts";
import { isAbsent, isObject } from "./read.ts";

/**
 * What may be said of a search. `allowed` and `blocked`: lists of domains. `place`: city, country, region, timezone.
 * `size`: low, medium, high. `uses`: the most searches. `period`: when the sources were written.
 */
export type Wish = "allowed" | "blocked" | "place" | "size" | "uses" | "period";

/** With these, sources that lie outside would be wrong: they are kept, or the request is refused. */
const bounds: ReadonlySet<Wish> = new Set(["allowed", "blocked", "period"]);

export interface WebSearch {
  kind: "search";
  wishes: ReadonlyMap<Wish, { at: string; value: Json }>;
  /** Paths of members, also of the answer, that no other protocol has. */
  others: readonly string[];
}

export interface CodeRun {
  kind: "code";
  /** Path of a container that exists already, or is to have files. */
  container?: string;
  others: readonly string[];
}

export type ServerTool = WebSearch | CodeRun;

type Found = [wish: Wish | undefined, at: string, value: Json | undefined];

/** Undefined for a tool that only its own vendor has. `at` is its path. */
export function serverToolOf(tool: Tool, at: string): ServerTool | undefined {
  if (tool.kind !== "server") return undefined;
  const json = tool.json ?? {};
  if (tool.origin === "gemini") return fromGemini(json, at);
  const type = typeof json.type === "string" ? json.type : "";
  const isOpenAi = tool.origin === "responses";
  if (isOpenAi && /^web_search(?:_preview)?(?:_\d|$)/.test(type)) return search(fromResponses(json, at));
  if (isOpenAi && type === "code_interpreter") return codeRun(json, at);
  if (tool.origin !== "messages") return undefined;
  // Its clients are shown no sources of others: citations there have a sealed index.
  if (/^web_search_\d/.test(type)) return search([...fromMessages(json, at), [undefined, "content.citations", true]]);
  return /^code_execution_\d/.test(type) ? codeRun(json, at) : undefined;
}

/** The search that a Chat Completions client asks for without declaring a tool. */
export function searchOptionOf(request: ChatRequest): WebSearch | undefined {
  const options = request.ext?.chat?.web_search_options;
  if (!isObject(options)) return undefined;
  const at = "web_search_options";
  return search(
    Object.entries(options).flatMap(([key, value]): Found[] => {
      if (key === "search_context_size") return [["size", `${at}.${key}`, value]];
      if (key !== "user_location" || !isObject(value)) return [[undefined, `${at}.${key}`, value]];
      return [["place", `${at}.${key}`, isObject(value.approximate) ? value.approximate : value]];
    }),
  );
}

function search(found: readonly Found[]): WebSearch {
  const wishes = new Map<Wish, { at: string; value: Json }>();
  const others: string[] = [];
  for (const [wish, at, value] of found) {
    if (isAbsent(value) || (Array.isArray(value) && value.length === 0)) continue;
    if (wish) wishes.set(wish, { at, value: wish === "place" ? bare(value) : value });
    else others.push(at);
  }
  return { kind: "search", wishes, others };
}

/** A place without the word that says how exact it is. */
function bare(place: Json): Json {
  if (!isObject(place)) return {};
  return Object.fromEntries(Object.entries(place).filter(([key, value]) => key !== "type" && !isAbsent(value)));
}

const messagesWishes: Readonly<Record<string, Wish>> = {
  allowed_domains: "allowed",
  blocked_domains: "blocked",
  user_location: "place",
  max_uses: "uses",
};

function fromMessages(json: JsonObject, at: string): Found[] {
  return Object.entries(json).flatMap(([key, value]): Found[] => {
    if (key === "type" || key === "name") return [];
    return [[wishIn(messagesWishes, key), `${at}.${key}`, value]];
  });
}

const responsesWishes: Readonly<Record<string, Wish>> = { search_context_size: "size", user_location: "place" };
const filters: Readonly<Record<string, Wish>> = {
  allowed_domains: "allowed",
  blocked_domains: "blocked",
  excluded_domains: "blocked",
};

function fromResponses(json: JsonObject, at: string): Found[] {
  return Object.entries(json).flatMap(([key, value]): Found[] => {
    if (key === "type") return [];
    if (key !== "filters" || !isObject(value)) return [[wishIn(responsesWishes, key), `${at}.${key}`, value]];
    return Object.entries(value).map(([name, inner]) => [wishIn(filters, name), `${at}.${key}.${name}`, inner]);
  });
}

const geminiWishes: Readonly<Record<string, Wish>> = { excludeDomains: "blocked", timeRangeFilter: "period" };

function fromGemini(json: JsonObject, at: string): ServerTool | undefined {
  const key = Object.keys(json)[0] ?? "";
  const own = isObject(json[key]) ? json[key] : {};
  if (key === "codeExecution") return { kind: "code", others: Object.keys(own).map((name) => `${at}.${key}.${name}`) };
  // The second is what the first was called at the first models that had it.
  if (key !== "googleSearch" && key !== "googleSearchRetrieval") return undefined;
  return search(
    Object.entries(own).map(([name, value]) => [wishIn(geminiWishes, name), `${at}.${key}.${name}`, value]),
  );
}

function wishIn(table: Readonly<Record<string, Wish>>, key: string): Wish | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

const codeKeys = new Set(["type", "name", "container"]);

function codeRun(json: JsonObject, at: string): CodeRun {
  const { container } = json;
  const settings = isObject(container) ? Object.keys(container).filter((key) => key !== "type") : [];
  const isMore = typeof container === "string" || settings.some((key) => key !== "memory_limit");
  const others = Object.keys(json).filter((key) => !codeKeys.has(key) && !isAbsent(json[key]));
  if (settings.length > 0) others.push("container.memory_limit");
  return {
    kind: "code",
    ...(isMore ? { container: `${at}.container` } : {}),
    others: others.map((key) => `${at}.${key}`),
  };
}

/** Can all bounds of the search be kept by a provider that takes these? */
export function keepsBounds({ wishes }: WebSearch, able: readonly Wish[]): boolean {
  return [...wishes.keys()].every((wish) => !bounds.has(wish) || able.includes(wish));
}

/** The values of the wishes that are `able` to go along; the others are told. Throws `unsupported` for a bound among them. */
export function wishesFor(asked: WebSearch, able: readonly Wish[], notes: Notes): Partial<Record<Wish, Json>> {
  const kept: Partial<Record<Wish, Json>> = {};
  for (const [wish, { at, value }] of asked.wishes) {
    if (able.includes(wish)) kept[wish] = value;
    else if (bounds.has(wish)) throw refusal(at, "this provider's web search cannot be limited so. Leave it out.");
    else notes.add("dropped", at);
  }
  for (const at of asked.others) notes.add("dropped", at);
  return kept;
}

/** Throws `unsupported` for a container that is more than a place to run in. */
export function tellCode({ container, others }: CodeRun, notes: Notes): void {
  if (container !== undefined) throw refusal(container, "this provider runs code in a place of its own. Leave it out.");
  for (const at of others) notes.add("dropped", at);
}

/** What is said of a tool that the target does not run. */
export function notRun(tool: Tool, at: string): GatewayError {
  return refusal(at, `this provider has no tool of this kind ("${tool.name}"). Leave it out.`);
}

export function optionNotRun(): GatewayError {
  return refusal("web_search_options", "this provider has no web search. Leave them out.");
}

function refusal(param: string, words: string): GatewayError {
  return new GatewayError("unsupported", `${param}: ${words}`, { param });
}
