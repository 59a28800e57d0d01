/** The strict grammar of an event stream: what it breaks, in words; empty when it obeys. */
import type { Frame } from "../../../src/kit/sse.ts";

interface Item {
  id: string;
  type: string;
  status: string;
  call_id: string;
  content?: unknown[];
  summary?: unknown[];
  arguments?: string;
  input?: string;
}

interface Usage {
  [key: string]: unknown;
  input_tokens_details: { [key: string]: unknown };
  output_tokens_details: { [key: string]: unknown };
}

interface Answered {
  id: string;
  object: string;
  status: string;
  error: unknown;
  incomplete_details: unknown;
  output: unknown[];
  usage: Usage | null;
}

/** What any event may hold. */
interface Json {
  [key: string]: unknown;
  type: string;
  output_index: number;
  item_id: string;
  delta: string;
  item: Item;
  part: { type: string; text?: string; refusal?: string; annotations?: unknown[]; logprobs?: unknown[] };
}

interface Part {
  key: string;
  text: string;
  told: boolean;
  annotations: number;
}

interface Open {
  item: Item;
  part?: Part | undefined;
  parts: number;
  args: string;
  argsTold: boolean;
}

const terminals = new Set(["response.completed", "response.incomplete", "response.failed"]);
const deltas: Record<string, string> = {
  "response.output_text.delta": "text",
  "response.refusal.delta": "refusal",
  "response.reasoning_text.delta": "text",
  "response.reasoning_summary_text.delta": "text",
};
const wholes: Record<string, string> = {
  "response.output_text.done": "text",
  "response.refusal.done": "refusal",
  "response.reasoning_text.done": "text",
  "response.reasoning_summary_text.done": "text",
};
const usageKeys = ["input_tokens", "input_tokens_details", "output_tokens", "output_tokens_details", "total_tokens"];

export function automaton(frames: Frame[]): string[] {
  const walk = new Walk();
  frames.forEach((frame, at) => {
    const json = JSON.parse(frame.data) as Json;
    if (frame.event !== json.type) walk.broken.push(`frame ${at} is not named after its type`);
    if (json.sequence_number !== at) walk.broken.push(`frame ${at} has number ${json.sequence_number}`);
    if (at === 0 && json.type !== "response.created") walk.broken.push("the first event is not response.created");
    if (at === 1 && json.type !== "response.in_progress") walk.broken.push("the second is not response.in_progress");
    if (terminals.has(json.type) !== (at === frames.length - 1)) walk.broken.push(`frame ${at} ends it or does not`);
    const before = walk.broken.length;
    walk.step(json);
    for (let one = before; one < walk.broken.length; one++) walk.broken[one] = `frame ${at}: ${walk.broken[one]}`;
  });
  return walk.broken;
}

class Walk {
  readonly broken: string[] = [];
  private readonly open = new Map<number, Open>();
  private readonly done: Item[] = [];
  private count = 0;
  private id: unknown;

  private check(holds: boolean, words: string): void {
    if (!holds) this.broken.push(words);
  }

  step(json: Json): void {
    const response = json.response as Answered | undefined;
    if (response) {
      this.id ??= response.id;
      this.check(response.id === this.id && response.id.startsWith("resp_"), "the response id changes");
      this.check(response.object === "response" && "tools" in response, "the echo is missing");
    }
    if (response && terminals.has(json.type)) this.terminal(json.type, response);
    else if (json.type === "response.output_item.added") this.added(json);
    else if (json.output_index !== undefined) this.inside(json);
  }

  private added(json: Json): void {
    this.check(json.output_index === this.count, "output indexes are not dense");
    this.count++;
    const item = json.item;
    if (item.type === "message") this.check(item.content?.length === 0, "a message begins with content");
    if (item.type === "reasoning") this.check(item.summary?.length === 0, "reasoning begins without its lists");
    if (item.type === "function_call") this.check(item.arguments === "", "a call begins with arguments");
    if (item.type === "custom_tool_call") this.check(item.input === "", "a call begins with input");
    this.open.set(json.output_index, { item, parts: 0, args: "", argsTold: false });
  }

