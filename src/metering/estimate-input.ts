/**
 * Tokens of a request that no provider counts for us. No tokenizer is bundled, so these are plain rules that rather say
 * too much than too little: all of the request counts, its instructions, tools and media included.
 */
import type { Block, ChatRequest, Item, MediaBlock, Tool } from "../model/chat.ts";
import type { Json } from "../model/json.ts";

/** UTF-8 bytes of text for one token. Prose has 4 and more, code 3 to 4, and one Chinese character is three bytes. */
const bytesPerToken = 3.5;
/** What marks a message's, call's or result's beginning, end and role. */
const perItem = 4;
/** What frames one tool's declaration. */
const perTool = 8;
/** The most that the large vendors count for one image, which they scale down to a fixed size. */
const perImage = 1600;
/** An image that is asked to be looked at in low detail. */
const perSmallImage = 85;
/** A page of a PDF: its text, and its picture. */
const perPage = 2500;
/** Bytes of a PDF for one page, where its pages cannot be counted: they may stand in compressed objects. */
const bytesPerPage = 60_000;
/** Bytes of sound or film for one token: 16 KB of compressed sound are a second, and that is 32 tokens. */
const bytesPerSoundToken = 500;

/** At least 1. */
export function estimateInput(request: ChatRequest): number {
  const { instructions, items, tools, format } = request;
  const formatted = format?.schema ? ofJson(format.schema) + perTool : 0;
  const framed = instructions.length > 0 ? ofBlocks(instructions) + perItem : 0;
  return Math.max(1, framed + sum(items, ofItem) + sum(tools, ofTool) + formatted);
}

/** Of an answer: what its items hold, without what frames them. */
export function estimateOutput(items: readonly Item[]): number {
  return sum(items, (item) => Math.max(0, ofItem(item) - (item.type === "reasoning" ? 0 : perItem)));
}

function sum<T>(list: readonly T[], tokens: (one: T) => number): number {
  return list.reduce((total, one) => total + tokens(one), 0);
}

function ofText(text: string | undefined): number {
  return text === undefined ? 0 : Math.ceil(Buffer.byteLength(text) / bytesPerToken);
}

function ofJson(json: Json): number {
  return ofText(JSON.stringify(json));
}

/** Seals are left out: they are proofs, and the reasoning behind them is not charged again as it is long. */
function ofItem(item: Item): number {
  switch (item.type) {
    case "message":
      return perItem + ofText(item.name) + ofBlocks(item.blocks);
    case "call":
      return perItem + ofText(item.name) + ofText(item.args);
    case "result":
      return perItem + ofText(item.name) + ofBlocks(item.blocks);
    case "reasoning":
      return sum(item.text, ({ text }) => ofText(text));
    case "server-call":
    case "server-result":
    case "opaque":
      return perItem + ofJson(item.json);
  }
}

function ofTool({ name, namespace, description, schema, grammar, json }: Tool): number {
  const declared = json ? ofJson(json) : (schema ? ofJson(schema) : 0) + (grammar ? ofJson(grammar) : 0);
  return perTool + ofText(name) + ofText(namespace) + ofText(description) + declared;
}

function ofBlocks(blocks: readonly Block[]): number {
  return sum(blocks, ofBlock);
}

function ofBlock(block: Block): number {
  switch (block.type) {
    case "text":
    case "refusal":
      return ofText(block.text);
    case "media":
      return ofMedia(block);
    case "search-result":
      return ofText(block.source) + ofText(block.title) + ofBlocks(block.content);
    case "opaque":
      return ofJson(block.json);
  }
}

function ofMedia(block: MediaBlock): number {
  const { source, kind } = block;
  const named = ofText(block.name) + ofText(block.title) + ofText(block.context);
  if (source.type === "text") return named + ofText(source.text);
  if (source.type === "blocks") return named + ofBlocks(source.blocks);
  if (kind === "image") return named + (block.detail === "low" ? perSmallImage : perImage);
  const data = source.type === "bytes" ? source.data : inlineData(source);
  // What is named only, by URL or id, is taken as one page or its worth in sound.
  if (data === undefined) return named + perPage;
  const bytes = Buffer.byteLength(data, "base64");
  if (kind !== "document") return named + Math.ceil(bytes / bytesPerSoundToken);
  const isText = block.mime !== undefined && /^text\/|json|xml|yaml/.test(block.mime);
  return named + (isText ? Math.ceil(bytes / bytesPerToken) : pages(data, bytes) * perPage);
}

/** The base64 of a data URL. */
function inlineData(source: Exclude<MediaBlock["source"], { type: "bytes" }>): string | undefined {
  if (source.type !== "url" || !source.url.startsWith("data:")) return undefined;
  return source.url.slice(source.url.indexOf(",") + 1);
}

function pages(base64: string, bytes: number): number {
  const found = Buffer.from(base64, "base64")
    .toString("latin1")
    .match(/\/Type\s*\/Page(?![a-zA-Z])/g);
  return found?.length ?? Math.max(1, Math.ceil(bytes / bytesPerPage));
}
