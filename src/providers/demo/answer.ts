/**
 * What the demo model says: a deterministic function of the canonical request. It tells in words what it was sent,
 * calls an offered tool once and then uses the result, thinks when asked, and keeps to token caps, stop sequences and schemas.
 */
import { sha256Base32 } from "../../kit/hash.ts";
import type { Block, ChatRequest, Item, MediaBlock, ResultItem, Tool } from "../../model/chat.ts";
import type { Answer, FinishReason } from "../../model/event.ts";
import { emptyUsage, type Usage } from "../../model/usage.ts";
import { imageSize } from "./image-size.ts";
import { schemaInstance } from "./instance.ts";

const origin = "demo";

export function demoAnswer(request: ChatRequest, model: string): Answer {
  const digest = sha256Base32(JSON.stringify([model, request.instructions, request.items, request.tools]));
  const thinking = thinkingOf(request);
  const items: Item[] = [];
  if (thinking !== undefined) {
    const bytes = Buffer.from(`${origin}:${digest}`).toString("base64");
    const seals = [{ origin: request.protocol, form: "signature" as const, bytes }];
    items.push({ type: "reasoning", text: [{ kind: "raw", text: thinking }], seals });
  }
  const tool = toolToCall(request);
  let finish: FinishReason = "stop";
  let stopSequence: string | undefined;
  if (tool) {
    const args = JSON.stringify(
      tool.kind === "custom" ? lastText(request) : schemaInstance(tool.schema ?? {}, lastText(request)),
    );
    const text = tool.kind === "custom" ? lastText(request) : args;
    items.push({
      type: "call",
      kind: tool.kind === "custom" ? "custom" : "function",
      callId: `call_${digest.slice(0, 24)}`,
      name: tool.name,
      args: text,
    });
    finish = "tool-calls";
  } else {
    const limited = limit(textOf(request), request);
    finish = limited.finish;
    stopSequence = limited.stopSequence;
    items.push({ type: "message", role: "assistant", blocks: [{ type: "text", text: limited.text }] });
  }
  return {
    id: `demo_${digest.slice(0, 24)}`,
    model,
    created: 0,
    items,
    finish,
    ...(stopSequence === undefined ? {} : { stopSequence }),
    usage: usageOf(request, items),
  };
}

/** Pieces of about one token: a word with the space before it. */
export function pieces(text: string): string[] {
  return text.match(/\s*\S+\s*?(?=\s|$)|\s+/g) ?? [];
}

export function countTokens(text: string): number {
  return pieces(text).length;
}

function thinkingOf(request: ChatRequest): string | undefined {
  const reasoning = request.reasoning;
  const wants = reasoning?.mode ?? reasoning?.effort ?? reasoning?.budget;
  if (wants === undefined || wants === "off" || wants === "none" || wants === 0) return undefined;
  return `The user sent ${count(request.items.length, "item")}. I will say what I see and keep it short.`;
}

function toolToCall(request: ChatRequest): Tool | undefined {
  const choice = request.toolChoice;
  if (choice?.mode === "none") return undefined;
  const offered = request.tools.filter(({ kind }) => kind === "function" || kind === "custom");
  if (choice?.mode === "tool") return offered.find((tool) => tool.name === choice.name);
  const allowed = choice?.mode === "subset" ? offered.filter((tool) => choice.names.includes(tool.name)) : offered;
  const forced = choice?.mode === "required" || (choice?.mode === "subset" && choice.required);
  const answered = request.items.some((item) => item.type === "result");
  return forced || !answered ? allowed[0] : undefined;
}

function textOf(request: ChatRequest): string {
  if (request.format?.kind === "schema")
    return JSON.stringify(schemaInstance(request.format.schema, lastText(request)));
  if (request.format?.kind === "json") return JSON.stringify({ answer: describe(request) });
  return describe(request);
}

function describe(request: ChatRequest): string {
  const results = request.items.filter((item): item is ResultItem => item.type === "result");
  const lines: string[] = [];
  const last = results.at(-1);
  if (last)
    lines.push(`The tool ${last.isError ? "failed with" : "answered"}: ${plainText(last.blocks) || "nothing"}.`);
  const users = request.items.filter((item) => item.type === "message" && item.role === "user").length;
  lines.push(`This is the demo model of Plexus. I got ${count(users, "user message")}.`);
  const systems = request.items.filter(
    (item) => item.type === "message" && item.role !== "user" && item.role !== "assistant",
  );
  if (request.instructions.length + systems.length > 0) lines.push("There are instructions, too.");
  for (const media of allMedia(request)) lines.push(mediaLine(media));
  const text = lastText(request);
  if (text !== "") lines.push(`You said: ${text}`);
  return lines.join(" ");
}

function mediaLine(media: MediaBlock): string {
  if (media.kind !== "image") return `I got a ${media.kind}${media.name ? ` named ${media.name}` : ""}.`;
  if (media.source.type !== "bytes") return "I got an image by its address, which I do not open.";
  const size = imageSize(media.source.data);
  return size ? `I see an image of ${size.width} x ${size.height} pixels.` : "I got an image that I cannot read.";
}

function allMedia(request: ChatRequest): MediaBlock[] {
  return request.items
    .flatMap((item): Block[] => (item.type === "message" || item.type === "result" ? item.blocks : []))
    .filter((block): block is MediaBlock => block.type === "media");
}

function lastText(request: ChatRequest): string {
  for (const item of request.items.toReversed()) {
    if (item.type === "message" && item.role === "user") return plainText(item.blocks);
  }
  return "";
}

function plainText(blocks: Block[]): string {
  return blocks.flatMap((block) => (block.type === "text" ? [block.text] : [])).join(" ");
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function limit(text: string, request: ChatRequest): { text: string; finish: FinishReason; stopSequence?: string } {
  let cut = text;
  let stopSequence: string | undefined;
  for (const stop of request.sampling.stop ?? []) {
    const at = stop === "" ? -1 : cut.indexOf(stop);
    if (at < 0) continue;
    cut = cut.slice(0, at);
    stopSequence = stop;
  }
  const most = request.sampling.maxTokens;
  const parts = pieces(cut);
  if (most !== undefined && parts.length > most) return { text: parts.slice(0, most).join(""), finish: "length" };
  return stopSequence === undefined
    ? { text: cut, finish: "stop" }
    : { text: cut, finish: "stop-sequence", stopSequence };
}

function usageOf(request: ChatRequest, items: Item[]): Usage {
  const usage = emptyUsage();
  usage.reasoningKnown = true;
  const sent = JSON.stringify([request.instructions, request.items, request.tools]);
  usage.inUncached = Math.ceil(sent.length / 4);
  for (const item of items) {
    if (item.type === "reasoning")
      usage.outReasoning += item.text.reduce((sum, part) => sum + countTokens(part.text), 0);
    if (item.type === "message") usage.outVisible += countTokens(plainText(item.blocks));
    if (item.type === "call") usage.outVisible += countTokens(item.args);
  }
  return usage;
}
