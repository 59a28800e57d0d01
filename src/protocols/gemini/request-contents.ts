/**
 * The client's contents to items. Consecutive model contents are one turn: clients keep every chunk of a stream as a
 * content of its own, so text pieces that touch are joined again. Calls without ids get one from their place.
 */
import type { Block, CallItem, Item, MessageItem, ReasoningItem, ResultItem, TextBlock } from "../../model/chat.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { derivedId } from "../ids.ts";
import { invalid, isAbsent, isObject, optional, readName, readText } from "../read.ts";
import { parseMedia, parseServerPart, sealOf } from "./parts.ts";
import { extOf, readFree, readObject, readRepeated, textOr } from "./read.ts";

const roles: Readonly<Record<string, "user" | "assistant">> = {
  "": "user",
  user: "user",
  function: "user",
  tool: "user",
  model: "assistant",
  assistant: "assistant",
};

interface Spot {
  at: string;
  role: "user" | "assistant";
  /** Which content, and which call in it. */
  content: number;
  ordinal: number;
}

/** Throws `invalid-request` that names the part. */
export function parseContents(contents: Json[]): Item[] {
  const history = new History();
  contents.forEach((value, index) => {
    const content = readObject(value, `contents.${index}`);
    const word = textOr(content.role).toLowerCase();
    const role = Object.hasOwn(roles, word) ? roles[word] : undefined;
    if (!role) throw invalid(`contents.${index}.role`, 'must be "user" or "model"');
    const parts = optional(content.parts, `contents.${index}.parts`, readRepeated) ?? [];
    history.begin(role);
    let ordinal = 0;
    parts.forEach((part, place) => {
      const at = `contents.${index}.parts.${place}`;
      const json = readObject(part, at);
      history.add(json, { at, role, content: index, ordinal });
      if (json.functionCall !== undefined) ordinal++;
    });
  });
  return history.items;
}

/** The parts of a system instruction: text only. */
export function parseInstruction(value: unknown): Block[] {
  if (isAbsent(value)) return [];
  const at = "systemInstruction";
  if (typeof value === "string") return value === "" ? [] : [{ type: "text", text: value, at }];
  const content: JsonObject = Array.isArray(value) ? { parts: value } : readObject(value, at);
  const parts = content.parts === undefined && content.text !== undefined ? [content] : (content.parts ?? []);
  return readRepeated(parts, `${at}.parts`).flatMap((value, index): Block[] => {
    const path = `${at}.parts.${index}`;
    if (typeof value === "string") return value === "" ? [] : [{ type: "text", text: value, at: path }];
    const part = readObject(value, path);
    if (part.text === undefined) throw invalid(path, "a system instruction holds text only");
    const text = readText(part.text, `${path}.text`);
    return text === "" ? [] : [{ type: "text", text, at: path, ...extOf(part, textKeys) }];
  });
}

const textKeys = new Set(["text", "thought", "thoughtSignature"]);
const callKeys = new Set(["functionCall", "thoughtSignature", "thought"]);

interface OpenCall {
  call: CallItem;
  given: string | undefined;
  answered: boolean;
}

class History {
  readonly items: Item[] = [];
  private readonly calls: OpenCall[] = [];
  private readonly ids = new Set<string>();
  private role: "user" | "assistant" | undefined;
  /** Where the next item may join the one before it. */
  private joins = false;

  begin(role: "user" | "assistant"): void {
    this.joins = role === "assistant" && this.role === "assistant";
    this.role = role;
  }

  add(part: JsonObject, spot: Spot): void {
    if (part.functionCall !== undefined) this.call(part, spot);
    else if (part.functionResponse !== undefined) this.result(part, spot);
    else if (typeof part.text === "string") this.text(part, spot);
    else if (part.thought === true) this.opaque(part, spot);
    else this.other(part, spot);
    this.joins = true;
  }

  private last(): Item | undefined {
    return this.joins ? this.items.at(-1) : undefined;
  }

  private text(part: JsonObject, spot: Spot): void {
    const text = readText(part.text, `${spot.at}.text`);
    const seal = sealOf(part);
    if (part.thought === true) {
      this.thought(text, part, spot);
      return;
    }
    // A signature that stands alone belongs to the turn; it travels as reasoning that shows nothing.
    if (text === "" && seal) {
      this.items.push({ type: "reasoning", text: [], seals: [seal], at: spot.at });
      return;
    }
    if (text === "" && spot.role === "assistant") return;
    const block: TextBlock = { type: "text", text, at: spot.at, ...(seal ? { seal } : {}), ...extOf(part, textKeys) };
    const before = this.message(spot);
    const tail = before.blocks.at(-1);
    const joined = spot.role === "assistant" && isPlain(tail) && isPlain(block);
    if (joined && tail?.type === "text") tail.text += text;
    else before.blocks.push(block);
  }

  private thought(text: string, part: JsonObject, { at }: Spot): void {
    const seal = sealOf(part);
    const before = this.last();
    const open =
      before?.type === "reasoning" && before.seals.length === 0 && before.text.length > 0 ? before : undefined;
    if (open && (!seal || text === "")) {
      const [first] = open.text;
      if (first) first.text += text;
      if (seal) open.seals.push(seal);
      return;
    }
    if (text === "" && !seal) return;
    const item: ReasoningItem = { type: "reasoning", text: [{ kind: "summary", text }], seals: seal ? [seal] : [], at };
    this.items.push({ ...item, ...extOf(part, textKeys) });
  }

