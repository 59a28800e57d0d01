/**
 * Answers that are to be JSON of a schema, from a model that was only told so in words: a whole answer that does not fit
 * is sent back once with what is wrong. Streams go out as they come. Both calls count as one, their usage is the sum.
 */
import { type Misfit, misfits } from "../kit/json-schema.ts";
import type { Item } from "../model/chat.ts";
import type { Answer } from "../model/event.ts";
import type { Json, JsonObject } from "../model/json.ts";
import { addUsage, type Usage } from "../model/usage.ts";
import type { WholeUpstream } from "./attempt.ts";
import type { Exchange } from "./exchange.ts";
import type { Prepared } from "./outgoing.ts";

export interface Repair {
  schema: JsonObject;
  /** The same request with more items at its end. */
  again(items: Item[]): Prepared;
}

interface Asking {
  repair: Repair;
  /** The target's name. */
  name: string;
  ask(prepared: Prepared): Promise<WholeUpstream>;
}

export async function repaired(exchange: Exchange, whole: WholeUpstream, asking: Asking): Promise<WholeUpstream> {
  const { repair, ask, name } = asking;
  const [first] = whole.answers;
  const wrong = first && wrongIn(first, repair.schema);
  if (!first || !wrong || wrong.length === 0) return whole;
  const second = await ask(repair.again(sentBack(textOf(first), wrong))).catch((error: unknown) => {
    // The answer that there is stays, unless nobody waits for it any more.
    if (exchange.left) throw error;
    exchange.failed(error, name);
    return undefined;
  });
  const [other] = second?.answers ?? [];
  const left = other && wrongIn(other, repair.schema);
  const isBetter = left !== undefined && left.length <= wrong.length;
  if (!isBetter || left.length > 0) exchange.notes.add("dropped", "format.schema", "answer_does_not_fit");
  const answer: Answer = { ...(isBetter && other ? other : first) };
  const usage = other ? sum(first.usage, other.usage) : first.usage;
  if (usage) answer.usage = usage;
  exchange.usage = usage;
  exchange.finish = answer.finish;
  return { ...whole, answers: [answer], wasRepaired: true };
}

/** Undefined for what is no answer in text: calls, refusals, answers that were cut. */
function wrongIn(answer: Answer, schema: JsonObject): Misfit[] | undefined {
  const isSaid = answer.items.every(({ type }) => type === "message" || type === "reasoning");
  const isRefused = answer.items.some(
    (item) => item.type === "message" && item.blocks.some(({ type }) => type !== "text"),
  );
  if (answer.finish !== "stop" || !isSaid || isRefused) return undefined;
  let value: Json;
  try {
    value = JSON.parse(textOf(answer)) as Json;
  } catch {
    return [
      { path: "", words: "the answer is not JSON alone: it has other words, a code fence, or breaks JSON's rules" },
    ];
  }
  return misfits(schema, value);
}

function textOf({ items }: Answer): string {
  const blocks = items.flatMap((item) => (item.type === "message" ? item.blocks : []));
  return blocks.map((block) => (block.type === "text" ? block.text : "")).join("");
}

function sentBack(text: string, wrong: readonly Misfit[]): Item[] {
  const list = wrong.map(({ path, words }) => `- ${path === "" ? "" : `${path}: `}${words}`).join("\n");
  const ask = `Your answer does not fit the JSON Schema:\n${list}\nAnswer again with the whole corrected JSON value and nothing else.`;
  const said: Item = { type: "message", role: "assistant", blocks: [{ type: "text", text }] };
  const asked: Item = { type: "message", role: "user", blocks: [{ type: "text", text: ask }] };
  return text.trim() === "" ? [asked] : [said, asked];
}

/** Of a call that reported nothing what is known is too little. */
function sum(one: Usage | undefined, other: Usage | undefined): Usage | undefined {
  if (one && other) return addUsage(one, other);
  const known = one ?? other;
  if (!known) return undefined;
  const { reportedNano: _ofOneCall, ...counts } = known;
  return { ...counts, estimated: true };
}
