/**
 * What a provider tells of the tools that it ran itself while it answered, read once whoever tells it. A trace is given when
 * it is whole: with the result where that is an item of its own.
 */
import { sha256Hex } from "../kit/hash.ts";
import type { Ext, Item, ServerCallItem, ServerResultItem } from "../model/chat.ts";
import type { Json, JsonObject } from "../model/json.ts";
import { isObject } from "./read.ts";

export interface SearchTrace {
  kind: "search";
  queries: string[];
  /** Addresses that were found, as far as they are told. */
  sources: string[];
  failed: boolean;
}

export interface CodeTrace {
  kind: "code";
  code: string;
  /** What it printed; absent when that is not told. */
  output?: string;
  failed: boolean;
}

export type Trace = SearchTrace | CodeTrace;

interface Call {
  trace: Trace;
  /** Its result is still to come. */
  isOpen: boolean;
}

/** Of one answer, item by item. */
export class Traces {
  private readonly open = new Map<string, Trace>();

  add(item: ServerCallItem | ServerResultItem): Trace | undefined {
    if (!isObject(item.json)) return undefined;
    if (item.type === "server-call") {
      const call = callOf(item, item.json);
      if (call?.isOpen) this.open.set(item.callId, call.trace);
      return call?.isOpen ? undefined : call?.trace;
    }
    // Google's have no ids in most answers: a result is that of the call before it.
    const id = this.open.has(item.callId) || item.origin !== "gemini" ? item.callId : [...this.open.keys()].at(-1);
    const trace = id === undefined ? undefined : this.open.get(id);
    if (!trace || id === undefined) return undefined;
    this.open.delete(id);
    return withResult(trace, item.json);
  }
}

/** The traces of a whole answer, in order. */
export function tracesIn(items: readonly Item[]): Trace[] {
  const traces = new Traces();
  return items.flatMap((item) => {
    const trace = item.type === "server-call" || item.type === "server-result" ? traces.add(item) : undefined;
    return trace ? [trace] : [];
  });
}

function callOf(item: ServerCallItem, json: JsonObject): Call | undefined {
  switch (item.origin) {
    case "messages":
      return messagesCall(item);
    case "responses":
      return responsesCall(json);
    case "gemini":
      return geminiCall(json);
    default:
      return undefined;
  }
}

function messagesCall({ tool, input }: ServerCallItem): Call | undefined {
  if (!isObject(input)) return undefined;
  if (tool === "web_search") return { isOpen: true, trace: searchFor(textsOf([input.query])) };
  const code = tool === "code_execution" ? input.code : tool === "bash_code_execution" ? input.command : undefined;
  return typeof code === "string" ? { isOpen: true, trace: { kind: "code", code, failed: false } } : undefined;
}

function responsesCall(json: JsonObject): Call | undefined {
  const failed = json.status === "failed";
  if (json.type === "code_interpreter_call" && typeof json.code === "string") {
    const told = Array.isArray(json.outputs) ? json.outputs : undefined;
    const output = told?.flatMap((one) => (isObject(one) ? textsOf([one.logs]) : [])).join("");
    const trace: Trace = { kind: "code", code: json.code, ...(output === undefined ? {} : { output }), failed };
    return { isOpen: false, trace };
  }
  const action = isObject(json.action) ? json.action : {};
  if (json.type !== "web_search_call" || action.type !== "search") return undefined;
  const queries = textsOf(Array.isArray(action.queries) ? action.queries : [action.query]);
  const sources = Array.isArray(action.sources) ? action.sources : [];
  return { isOpen: false, trace: { ...searchFor(queries), sources: urlsOf(sources), failed } };
}

function geminiCall(json: JsonObject): Call | undefined {
  const { executableCode: code, toolCall: call } = json;
  if (isObject(code) && typeof code.code === "string") {
    return { isOpen: true, trace: { kind: "code", code: code.code, failed: false } };
  }
  const isSearch = isObject(call) && String(call.toolType).startsWith("GOOGLE_SEARCH");
  if (!isSearch || !isObject(call.args) || !Array.isArray(call.args.queries)) return undefined;
  return { isOpen: false, trace: searchFor(textsOf(call.args.queries)) };
}

function searchFor(queries: string[]): SearchTrace {
  return { kind: "search", queries, sources: [], failed: false };
}

function withResult(trace: Trace, json: JsonObject): Trace {
  if (trace.kind === "code" && isObject(json.codeExecutionResult)) {
    const { output, outcome } = json.codeExecutionResult;
    return { ...trace, output: textsOf([output]).join(""), failed: /FAILED|DEADLINE/.test(String(outcome)) };
  }
  const result = json.content;
  if (trace.kind === "search") {
    return { ...trace, sources: urlsOf(Array.isArray(result) ? result : []), failed: !Array.isArray(result) };
  }
  if (!isObject(result)) return trace;
  // What is sealed cannot be shown, an error has printed nothing.
  const failed =
    typeof result.error_code === "string" || (typeof result.return_code === "number" && result.return_code !== 0);
  const isTold = typeof result.stdout === "string" || typeof result.error_code === "string";
  const output = textsOf([result.stdout, result.stderr, result.error_code]).join("\n");
  return { ...trace, ...(isTold ? { output } : {}), failed };
}

function textsOf(values: readonly (Json | undefined)[]): string[] {
  return values.flatMap((value) => (typeof value === "string" && value !== "" ? [value] : []));
}

function urlsOf(values: readonly Json[]): string[] {
  return textsOf(values.map((value) => (isObject(value) ? value.url : undefined)));
}

/** What Google says that it searched for, beside the answer. */
export function groundedSearch(ext: Ext | undefined): SearchTrace | undefined {
  const candidate = ext?.gemini?.candidate;
  const metadata = isObject(candidate) && isObject(candidate.groundingMetadata) ? candidate.groundingMetadata : {};
  const queries = textsOf(Array.isArray(metadata.webSearchQueries) ? metadata.webSearchQueries : []);
  return queries.length === 0 ? undefined : searchFor(queries);
}

const mark = "srvtoolu_plx";

/** The id of a call that stands for one of another protocol. No provider has seen it: it goes to none. */
export function mintedCallId(answerId: string, index: number): string {
  return mark + sha256Hex(`${answerId}\u0000${index}`).slice(0, 24);
}

export function isMintedCallId(id: Json | undefined): boolean {
  return typeof id === "string" && /^srvtoolu_plx[0-9a-f]{24}$/.test(id);
}
