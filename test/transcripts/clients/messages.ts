/** A client of Anthropic Messages. */
import { type Fields, fieldsOf, listOf } from "../../support/upstream/shape.ts";
import {
  type Asking,
  type Character,
  type Client,
  eventsOf,
  type Outbound,
  type Outcome,
  parameters,
  png,
  type Reply,
  type Said,
  standing,
  tools,
  Unreadable,
} from "./client.ts";
import { History } from "./history.ts";

const picture = { type: "image", source: { type: "base64", media_type: "image/png", data: png } };

export class MessagesClient implements Client {
  private readonly character: Character;
  private asked = 0;
  readonly history = new History();

  constructor(character: Character) {
    this.character = character;
  }

  summary(text: string): Fields {
    return { role: "user", content: text };
  }

  partial(text: string): Fields {
    return { role: "assistant", content: [{ type: "text", text }] };
  }

  say(said: Said): void {
    this.history.push({ role: "user", content: spoken(said) });
  }

  report(outcomes: readonly Outcome[], said?: Said): void {
    const results = outcomes.map(({ call, text, error, image }) => ({
      ...{ type: "tool_result", tool_use_id: call.id },
      content: image ? [{ type: "text", text }, picture] : text,
      ...(error ? { is_error: true } : {}),
    }));
    this.history.push({ role: "user", content: [...results, ...(said ? spoken(said) : [])] });
  }

  request({ model, stream }: Asking): Outbound {
    const definitions = tools.map((name) => ({ name, input_schema: parameters }));
    const system = standing(this.asked++);
    const body = {
      ...{ model, max_tokens: 4000, system, messages: this.history.items, tools: definitions, stream },
      ...(this.character.thinks ? { thinking: { type: "enabled", budget_tokens: 1024 } } : {}),
    };
    return { path: "/v1/messages", headers: { "anthropic-version": "2023-06-01" }, body };
  }

  read(text: string, stream: boolean): Reply {
    const content = stream ? streamed(text) : listOf(fieldsOf(JSON.parse(text)).content);
    const words = content.filter(({ type }) => type === "text").map((block) => String(block.text));
    const calls = content
      .filter(({ type }) => type === "tool_use")
      .map(({ id, name, input }) => ({ id: String(id), name: String(name), args: fieldsOf(input) }));
    return { text: words.join(""), calls, entries: content.flatMap((block) => this.kept(block)) };
  }

  keep({ entries }: Reply): void {
    this.history.keep([{ role: "assistant", content: entries }]);
  }

  errorOf(body: Fields): unknown {
    return body.type === "error" ? fieldsOf(body.error).type : undefined;
  }

  private kept(block: Fields): Fields[] {
    if (this.character.habit === "all") return [block];
    const { type, id, name, input, text, thinking, signature } = block;
    if (type === "text") return [{ type, text }];
    if (type === "tool_use") return [{ type, id, name, input }];
    if (this.character.habit === "bare") return [];
    return type === "thinking" ? [{ type, thinking, signature }] : [block];
  }
}

function spoken({ text, image, reminder }: Said): Fields[] {
  const words =
    reminder === undefined ? [] : [{ type: "text", text: `<system-reminder>${reminder}</system-reminder>` }];
  return [...words, ...(image ? [picture] : []), { type: "text", text }];
}

function streamed(text: string): Fields[] {
  const blocks: Fields[] = [];
  const inputs: string[] = [];
  let isDone = false;
  for (const event of eventsOf(text).map(fieldsOf)) {
    const at = Number(event.index);
    if (event.type === "error") throw new Unreadable(JSON.stringify(event));
    if (event.type === "message_stop") isDone = true;
    if (event.type === "content_block_start") {
      if (at !== blocks.length) throw new Unreadable(`block ${at} after ${blocks.length} blocks`);
      blocks.push({ ...fieldsOf(event.content_block) });
      inputs.push("");
    }
    const block = blocks[at];
    if (event.type !== "content_block_delta" || !block) continue;
    const { type, ...delta } = fieldsOf(event.delta);
    if (type === "thinking_delta") block.thinking = `${block.thinking}${delta.thinking}`;
    if (type === "signature_delta") block.signature = delta.signature;
    if (type === "text_delta") block.text = `${block.text}${delta.text}`;
    if (type === "input_json_delta") inputs[at] += String(delta.partial_json);
  }
  if (!isDone) throw new Unreadable("the stream has no message_stop");
  return blocks.map((block, at) =>
    block.type === "tool_use" ? { ...block, input: JSON.parse(inputs[at] || "{}") } : block,
  );
}
