/**
 * `reasoning_details`, the list that routers use to carry reasoning with its proofs. It must go back unmodified and in
 * order, so a provider's list is kept whole in one seal. Entries that Plexus itself wrote for a client are told by
 * their format and hold a sealed envelope each.
 */
import type { ReasoningItem, Seal } from "../../model/chat.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { isObject, stringOf } from "./wire.ts";

const ownFormat = "plexus";
/** In the id of an entry of our own: how many code points of the message's text came before it. */
const behind = /^behind-(\d{1,9})$/;

type Part = ReasoningItem["text"][number];

/** Where it stood in its message: behind so many code points of the text. */
export interface Placed {
  item: ReasoningItem;
  behind: number;
}

/** The reasoning of one assistant message of a request's history. */
export function parseReasoning(message: JsonObject, at?: string): Placed[] {
  const flat = stringOf(message.reasoning_content) ?? stringOf(message.reasoning);
  const located = at === undefined ? {} : { at };
  const details = Array.isArray(message.reasoning_details) ? message.reasoning_details.filter(isObject) : [];
  const items: Placed[] = [];
  for (const group of grouped(details)) {
    const own = group[0]?.format === ownFormat;
    const text = group.flatMap(detailText);
    const seals: Seal[] = own ? ownSeals(group) : [{ origin: "chat", form: "details", bytes: JSON.stringify(group) }];
    const redacted = text.length === 0 ? { redacted: true } : {};
    items.push({ item: { type: "reasoning", text, seals, ...redacted, ...located }, behind: own ? placeOf(group) : 0 });
  }
  if (flat === undefined || items.some(({ item }) => item.text.length > 0)) return items;
  const first = items[0];
  const text = [{ kind: "raw" as const, text: flat }];
  if (!first) return [{ item: { type: "reasoning", text, seals: [], ...located }, behind: 0 }];
  const { redacted: _redacted, ...sealed } = first.item;
  return [{ ...first, item: { ...sealed, text } }, ...items.slice(1)];
}

function placeOf([detail]: JsonObject[]): number {
  return Number(behind.exec(stringOf(detail?.id) ?? "")?.[1] ?? 0);
}

/** Runs of a provider's entries stay together; each entry of our own is a group. */
function grouped(details: JsonObject[]): JsonObject[][] {
  const groups: JsonObject[][] = [];
  let run: JsonObject[] | undefined;
  for (const detail of details) {
    if (detail.format === ownFormat) {
      groups.push([detail]);
      run = undefined;
    } else if (run) run.push(detail);
    else {
      run = [detail];
      groups.push(run);
    }
  }
  return groups;
}

export function detailText(detail: JsonObject): Part[] {
  const summary = stringOf(detail.summary);
  if (summary !== undefined) return [{ kind: "summary", text: summary }];
  const text = stringOf(detail.text);
  return text === undefined ? [] : [{ kind: "raw", text }];
}

function ownSeals(group: JsonObject[]): Seal[] {
  return group.flatMap((detail): Seal[] => {
    const signature = stringOf(detail.signature);
    if (signature !== undefined) return [{ origin: "chat", form: "signature", bytes: signature }];
    const data = stringOf(detail.data);
    return data === undefined ? [] : [{ origin: "chat", form: "redacted", bytes: data }];
  });
}

/**
 * The entries by which a client is given an item's seals. `index` counts the entries of one message, `offset` the code
 * points of its text so far.
 */
export function buildDetails(item: ReasoningItem, index: number, offset: number): Json[] {
  const entries: Json[] = [];
  const text = item.text.map((part) => part.text).join("\n\n");
  let told = false;
  for (const seal of item.seals) {
    const native = nativeDetails(seal);
    if (native) {
      entries.push(...native);
      told = true;
      continue;
    }
    const id = offset > 0 ? { id: `behind-${offset}` } : {};
    const place = { format: ownFormat, index: index + entries.length, ...id };
    const shown = told ? "" : text;
    if (shown !== "" || seal.form === "signature") {
      entries.push({ type: "reasoning.text", text: shown, signature: seal.bytes, ...place });
    } else {
      entries.push({ type: "reasoning.encrypted", data: seal.bytes, ...place });
    }
    told = true;
  }
  return entries;
}

/** A provider's own list out of its seal; undefined when the seal is of another kind. */
export function nativeDetails(seal: Seal): Json[] | undefined {
  if (seal.origin !== "chat" || seal.form !== "details") return undefined;
  try {
    const list: unknown = JSON.parse(seal.bytes);
    return Array.isArray(list) ? (list as Json[]) : undefined;
  } catch {
    return undefined;
  }
}

/** Adds a streamed fragment to the list of one reasoning item: fragments of one entry become that entry. */
export function mergeDetail(list: JsonObject[], fragment: JsonObject): void {
  const target = mergeTarget(list, fragment);
  if (!target) {
    list.push({ ...fragment });
    return;
  }
  for (const [key, value] of Object.entries(fragment)) {
    if (value === null || value === undefined || value === "") continue;
    const before = target[key];
    if ((key === "text" || key === "summary") && typeof value === "string") {
      target[key] = typeof before === "string" ? before + value : value;
    } else if (key !== "type" && key !== "index") target[key] = value;
  }
}

function mergeTarget(list: JsonObject[], fragment: JsonObject): JsonObject | undefined {
  const candidate =
    fragment.index === undefined || fragment.index === null
      ? list.at(-1)
      : list.findLast((entry) => entry.index === fragment.index && entry.type === fragment.type);
  if (!candidate || candidate.type !== fragment.type) return undefined;
  const opaque = stringOf(fragment.data);
  if (opaque !== undefined && stringOf(candidate.data) !== undefined) return undefined;
  const before = stringOf(candidate.id);
  const id = stringOf(fragment.id);
  return before !== undefined && id !== undefined && before !== id ? undefined : candidate;
}
