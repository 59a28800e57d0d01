/** Grounding to annotations and back. Google counts UTF-8 bytes within a part, the canonical model code points. */
import type { Annotation, TextBlock } from "../../model/chat.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { isObject } from "../read.ts";
import { numeric, textOr } from "./read.ts";

export interface Cited {
  block: TextBlock;
  annotation: Annotation;
}

/** One annotation for each support and source, on the block whose bytes the segment quotes, in order. */
export function parseGrounding(metadata: unknown, blocks: readonly TextBlock[]): Cited[] {
  if (!isObject(metadata) || !Array.isArray(metadata.groundingSupports) || blocks.length === 0) return [];
  const chunks = Array.isArray(metadata.groundingChunks) ? metadata.groundingChunks : [];
  const bytes = blocks.map((block) => Buffer.from(block.text));
  return metadata.groundingSupports.flatMap((support) => {
    if (!isObject(support) || !isObject(support.segment)) return [];
    const segment = support.segment;
    const from = numeric(segment.startIndex) ?? 0;
    const to = numeric(segment.endIndex) ?? 0;
    const quoted = textOr(segment.text);
    const at = bytes.findLastIndex((text) => to <= text.length && text.toString("utf8", from, to) === quoted);
    const place = at >= 0 ? at : bytes.findLastIndex((text) => to > from && to <= text.length);
    const block = blocks[place];
    const text = bytes[place];
    if (!block || !text) return [];
    const start = points(text.subarray(0, from));
    const span = { start, end: start + points(text.subarray(from, to)), citedText: text.toString("utf8", from, to) };
    const indices = Array.isArray(support.groundingChunkIndices) ? support.groundingChunkIndices : [];
    return indices.flatMap((index): Cited[] => {
      const source = sourceOf(chunks[numeric(index) ?? -1]);
      return source ? [{ block, annotation: { kind: "url", ...source, ...span } }] : [];
    });
  });
}

function sourceOf(chunk: Json | undefined): { url: string; title?: string } | undefined {
  if (!isObject(chunk)) return undefined;
  const source = [chunk.web, chunk.retrievedContext, chunk.maps, chunk.image].find(isObject);
  const url = source ? textOr(source.uri) || textOr(source.sourceUri) : "";
  if (!source || url === "") return undefined;
  return { url, ...(typeof source.title === "string" ? { title: source.title } : {}) };
}

/** Code points that the bytes of whole characters hold. */
function points(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if ((byte & 0xc0) !== 0x80) count++;
  return count;
}

/** A text of the answer and the index of its part. */
export interface Place {
  block: TextBlock;
  part: number;
}

/** Undefined when nothing is cited by an address. */
export function buildGrounding(places: readonly Place[]): JsonObject | undefined {
  const chunks: JsonObject[] = [];
  const known = new Map<string, number>();
  const supports: JsonObject[] = [];
  for (const { block, part } of places) {
    const letters = [...block.text];
    for (const { kind, url, title, start, end } of block.annotations ?? []) {
      if (kind !== "url" || url === undefined) continue;
      const key = `${url}\u0000${title ?? ""}`;
      let index = known.get(key);
      if (index === undefined) {
        index = chunks.length;
        known.set(key, index);
        chunks.push({ web: { uri: url, title: title ?? url } });
      }
      supports.push({ segment: segmentOf(letters, part, { start, end }), groundingChunkIndices: [index] });
    }
  }
  return chunks.length === 0 ? undefined : { groundingChunks: chunks, groundingSupports: supports };
}

interface Span {
  start: number | undefined;
  end: number | undefined;
}

function segmentOf(letters: string[], part: number, { start = 0, end = letters.length }: Span): JsonObject {
  const text = letters.slice(start, end).join("");
  const startIndex = Buffer.byteLength(letters.slice(0, start).join(""));
  return {
    ...(part > 0 ? { partIndex: part } : {}),
    startIndex,
    endIndex: startIndex + Buffer.byteLength(text),
    text,
  };
}
