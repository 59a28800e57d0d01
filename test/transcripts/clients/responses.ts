/** A client of OpenAI Responses that keeps its conversation itself. */
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

const picture = { type: "input_image", image_url: `data:image/png;base64,${png}`, detail: "auto" };

export class ResponsesClient implements Client {
  private readonly character: Character;
  private asked = 0;
  readonly history = new History();

  constructor(character: Character) {
    this.character = character;
  }

  summary(text: string): Fields {
    return { type: "message", role: "user", content: [{ type: "input_text", text }] };
  }

  partial(text: string): Fields {
    return { type: "message", role: "assistant", content: [{ type: "output_text", text }] };
  }

  say({ text, image, reminder }: Said): void {
    const words = (role: string, said: string, more: Fields[] = []) =>
      this.history.push({ type: "message", role, content: [{ type: "input_text", text: said }, ...more] });
    if (reminder !== undefined) words("developer", reminder);
    words("user", text, image ? [picture] : []);
  }

  report(outcomes: readonly Outcome[], said?: Said): void {
    for (const { call, text, image } of outcomes) {
      const output = image ? [{ type: "input_text", text }, picture] : text;
      this.history.push({ type: "function_call_output", call_id: call.id, output });
    }
    if (said) this.say(said);
  }

  request({ model, stream }: Asking): Outbound {
    const body = {
      ...{ model, instructions: standing(this.asked++), ...this.state(), stream },
      tools: tools.map((name) => ({ type: "function", name, parameters, strict: false })),
      include: ["reasoning.encrypted_content"],
      ...(this.character.thinks ? { reasoning: { effort: "low", summary: "auto" } } : {}),
    };
    return { path: "/v1/responses", body };
  }

  private state(): Fields {
    const { items, previous, known } = this.history;
    if (this.character.habit !== "linked") return { input: items, store: false };
    return { input: items.slice(known), ...(previous === undefined ? {} : { previous_response_id: previous }) };
  }

  read(text: string, stream: boolean): Reply {
    const response = stream ? streamed(text) : fieldsOf(JSON.parse(text));
    const output = listOf(response.output);
    const words = output.flatMap(({ content, type }) => (type === "message" ? listOf(content) : []));
    const calls = output
      .filter(({ type }) => type === "function_call")
      .map(({ call_id: id, name, arguments: args }) => ({
        ...{ id: String(id), name: String(name) },
        args: fieldsOf(JSON.parse(String(args))),
      }));
    const entries = output.flatMap((item) => this.kept(item));
    return { text: words.map((part) => String(part.text)).join(""), calls, id: String(response.id), entries };
  }

  keep({ entries, id }: Reply): void {
    this.history.keep(entries, id);
  }

  errorOf(body: Fields): unknown {
    return fieldsOf(body.error).type;
  }

  private kept(item: Fields): Fields[] {
    if (this.character.habit === "all") return [item];
    if (this.character.habit === "bare" && item.type === "reasoning") return [];
    const { id: _id, status: _status, ...rest } = item;
    return [rest];
  }
}

function streamed(text: string): Fields {
  const items: Fields[] = [];
  let whole: Fields | undefined;
  for (const event of eventsOf(text).map(fieldsOf)) {
    if (event.type === "error" || event.type === "response.failed") throw new Unreadable(JSON.stringify(event));
    if (event.type === "response.output_item.done") items.push(fieldsOf(event.item));
    if (event.type === "response.completed") whole = fieldsOf(event.response);
  }
  if (!whole) throw new Unreadable("the stream has no response.completed");
  if (!Bun.deepEquals(whole.output, items)) throw new Unreadable("response.completed has other items than the stream");
  return whole;
}