  /** The message that this part belongs to: the one before it, or a new one. */
  private message({ role, at }: Spot): MessageItem {
    const before = this.last();
    if (before?.type === "message" && before.role === role) return before;
    const message: MessageItem = { type: "message", role, blocks: [], at: at.replace(/\.parts\.\d+$/, "") };
    this.items.push(message);
    return message;
  }

  private other(part: JsonObject, spot: Spot): void {
    const media = parseMedia(part, spot.at);
    if (media) {
      this.message(spot).blocks.push(media);
      return;
    }
    const before = this.items.at(-1);
    const id = before?.type === "server-call" ? before.callId : `srv_${spot.content}_${this.items.length}`;
    const server = parseServerPart(part, { at: spot.at, id });
    if (server) this.items.push(server);
    else if (Object.keys(part).length > 0) this.opaque(part, spot);
  }

  private opaque(part: JsonObject, { at, role }: Spot): void {
    this.items.push({ type: "opaque", origin: "gemini", role, json: part, at });
  }

  private call(part: JsonObject, spot: Spot): void {
    const at = `${spot.at}.functionCall`;
    const json = readObject(part.functionCall, at);
    const name = readName(json.name, `${at}.name`);
    const args = optional(json.args, `${at}.args`, readFree) ?? {};
    const given = typeof json.id === "string" && json.id !== "" ? json.id : undefined;
    const seal = sealOf(part);
    const call: CallItem = {
      type: "call",
      kind: "function",
      callId: given ?? this.freshId(name, spot),
      name,
      args: JSON.stringify(args),
      ...(seal ? { seals: [seal] } : {}),
      at: spot.at,
      ...extOf(part, callKeys),
    };
    this.ids.add(call.callId);
    this.calls.push({ call, given, answered: false });
    this.items.push(call);
  }

  private freshId(name: string, { content, ordinal }: Spot): string {
    let id = derivedId(`${content}:${name}`, 0, ordinal);
    for (let more = 1; this.ids.has(id); more++) id = derivedId(`${content}:${name}`, more, ordinal);
    return id;
  }

  private result(part: JsonObject, spot: Spot): void {
    const at = `${spot.at}.functionResponse`;
    const json = readObject(part.functionResponse, at);
    const name = textOr(json.name);
    const id = typeof json.id === "string" && json.id !== "" ? json.id : undefined;
    const call = this.answer(id, name);
    if (!call && id === undefined && name === "") throw invalid(`${at}.name`, "must be a string that is not empty");
    const item: ResultItem = {
      type: "result",
      kind: "function",
      callId: call?.callId ?? id ?? this.freshId(name, spot),
      name: call?.name ?? name,
      ...parseResponseObject(json, at),
      at: spot.at,
    };
    const more = extOf(json, responseKeys).ext?.gemini;
    if (more) item.ext = { gemini: { ...item.ext?.gemini, ...more } };
    this.items.push(item);
  }

  /** The call that a response answers: by id where both have one, else the first open one of that name. */
  private answer(id: string | undefined, name: string): CallItem | undefined {
    const open = this.calls.filter((entry) => !entry.answered);
    const found =
      (id === undefined ? undefined : open.find((entry) => entry.given === id)) ??
      open.find((entry) => entry.call.name === name && (id === undefined || entry.given === undefined)) ??
      (id === undefined ? undefined : this.calls.find((entry) => entry.given === id)) ??
      open.find((entry) => entry.call.name === name);
    if (found) found.answered = true;
    return found?.call;
  }
}

function isPlain(block: Block | undefined): boolean {
  return block?.type === "text" && !block.seal && !block.ext;
}

const responseKeys = new Set(["id", "name", "response", "parts"]);

type Response = Pick<ResultItem, "blocks" | "isError" | "plain" | "ext">;

/** `output` or `error` alone is text; any other object is its own JSON, kept beside it for the way back. */
function parseResponseObject(json: JsonObject, at: string): Response {
  const response = optional(json.response, `${at}.response`, readFree) ?? {};
  const media = (optional(json.parts, `${at}.parts`, readRepeated) ?? []).flatMap((value, index): Block[] => {
    const path = `${at}.parts.${index}`;
    const block = parseMedia(readObject(value, path), path);
    return block ? [block] : [{ type: "opaque", origin: "gemini", json: value, at: path }];
  });
  const keys = Object.keys(response);
  const isError = "error" in response && !("output" in response) && !isAbsent(response.error);
  const value = isError ? response.error : "output" in response ? response.output : response;
  const text = typeof value === "string" ? value : keys.length === 0 ? "" : JSON.stringify(value);
  const plain = typeof value === "string" && keys.length === 1;
  const blocks: Block[] = text === "" && media.length > 0 ? media : [{ type: "text", text, at }, ...media];
  return {
    blocks,
    isError,
    ...(plain && media.length === 0 ? { plain: true } : {}),
    ...(plain || !isObject(json.response) ? {} : { ext: { gemini: { response } } }),
  };
}
