/**
 * Seals (signatures, encrypted reasoning) that travel through a client of another protocol: wrapped in an envelope that
 * only this gateway can make, bound to the client key's name, and opened again when the conversation comes back.
 * Envelope: base64 of "GWS1", JSON {o, s, f, b} (origin, scope, form, bytes), 16 bytes of HMAC-SHA256.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { ChatRequest, Item, ReasoningItem, Seal } from "../model/chat.ts";

/** Every envelope begins so in base64; a request without this text holds none. */
export const envelopeMark = "R1dTM";
const head = Buffer.from("GWS1");
const macBytes = 16;

export interface SealRing {
  /** 32 random bytes, made on the first start and kept in the database. */
  key: Buffer;
  /** Name of the client key: rotation of its secret keeps conversations. */
  owner: string;
}

function mac(ring: SealRing, body: Buffer): Buffer {
  return createHmac("sha256", ring.key).update(ring.owner).update("\0").update(body).digest().subarray(0, macBytes);
}

export function wrapSeal(ring: SealRing, seal: Seal): string {
  const body = Buffer.from(JSON.stringify({ o: seal.origin, s: seal.scope, f: seal.form, b: seal.bytes }));
  return Buffer.concat([head, body, mac(ring, body)]).toString("base64");
}

/** The seal inside, `undefined` when the envelope was not made here for this client key, or was tampered with. */
export function unwrapSeal(ring: SealRing, bytes: string): Seal | undefined {
  const all = Buffer.from(bytes, "base64");
  if (all.length < head.length + macBytes + 2 || !all.subarray(0, head.length).equals(head)) return undefined;
  const body = all.subarray(head.length, all.length - macBytes);
  if (!timingSafeEqual(mac(ring, body), all.subarray(all.length - macBytes))) return undefined;
  const { o, s, f, b } = JSON.parse(body.toString()) as { o: string; s?: string; f: Seal["form"]; b: string };
  return { origin: o, form: f, bytes: b, ...(s === undefined ? {} : { scope: s }) };
}

export function isEnvelope(bytes: string): boolean {
  return bytes.startsWith(envelopeMark);
}

/**
 * The request with every envelope opened; what does not open is left out, so that it is never forwarded. Seals of a call
 * that travelled in an item before it are put back.
 */
export function openSeals(ring: SealRing, request: ChatRequest): ChatRequest {
  const items: Item[] = [];
  for (const item of request.items.map((one) => openItem(ring, one))) {
    const carrier = items.at(-1);
    if (item.type !== "call" || !carrier || !holdsCallSeals(carrier)) items.push(item);
    else items[items.length - 1] = { ...item, seals: [...carrier.seals, ...(item.seals ?? [])] };
  }
  return { ...request, items };
}

function holdsCallSeals(item: Item): item is ReasoningItem {
  if (item.type !== "reasoning" || item.seals.length === 0) return false;
  return item.seals.every(({ form }) => form === "thought") && item.text.every(({ text }) => text === "");
}

function openItem(ring: SealRing, item: Item): Item {
  if (item.type !== "reasoning" && item.type !== "call") return item;
  if (!item.seals?.some((seal) => isEnvelope(seal.bytes))) return item;
  const seals = item.seals.flatMap((seal) => {
    if (!isEnvelope(seal.bytes)) return [seal];
    const opened = unwrapSeal(ring, seal.bytes);
    // On a call an empty one only says that there is none.
    const isNone = item.type === "call" && opened?.bytes === "";
    return opened && !isNone ? [opened] : [];
  });
  return { ...item, seals };
}
