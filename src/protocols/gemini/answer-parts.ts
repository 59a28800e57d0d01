/** Items of an answer as the parts that a client sees, in whole answers and at the ends of streamed items alike. */
import type { Block, CallItem, ChatRequest, Item, MediaBlock, ReasoningItem, TextBlock } from "../../model/chat.ts";
import type { JsonObject } from "../../model/json.ts";
import { isObject } from "../read.ts";
import { Traces } from "../server-traces.ts";
import { callArguments } from "./arguments.ts";
import { traceParts } from "./traces.ts";

/** What the client asked to be shown. */
export interface View {
  thoughts: boolean;
  /** The answer is one bare word of an enum: other providers give it as JSON. */
  bareWord: boolean;
}

export function viewOf(request: ChatRequest): View {
  const config = request.ext?.gemini?.generationConfig;
  const mime = isObject(config) ? config.responseMimeType : undefined;
  return {
    thoughts: request.reasoning?.display !== "omitted",
    bareWord: typeof mime === "string" && mime.toLowerCase() === "text/x.enum",
  };
}

export interface AnswerParts {
  parts: JsonObject[];
  /** Texts with the index of their part, for citations. */
  texts: { block: TextBlock; part: number }[];
  /** A call whose arguments are no JSON: the answer ends for that reason. */
  malformed: boolean;
}

export function answerParts(items: readonly Item[], view: View): AnswerParts {
  const out: AnswerParts = { parts: [], texts: [], malformed: false };
  const traces = new Traces();
  for (const item of items) {
    if (item.type === "message") for (const block of item.blocks) addBlock(out, block, view);
    else if (item.type === "reasoning") out.parts.push(...thoughtParts(item, view));
    else if (item.type === "call") {
      const part = callPart(item);
      if (part) out.parts.push(part);
      else if (!item.incomplete) out.malformed = true;
    } else if (item.type !== "result" && item.origin === "gemini" && isObject(item.json)) out.parts.push(item.json);
    else if (item.type === "server-call" || item.type === "server-result")
      out.parts.push(...traceParts(traces.add(item)));
  }
  return out;
}

function addBlock(out: AnswerParts, block: Block, view: View): void {
  if (block.type === "text") {
    const text = view.bareWord ? bareWord(block.text) : block.text;
    if (text === "" && !block.seal) return;
    out.texts.push({ block, part: out.parts.length });
    out.parts.push({ text, ...signed(block.seal?.bytes) });
  } else if (block.type === "refusal" && block.text !== "") {
    out.parts.push({ text: block.text });
  } else if (block.type === "media") {
    const part = mediaPart(block);
    if (part) out.parts.push(part);
  } else if (block.type === "opaque" && block.origin === "gemini" && isObject(block.json)) {
    out.parts.push(block.json);
  }
}

export function signed(bytes: string | undefined): JsonObject {
  return bytes === undefined || bytes === "" ? {} : { thoughtSignature: bytes };
}

/** `"word"` as the word. */
export function bareWord(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "string" ? value : text;
  } catch {
    return text;
  }
}

export function thoughtText(item: ReasoningItem): string {
  return item.text.map(({ text }) => text).join("\n\n");
}

/** Thoughts that are not shown leave their signature alone. */
function thoughtParts(item: ReasoningItem, view: View): JsonObject[] {
  const seal = signed(item.seals.at(-1)?.bytes);
  const text = view.thoughts ? thoughtText(item) : "";
  const isSealed = Object.keys(seal).length > 0;
  if (text === "" && !isSealed) return [];
  const thought = view.thoughts && item.text.length > 0 ? { thought: true } : {};
  return [{ text, ...thought, ...seal }];
}

/** Undefined for a call that is not to be executed: cut short, or without readable arguments. */
export function callPart(item: CallItem): JsonObject | undefined {
  const read = item.incomplete ? undefined : callArguments(item);
  if (!read) return undefined;
  const seal = signed(item.seals?.at(-1)?.bytes);
  return { functionCall: { id: item.callId, name: item.name, args: read.args }, ...seal };
}

export function mediaPart({ source, mime, name }: MediaBlock): JsonObject | undefined {
  const named = name === undefined ? {} : { displayName: name };
  const typed = mime === undefined ? {} : { mimeType: mime };
  if (source.type === "bytes") return { inlineData: { ...typed, data: source.data, ...named } };
  if (source.type === "url") return { fileData: { ...typed, fileUri: source.url, ...named } };
  if (source.type === "text") return { text: source.text };
  const isOwn = source.type === "file" && source.origin === "gemini";
  return isOwn ? { fileData: { ...typed, fileUri: source.id, ...named } } : undefined;
}
