/** A client of Chat Completions. */
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

export class ChatClient implements Client {
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
    return { role: "assistant", content: text };
  }

  say({ text, image, reminder }: Said): void {
    if (reminder !== undefined) this.history.push({ role: "system", content: reminder });
    const picture = { type: "image_url", image_url: { url: `data:image/png;base64,${png}` } };
    const content = image ? [{ type: "text", text }, picture] : text;
    this.history.push({ role: "user", content });
  }

  /** The protocol knows neither pictures nor errors of results. */
  report(outcomes: readonly Outcome[], said?: Said): void {
    for (const { call, text } of outcomes) {
      this.history.push({ role: "tool", tool_call_id: call.id, content: text });
    }
    if (said) this.say(said);
  }

  request({ model, stream }: Asking): Outbound {
    const definitions = tools.map((name) => ({ type: "function", function: { name, parameters } }));
    const system = { role: "system", content: standing(this.asked++) };
    const body = {
      ...{ model, messages: [system, ...this.history.items], tools: definitions, stream },
      ...(this.character.thinks ? { reasoning_effort: "low" } : {}),
    };
    return { path: "/v1/chat/completions", body };
  }

  read(text: string, stream: boolean): Reply {
    const message = stream ? streamed(text) : fieldsOf(listOf(fieldsOf(JSON.parse(text)).choices)[0]?.message);
    const calls = listOf(message.tool_calls).map((call) => {
      const { name, arguments: args } = fieldsOf(call.function);
      return { id: String(call.id), name: String(name), args: fieldsOf(JSON.parse(String(args))) };
    });
    // Null stands beside calls alone.
    const said = { ...message, content: message.content ?? (calls.length > 0 ? null : "") };
    const entry = this.character.habit === "all" ? said : official(message);
    return { text: String(message.content ?? ""), calls, entries: [entry] };
  }

  keep({ entries }: Reply): void {
    this.history.keep(entries);
  }

  errorOf(body: Fields): unknown {
    return fieldsOf(body.error).type;
  }
}

function official(message: Fields): Fields {
  const calls = listOf(message.tool_calls).map((call) => {
    const { name, arguments: args } = fieldsOf(call.function);
    return { id: call.id, type: "function", function: { name, arguments: args } };
  });
  return { role: "assistant", content: message.content ?? "", ...(calls.length > 0 ? { tool_calls: calls } : {}) };
}

function streamed(text: string): Fields {
  const events = eventsOf(text);
  if (events.at(-1) !== "[DONE]") throw new Unreadable("the stream has no [DONE]");
  const choices = events.flatMap((event) => listOf(fieldsOf(event).choices));
  if (!choices.some(({ finish_reason: reason }) => typeof reason === "string"))
    throw new Unreadable("no finish_reason");
  const message: Fields = { role: "assistant", content: null };
  for (const delta of choices.map((choice) => fieldsOf(choice.delta))) {
    for (const name of ["content", "reasoning", "reasoning_content"]) {
      if (typeof delta[name] === "string") message[name] = `${message[name] ?? ""}${delta[name]}`;
    }
    for (const part of listOf(delta.reasoning_details)) addDetail(message, part);
    for (const part of listOf(delta.tool_calls)) addCall(message, part);
  }
  return message;
}

function addDetail(message: Fields, part: Fields): void {
  const details = listOf(message.reasoning_details);
  const last = details.at(-1);
  const joins = last && part.index !== undefined && last.index === part.index && last.type === part.type;
  if (joins) {
    const text = typeof part.text === "string" ? { text: `${last.text ?? ""}${part.text}` } : {};
    details[details.length - 1] = { ...last, ...part, ...text };
  } else details.push(part);
  message.reasoning_details = details;
}

function addCall(message: Fields, part: Fields): void {
  const calls = listOf(message.tool_calls);
  const at = Number(part.index);
  const { index: _index, function: now, ...rest } = part;
  const before = calls[at];
  const { name, arguments: args } = fieldsOf(now);
  const said = fieldsOf(before?.function);
  const whole = { name: said.name ?? name, arguments: `${said.arguments ?? ""}${args ?? ""}` };
  calls[at] = { ...rest, ...before, function: whole };
  message.tool_calls = calls;
}
