/** A client of Google's generateContent. */
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

const picture = { inlineData: { mimeType: "image/png", data: png } };

export class GeminiClient implements Client {
  private readonly character: Character;
  private asked = 0;
  readonly history = new History();

  constructor(character: Character) {
    this.character = character;
  }

  summary(text: string): Fields {
    return { role: "user", parts: [{ text }] };
  }

  partial(text: string): Fields {
    return { role: "model", parts: [{ text }] };
  }

  say({ text, image, reminder }: Said): void {
    const words = reminder === undefined ? [] : [{ text: reminder }];
    this.history.push({ role: "user", parts: [...words, ...(image ? [picture] : []), { text }] });
  }

  report(outcomes: readonly Outcome[], said?: Said): void {
    const parts = outcomes.map(({ call, text, error, image }) => ({
      functionResponse: {
        ...(call.id === "" ? {} : { id: call.id }),
        name: call.name,
        response: error ? { error: text } : { output: text },
        ...(image ? { parts: [picture] } : {}),
      },
    }));
    this.history.push({ role: "user", parts });
    if (said) this.say(said);
  }

  request({ model, stream }: Asking): Outbound {
    const functionDeclarations = tools.map((name) => ({ name, parametersJsonSchema: parameters }));
    const thinkingConfig = { includeThoughts: true, thinkingBudget: 1024 };
    const system = { parts: [{ text: standing(this.asked++) }] };
    const body = {
      ...{ systemInstruction: system, contents: this.history.items, tools: [{ functionDeclarations }] },
      ...(this.character.thinks ? { generationConfig: { thinkingConfig } } : {}),
    };
    const method = stream ? "streamGenerateContent?alt=sse" : "generateContent";
    return { path: `/v1beta/models/${model}:${method}`, body };
  }

  read(text: string, stream: boolean): Reply {
    const came = stream ? streamed(text) : partsOf(fieldsOf(JSON.parse(text)));
    // The vendor's own helper sends nothing back that says nothing.
    const parts = came.filter((part) => part.text !== "" || part.thoughtSignature !== undefined);
    const words = parts.flatMap(({ text: one, thought }) => (typeof one === "string" && !thought ? [one] : []));
    const calls = parts.flatMap(({ functionCall: call }) => {
      const { id, name, args } = fieldsOf(call);
      return call ? [{ id: String(id ?? ""), name: String(name), args: fieldsOf(args) }] : [];
    });
    return { text: words.join(""), calls, entries: parts.flatMap((part) => this.kept(part)) };
  }

  keep({ entries }: Reply): void {
    this.history.keep(entries.length > 0 ? [{ role: "model", parts: entries }] : []);
  }

  errorOf(body: Fields): unknown {
    return fieldsOf(body.error).status;
  }

  private kept(part: Fields): Fields[] {
    if (this.character.habit === "all") return [part];
    if (part.thought === true) return [];
    if (this.character.habit === "official") return [part];
    const { thoughtSignature: _signature, ...rest } = part;
    return rest.text === "" ? [] : [rest];
  }
}

function partsOf(body: Fields): Fields[] {
  return listOf(fieldsOf(listOf(body.candidates)[0]?.content).parts);
}

/** Texts of one kind are one part, but for what is signed. */
function streamed(text: string): Fields[] {
  const chunks = eventsOf(text).map(fieldsOf);
  const failed = chunks.find(({ error }) => error !== undefined);
  if (failed) throw new Unreadable(JSON.stringify(failed));
  const reasons = chunks.flatMap(({ candidates }) => listOf(candidates)).map(({ finishReason: reason }) => reason);
  if (!reasons.includes("STOP")) throw new Unreadable("the stream has no finishReason STOP");
  const parts: Fields[] = [];
  for (const part of chunks.flatMap(partsOf)) {
    const last = parts.at(-1);
    const isPlain = (one: Fields) => typeof one.text === "string" && one.thoughtSignature === undefined;
    const joins = last && isPlain(last) && isPlain(part) && last.thought === part.thought;
    if (joins) parts[parts.length - 1] = { ...last, text: `${last.text}${part.text}` };
    else parts.push(part);
  }
  return parts;
}
