/** Finds the response object in what a client was sent: as text, for it is kept as it was read. */
import { applySplices, memberText, scanObject, spliceMembers } from "../../kit/json.ts";
import type { Frame } from "../../kit/sse.ts";
import type { AnswerCollector, KeptAnswer } from "../stored.ts";

const terminals = new Set(["completed", "incomplete", "failed", "cancelled", "done"].map((name) => `response.${name}`));
const itemDone = "response.output_item.done";
/** Characters of items that are remembered for a last event that may not hold them. */
const mostItems = 4 * 1024 * 1024;

/** The last event holds the whole response; where a server leaves its output out, the items were told before. */
export class ResponseCollector implements AnswerCollector {
  private items: string[] = [];
  private room = mostItems;

  push({ event, data }: Frame): KeptAnswer | undefined {
    const type = event?.startsWith("response.") ? event : typeOf(data);
    if (type === itemDone) this.remember(memberText(data, "item"));
    if (!terminals.has(type)) return undefined;
    const { members } = scanObject(data) ?? {};
    const response = members && memberText(data, "response", members);
    if (response === undefined) return undefined;
    const kept = keptAnswer(withOutput(response, this.items));
    const number = Number(memberText(data, "sequence_number", members));
    return kept && { ...kept, ...(Number.isSafeInteger(number) ? { lastEvent: number } : {}) };
  }

  private remember(item: string | undefined): void {
    if (item === undefined || this.room < 0) return;
    this.room -= item.length;
    if (this.room < 0) this.items = [];
    else this.items.push(item);
  }
}

/** Undefined for a text without an id. */
export function keptAnswer(text: string): KeptAnswer | undefined {
  const member = memberText(text, "id");
  if (member === undefined || !/^".+"$/s.test(member)) return undefined;
  const items = itemIds(memberText(text, "output") ?? "");
  return { id: JSON.parse(member) as string, text, ...(items.length === 0 ? {} : { items }) };
}

const mostItemIds = 256;

/** All that may be the id of an item: `msg_…`, `fc_…`, `rs_…`. */
function itemIds(output: string): string[] {
  const found = output.matchAll(/"id"\s*:\s*"([a-z]{2,12}_[A-Za-z0-9_-]{1,120})"/g);
  return [...new Set(Array.from(found, ([, id]) => id ?? ""))].slice(0, mostItemIds);
}

/** The type stands first, last, or in the line before; inside a string its quotes would be escaped. */
function typeOf(data: string): string {
  return /"type"\s*:\s*"(response\.[a-z_.]+)"/.exec(data)?.[1] ?? "";
}

function withOutput(response: string, items: readonly string[]): string {
  if (items.length === 0) return response;
  const { members = [] } = scanObject(response) ?? {};
  const output = memberText(response, "output", members);
  if (output !== undefined && !/^(?:\[\s*\]|null)$/.test(output)) return response;
  const values = new Map([["output", `[${items.join(",")}]`]]);
  return applySplices(response, spliceMembers(response, values, { object: {}, members }));
}
