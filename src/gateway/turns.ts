/**
 * The turns of the model in a conversation, each with a key that stays the same whatever a client strips from it: made
 * of what was said and which tools were called before, without system texts, reasoning and seals.
 */
import { RollingDigest } from "../kit/hash.ts";
import type { Block, Item } from "../model/chat.ts";
import type { KeptPart, KeptTurn } from "../model/kept-turn.ts";
import { safeId } from "../protocols/ids.ts";

/** A run of items that the model said. */
export interface Turn {
  /** Places in the list of items, `end` exclusive. */
  start: number;
  end: number;
  key: string;
  /** The client brought its seals back. */
  isSealed: boolean;
}

export interface Turns {
  list: Turn[];
  /** Of all that was said: what the key of the next turn is made of. */
  digest: RollingDigest;
}

/** `read` gives the whole of a text, should only its ends be there. */
export function turnsOf(items: readonly Item[], owner: string, read: (text: string) => string): Turns {
  const list: Turn[] = [];
  const digest = new RollingDigest(owner);
  for (let start = 0; start < items.length; ) {
    const isModel = isOfModel(items[start]);
    let end = start + 1;
    while (end < items.length && isOfModel(items[end]) === isModel) end++;
    const run = items.slice(start, end);
    if (isModel) {
      list.push({ start, end, key: keyOf(digest, run, read), isSealed: run.some(isSealed) });
      digest.add(said(run, read));
    } else {
      digest.add(asked(run, read));
    }
    start = end;
  }
  return { list, digest };
}

function isOfModel(item: Item | undefined): boolean {
  if (item?.type === "message" || (item?.type === "opaque" && item.role)) return item.role === "assistant";
  return item?.type !== "result";
}

/** The key of a turn after what `before` was made of. */
export function keyOf(before: RollingDigest, run: readonly Item[], read: (text: string) => string): string {
  const call = run.find((item) => item.type === "call");
  const own = call ? `c${safeId(call.callId)}` : `t${textOf(run, read)}`;
  return new RollingDigest(before).add(own).toString();
}

function said(run: readonly Item[], read: (text: string) => string): string {
  const calls = run.flatMap((item) => (item.type === "call" ? [safeId(item.callId)] : []));
  return `a${textOf(run, read)}\0${calls.join("\0")}`;
}

function textOf(run: readonly Item[], read: (text: string) => string): string {
  const texts = run.map((item) => (item.type === "message" ? blocksText(item.blocks, read) : ""));
  return texts.join("").trim();
}

function asked(run: readonly Item[], read: (text: string) => string): string {
  return run.map((item) => askedText(item, read)).join("\0");
}

function askedText(item: Item, read: (text: string) => string): string {
  if (item.type === "result") return `r${safeId(item.callId)}\0${blocksText(item.blocks, read)}`;
  return item.type === "message" && item.role === "user" ? `u${blocksText(item.blocks, read)}` : "";
}

function blocksText(blocks: readonly Block[], read: (text: string) => string): string {
  return blocks.map((block) => blockText(block, read)).join("");
}

function blockText(block: Block, read: (text: string) => string): string {
  if (block.type === "text" || block.type === "refusal") return read(block.text);
  if (block.type !== "media") return "";
  const { source } = block;
  if (source.type === "blocks") return blocksText(source.blocks, read);
  if (source.type === "bytes") return source.data;
  if (source.type === "url") return source.url;
  return source.type === "file" ? source.id : read(source.text);
}

function isSealed(item: Item): boolean {
  if (item.type === "message") return item.blocks.some(({ seal }) => seal !== undefined);
  if (item.type === "reasoning") return item.seals.some(({ bytes }) => bytes !== "");
  return item.type === "call" && item.seals !== undefined && item.seals.length > 0;
}

/** What is to be put back into a turn one day; undefined when nothing in it is sealed. */
export function partsOf(run: readonly Item[]): KeptPart[] | undefined {
  if (!run.some(isSealed)) return undefined;
  return run.flatMap((item): KeptPart[] => {
    if (item.type === "reasoning") return [{ type: "reasoning", item }];
    if (item.type === "call") {
      return [{ type: "call", callId: safeId(item.callId), ...(item.seals ? { seals: item.seals } : {}) }];
    }
    if (item.type !== "message") return [];
    const seals = item.blocks.map(({ seal }) => seal ?? null);
    return [{ type: "message", ...(seals.some((seal) => seal !== null) ? { seals } : {}) }];
  });
}

/** The items with what was kept of their turns put back, where the same account is asked again. */
export function resealed(items: readonly Item[], turns: readonly Turn[], kept: (turn: Turn) => KeptTurn | undefined) {
  const out: Item[] = [];
  let from = 0;
  for (const turn of turns) {
    const found = turn.isSealed ? undefined : kept(turn);
    if (!found) continue;
    out.push(...items.slice(from, turn.start), ...putBack(items.slice(turn.start, turn.end), found));
    from = turn.end;
  }
  return [...out, ...items.slice(from)];
}

/** Reasoning that the client brought back without its seal is what the sealed one stands for. */
function putBack(run: readonly Item[], { parts, scope, origin }: KeptTurn): Item[] {
  const left = [...parts];
  const own = <Sealed extends object>(seal: Sealed) => ({ ...seal, scope, origin });
  const reasoning = (until: (part: KeptPart) => boolean): Item[] => {
    const at = left.findIndex(until);
    const before = left.splice(0, at < 0 ? 0 : at + 1);
    return before.flatMap((part) => reasoningOf(part, own));
  };
  const out: Item[] = [];
  for (const item of run) {
    if (item.type === "reasoning") continue;
    if (item.type === "call") {
      const part = left.find((one) => one.type === "call" && one.callId === safeId(item.callId));
      out.push(...reasoning((one) => one === part));
      out.push(part?.type === "call" && part.seals ? { ...item, seals: part.seals.map(own) } : item);
    } else if (item.type === "message") {
      const part = left.find((one) => one.type === "message");
      out.push(...reasoning((one) => one === part));
      const seals = part?.type === "message" ? part.seals : undefined;
      const blocks = item.blocks.map((block, at) => {
        const seal = seals?.[at];
        return seal ? { ...block, seal: own(seal) } : block;
      });
      out.push(seals ? { ...item, blocks } : item);
    } else {
      out.push(item);
    }
  }
  return [...out, ...left.flatMap((part) => reasoningOf(part, own))];
}

function reasoningOf(
  part: KeptPart,
  own: <Sealed extends object>(seal: Sealed) => Sealed & { scope: string; origin: string },
) {
  if (part.type !== "reasoning") return [];
  return [{ ...part.item, seals: part.item.seals.map(own) }];
}