  private inside(json: Json): void {
    const open = this.open.get(json.output_index);
    if (!open) {
      this.broken.push(`${json.type} outside its item`);
      return;
    }
    if (json.type === "response.output_item.done") {
      this.itemDone(json, open);
      return;
    }
    this.check(json.item_id === open.item.id, "the item id differs");
    if (json.type.endsWith("part.added")) this.partAdded(json, open);
    else if (json.type.endsWith("part.done")) this.partDone(json, open);
    else if (/(?:arguments|input)\.(?:delta|done)$/.test(json.type)) this.callText(json, open);
    else if (json.type === "response.output_text.annotation.added") {
      this.check(json.annotation_index === open.part?.annotations, "annotation indexes are not dense");
      if (open.part) open.part.annotations++;
    } else this.partText(json, open);
  }

  private partAdded(json: Json, open: Open): void {
    this.check(open.part === undefined, "a part begins inside another");
    const key = json.type.includes("summary") ? "summary_index" : "content_index";
    open.part = { key: `${key}.${json[key]}`, text: "", told: false, annotations: 0 };
    if (json.part.type === "output_text") {
      this.check(json.part.annotations?.length === 0 && json.part.logprobs?.length === 0, "a part begins bare");
    }
    open.parts++;
  }

  private partText(json: Json, open: Open): void {
    const part = open.part;
    const key = json.type.includes("summary") ? "summary_index" : "content_index";
    this.check(part?.key === `${key}.${json[key]}`, `${json.type} outside its part`);
    if (!part) return;
    if (json.type in deltas) {
      part.text += json.delta;
      if (json.type === "response.output_text.delta") this.check(Array.isArray(json.logprobs), "no logprobs");
      this.check(!part.told, "a delta follows the whole text");
    } else if (json.type in wholes) {
      const word = wholes[json.type] as string;
      this.check(json[word] === part.text, "the whole text is not what the deltas gave");
      part.told = true;
    } else this.broken.push(`${json.type} is unknown`);
  }

  private partDone(json: Json, open: Open): void {
    this.check(open.part?.told === true, "a part ends without its whole text");
    this.check((json.part.text ?? json.part.refusal) === open.part?.text, "the part differs from its text");
    if (json.part.annotations)
      this.check(json.part.annotations.length === open.part?.annotations, "annotations differ");
    open.part = undefined;
  }

  private callText(json: Json, open: Open): void {
    this.check(!open.argsTold, "arguments follow the whole arguments");
    if (json.type.endsWith(".delta")) open.args += json.delta;
    else {
      this.check((json.arguments ?? json.input) === open.args, "the arguments are not what the deltas gave");
      open.argsTold = true;
    }
  }

  private itemDone(json: Json, open: Open): void {
    const { item } = json;
    this.check(open.part === undefined, "an item ends inside a part");
    this.check(item.id === open.item.id && item.type === open.item.type, "the item changed");
    this.check(item.call_id === open.item.call_id, "the call id changed");
    if (item.type === "function_call" || item.type === "custom_tool_call") {
      this.check((item.arguments ?? item.input) === open.args, "the item's arguments are not what was told");
      this.check(open.argsTold === (item.status === "completed"), "arguments are told as done, or not, wrongly");
    }
    if (item.type === "message" || item.type === "reasoning") {
      const parts = (item.content?.length ?? 0) + (item.summary?.length ?? 0);
      this.check(parts === open.parts, "parts are missing");
    }
    this.done[json.output_index] = item;
    this.open.delete(json.output_index);
  }

  private terminal(type: string, response: Answered): void {
    this.check(type === `response.${response.status}`, "the status is not the event's");
    const failed = response.status === "failed";
    this.check(failed === Boolean(response.error), "error and status differ");
    this.check(
      (response.status === "incomplete") === Boolean(response.incomplete_details),
      "details and status differ",
    );
    if (!failed) {
      this.check(this.open.size === 0, "items are left open");
      this.check(JSON.stringify(response.output) === JSON.stringify(this.done), "the output is not the items");
    }
    const { usage } = response;
    if (usage) {
      this.check(
        usageKeys.every((key) => usage[key] !== undefined),
        "usage is not whole",
      );
      this.check(usage.output_tokens_details.reasoning_tokens !== undefined, "reasoning_tokens is missing");
      this.check(usage.input_tokens_details.cached_tokens !== undefined, "cached_tokens is missing");
    }
  }
}
