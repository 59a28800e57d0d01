/** A whole answer from its events, and the events of a whole answer: `collect(replay(a))` equals `a`. */
import type { Block, Item } from "./chat.ts";
import type { Answer, ChatEvent } from "./event.ts";
import { emptyUsage, type Usage } from "./usage.ts";

/** Throws the stream's error when it ends in one. Candidates come in their order, the first at index 0. */
export function collect(events: Iterable<ChatEvent>): Answer[] {
  const collector = new Collector();
  for (const event of events) collector.push(event);
  return collector.answers();
}

/** The same, fed as the events come. */
export class Collector {
  private readonly list: Answer[] = [];
  private head = { id: "", model: "", created: 0 };
  private usage: Usage | undefined;

  push(event: ChatEvent): void {
    switch (event.type) {
      case "start":
        this.head = { id: event.id, model: event.model, created: event.created };
        this.answer(undefined, event.ext);
        break;
      case "item-end":
        this.answer(event.c).items[event.index] = event.item;
        break;
      case "usage":
        this.usage = { ...(this.usage ?? emptyUsage()), ...event.usage };
        break;
      case "meta":
        this.answer(event.c, event.ext);
        break;
      case "finish": {
        const answer = this.answer(event.c, event.ext);
        answer.finish = event.reason;
        if (event.stopSequence !== undefined) answer.stopSequence = event.stopSequence;
        if (event.refusal !== undefined) answer.refusal = event.refusal;
        break;
      }
      case "error":
        throw event.error;
    }
  }

  answers(): Answer[] {
    const first = this.answer(undefined);
    if (this.usage) first.usage = this.usage;
    return this.list;
  }

  private answer(candidate: number | undefined, ext?: Answer["ext"]): Answer {
    const index = candidate ?? 0;
    while (this.list.length <= index) this.list.push({ ...this.head, items: [], finish: "other" });
    const answer = this.list[index] as Answer;
    if (ext) {
      answer.ext = { ...answer.ext };
      for (const [origin, fields] of Object.entries(ext)) answer.ext[origin] = { ...answer.ext[origin], ...fields };
    }
    return answer;
  }
}

export function replay(answers: Answer[]): ChatEvent[] {
  const first = answers[0];
  if (!first) return [];
  const events: ChatEvent[] = [
    {
      type: "start",
      id: first.id,
      model: first.model,
      created: first.created,
      ...(first.ext ? { ext: first.ext } : {}),
    },
  ];
  answers.forEach((answer, c) => {
    const candidate = c === 0 ? {} : { c };
    answer.items.forEach((item, index) => {
      events.push({ type: "item-start", ...candidate, index, item: skeleton(item) });
      for (const event of deltas(item, index)) events.push({ ...event, ...candidate });
      events.push({ type: "item-end", ...candidate, index, item });
    });
    if (c > 0 && answer.ext) events.push({ type: "meta", c, ext: answer.ext });
    events.push({
      type: "finish",
      ...candidate,
      reason: answer.finish,
      ...(answer.stopSequence === undefined ? {} : { stopSequence: answer.stopSequence }),
      ...(answer.refusal === undefined ? {} : { refusal: answer.refusal }),
    });
  });
  if (first.usage) events.push({ type: "usage", usage: first.usage });
  return events;
}

/** The item as `item-start` shows it: what deltas will add is left out. */
export function skeleton(item: Item): Item {
  if (item.type === "message") return { ...item, blocks: [] };
  if (item.type === "call") {
    const { seals: _seals, incomplete: _incomplete, ...rest } = item;
    return { ...rest, args: "" };
  }
  if (item.type === "reasoning") return { ...item, text: [], seals: [] };
  return item;
}

function deltas(item: Item, index: number): ChatEvent[] {
  if (item.type === "message") return item.blocks.flatMap((block, at) => blockDeltas(block, index, at));
  const events: ChatEvent[] = [];
  if (item.type === "call") {
    if (item.args !== "") events.push({ type: "args-delta", index, text: item.args });
    for (const seal of item.seals ?? []) events.push({ type: "seal", index, seal });
  }
  if (item.type === "reasoning") {
    item.text.forEach((part, at) => {
      events.push({ type: "reasoning-delta", index, part: at, kind: part.kind, text: part.text });
    });
    for (const seal of item.seals) events.push({ type: "seal", index, seal });
  }
  return events;
}

function blockDeltas(block: Block, index: number, at: number): ChatEvent[] {
  if (block.type === "refusal") return [{ type: "refusal-delta", index, block: at, text: block.text }];
  if (block.type !== "text") return [];
  const logprobs = block.logprobs ? { logprobs: block.logprobs } : {};
  const events: ChatEvent[] = [{ type: "text-delta", index, block: at, text: block.text, ...logprobs }];
  for (const annotation of block.annotations ?? []) events.push({ type: "annotation", index, block: at, annotation });
  return events;
}
