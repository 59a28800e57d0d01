/**
 * Images for targets that cannot see. Each is described by the model of the setting `vision.descriptor`, once for all
 * targets and all turns, and the description stands where the image stood.
 */
import { createHash } from "node:crypto";
import type { Block, ChatRequest, MediaBlock } from "../model/chat.ts";
import { GatewayError, toGatewayError } from "../model/error.ts";
import { mediaOf, withMedia } from "../model/media.ts";
import { clientField } from "../protocols/protocol.ts";
import type { Candidate } from "../routing/resolve.ts";
import type { Exchange } from "./exchange.ts";

/** How many images are described at once for one request. */
const mostAtOnce = 4;

const usualPrompt =
  "Describe this image for somebody who cannot see it and has to work with it. Give all text in it word for word, then " +
  "what it shows: its kind, layout, objects, people, colours, numbers, and states of controls. Only describe; add no advice.";

/** An image as a descriptor is asked about it. */
export interface Picture {
  key: string;
  block: MediaBlock;
  prompt: string;
  descriptor: string;
}

/** May the request's images be described for targets that cannot see? */
export function describes({ alias, snapshot }: Pick<Exchange, "alias" | "snapshot">): boolean {
  return alias?.visionFallthrough === true && snapshot.settings.vision.descriptor !== null;
}

/** Has what this candidate cannot see to be put into words? */
export function needsWords(exchange: Exchange, candidate: Candidate): boolean {
  return !candidate.facts.can.vision && describes(exchange) && hasImages(exchange);
}

/** The whole request is read only where something in its text may be an image. */
export function hasImages(exchange: Exchange): boolean {
  if (exchange.hasImages !== undefined) return exchange.hasImages;
  const { imageMarks } = exchange.call.protocol;
  const content = exchange.inbound?.content;
  const mayHave = content !== undefined && imageMarks.some((mark) => content.includes(mark));
  exchange.hasImages = mayHave && mediaOf(exchange.canonical()).some(({ kind }) => kind === "image");
  return exchange.hasImages;
}

/** What is told where nobody who could be asked sees. */
export function imagesRefused(exchange: Exchange): GatewayError {
  const at = mediaOf(exchange.canonical()).find(({ kind }) => kind === "image")?.at ?? "items";
  const param = clientField(exchange.call.protocol, at);
  const words = `${param}: image input is not supported by this model. Send it without images, or ask another model.`;
  return new GatewayError("unsupported", words, { param });
}

/** Sees to it that all images are described; undefined when there is nothing to do. */
export function gatherDescriptions(
  exchange: Exchange,
  candidate: Candidate,
  signal: AbortSignal,
): Promise<void> | undefined {
  if (!needsWords(exchange, candidate)) return undefined;
  const left = mediaOf(exchange.canonical()).filter(
    (block) => block.kind === "image" && exchange.descriptions?.has(block) !== true,
  );
  return left.length === 0 ? undefined : describeAll(exchange, left, signal);
}

/** The request as the candidate may have it: for one that cannot see, words where an image stood. */
export function asSeen(exchange: Exchange, candidate: Candidate): ChatRequest {
  const request = exchange.canonical();
  if (!needsWords(exchange, candidate)) return request;
  return withMedia(request, (block): Block => {
    if (block.kind !== "image") return block;
    const text = exchange.descriptions?.get(block);
    if (text === undefined) return block;
    const { at, cache } = block;
    exchange.notes.add("emulated", at ?? "items", "image_described");
    return {
      type: "text",
      text: `[Image, described: ${text}]`,
      ...(at === undefined ? {} : { at }),
      ...(cache ? { cache } : {}),
    };
  });
}

/** The same image twice is described once, also where nothing is kept. */
async function describeAll(exchange: Exchange, blocks: readonly MediaBlock[], signal: AbortSignal): Promise<void> {
  const descriptions = exchange.descriptions ?? new Map<MediaBlock, string>();
  exchange.descriptions = descriptions;
  const asked = new Map<string, Promise<string>>();
  const rest = [...blocks];
  const work = async (): Promise<void> => {
    for (let block = rest.shift(); block; block = rest.shift()) {
      const picture = pictureOf(exchange, block);
      if (!picture) continue;
      const text = asked.get(picture.key) ?? describe(exchange, picture, signal);
      asked.set(picture.key, text);
      descriptions.set(block, await text);
    }
  };
  await Promise.all(Array.from({ length: Math.min(mostAtOnce, blocks.length) }, work));
}

async function describe(exchange: Exchange, picture: Picture, signal: AbortSignal): Promise<string> {
  const { descriptions, describer } = exchange.gateway;
  const known = descriptions.recall(picture.key) ?? (await descriptions.find(picture.key));
  if (known !== undefined) return known;
  try {
    const text = await describer.describe(exchange, picture, signal);
    descriptions.keep(picture.key, text);
    return text;
  } catch (thrown) {
    const cause = toGatewayError(thrown);
    const at = picture.block.at ?? "items";
    const words = `${at}: the image could not be described by ${JSON.stringify(picture.descriptor)}: ${cause.message}`;
    const { retryAfterMs } = cause.detail;
    const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
    throw new GatewayError("upstream-failed", words, { cause, param: at, isAside: true, ...wait });
  }
}

function pictureOf(exchange: Exchange, block: MediaBlock): Picture | undefined {
  const { descriptor, prompt } = exchange.snapshot.settings.vision;
  if (descriptor === null) return undefined;
  const whole = readable(exchange, block);
  return { key: keyOf(whole, { descriptor, prompt }), block: whole, descriptor, prompt: prompt ?? usualPrompt };
}

/** Long texts of a large request may be held aside. */
function readable(exchange: Exchange, block: MediaBlock): MediaBlock {
  const { source } = block;
  return source.type === "bytes"
    ? { ...block, source: { type: "bytes", data: exchange.readable(source.data) } }
    : block;
}

/** The same image, asked about in the same way of the same model. */
function keyOf({ source }: MediaBlock, { descriptor, prompt }: { descriptor: string; prompt: string | null }): string {
  const content = source.type === "bytes" ? source.data : JSON.stringify(source);
  const hash = createHash("sha256").update(JSON.stringify([descriptor, prompt, source.type]));
  return hash.update(content).digest("hex");
}
