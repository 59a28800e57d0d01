/**
 * A trap is told in one exchange: a client's request, what a provider of some protocol answers, and what both were sent.
 * The whole pipeline runs, the provider is a function; what it is sent is judged by the strict rules of its vendor.
 */
import { FrameSplitter } from "../../src/kit/sse.ts";
import type { Json, JsonObject } from "../../src/model/json.ts";
import { accept } from "../recordings/accept.ts";
import {
  type DoorOptions,
  openDoor,
  type ProtocolName,
  pathOf,
  plainAnswers,
  type Sent,
  secret,
} from "../recordings/door.ts";

export { type ProtocolName, plainAnswers, protocolNames } from "../recordings/door.ts";

/** A whole answer, or the frames of a stream: an object is one frame of JSON, a text is its data as it stands. */
export type Reply = JsonObject | (JsonObject | string)[] | Response;

export interface Scene {
  client: ProtocolName;
  provider: ProtocolName;
  /** The client's request; model and stream are added. */
  body: JsonObject;
  /** One word unless said. */
  reply?: Reply | ((sent: Sent) => Reply);
  stream?: boolean;
  headers?: Record<string, string>;
  /** The provider's strict rules do not apply: it is a lenient one, or the request is meant to be refused. */
  lenient?: boolean;
  host?: string;
  more?: JsonObject;
}

/** What came of it. */
export interface Outcome {
  status: number;
  /** What the client got. */
  headers: Headers;
  text: string;
  /** The frames of a stream, or the one object of a whole answer. */
  frames: { event?: string; data: string }[];
  json: JsonObject;
  /** Bodies that the provider got, in order. */
  bodies: JsonObject[];
  /** The last of them; an empty object when it got none. */
  sent: JsonObject;
  sentText: string;
  sentHeaders: Record<string, string>;
  url: string;
  /** `x-plexus-degraded`, cut at its commas. */
  told: string[];
}

/** One request through the gateway. Throws where a strict provider would refuse what it was sent. */
export async function exchange(scene: Scene): Promise<Outcome> {
  const [only] = await converse(scene, [scene.body]);
  return only as Outcome;
}

/** Several requests of one client, each made with the answer to the one before. */
export async function converse(
  scene: Omit<Scene, "body">,
  bodies: (JsonObject | ((before: Outcome) => JsonObject))[],
): Promise<Outcome[]> {
  const refused: unknown[] = [];
  const options: DoorOptions = {
    provider: scene.provider,
    answer: (sent) => {
      try {
        if (!scene.lenient) accept(scene.provider, parsed(sent.body), sent.headers);
      } catch (error) {
        refused.push(error);
      }
      const { reply = plainReply(scene) } = scene;
      return respond(scene.provider, typeof reply === "function" ? reply(sent) : reply);
    },
    ...(scene.host === undefined ? {} : { host: scene.host }),
    ...(scene.more === undefined ? {} : { more: scene.more }),
  };
  const door = openDoor(options);
  const outcomes: Outcome[] = [];
  try {
    for (const body of bodies) {
      const before = outcomes.at(-1);
      const given = typeof body === "function" ? body(before as Outcome) : body;
      const from = door.sent.length;
      const response = await door.fetch(addressOf(scene), init(scene, given));
      outcomes.push(await outcomeOf(response, door.sent.slice(from)));
      if (refused.length > 0) throw refused[0];
    }
  } finally {
    door.close();
  }
  return outcomes;
}

function addressOf({ client, stream = false }: Omit<Scene, "body">): string {
  return `http://localhost${pathOf(client, "model", stream)}`;
}

function init({ client, stream, headers = {} }: Omit<Scene, "body">, body: JsonObject): RequestInit {
  const least = client === "messages" ? { max_tokens: 1000 } : {};
  const named = client === "gemini" ? body : { model: "model", ...(stream ? { stream } : {}), ...least, ...body };
  const all = { "content-type": "application/json", authorization: `Bearer ${secret}`, ...headers };
  return { method: "POST", headers: all, body: JSON.stringify(named) };
}

function plainReply({ provider, stream }: Omit<Scene, "body">): Reply {
  return stream ? plainStreams[provider] : (plainAnswers[provider] as JsonObject);
}

/** The bytes of an answer: JSON, or the events of a stream with the names that this protocol gives them. */
function respond(provider: ProtocolName, reply: Reply): Response {
  if (reply instanceof Response) return reply;
  if (!Array.isArray(reply)) return Response.json(reply);
  const named = provider === "messages" || provider === "responses";
  const frames = reply.map((frame) => {
    if (typeof frame === "string") return `data: ${frame}\n\n`;
    const head = named && typeof frame.type === "string" ? `event: ${frame.type}\n` : "";
    return `${head}data: ${JSON.stringify(frame)}\n\n`;
  });
  return new Response(frames.join(""), { headers: { "content-type": "text/event-stream" } });
}

async function outcomeOf(response: Response, sent: Sent[]): Promise<Outcome> {
  const text = await response.text();
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
  const frames = isStream ? framesOf(text) : [{ data: text }];
  const last = sent.at(-1);
  const told = response.headers.get("x-plexus-degraded");
  return {
    status: response.status,
    headers: response.headers,
    text,
    frames,
    json: isStream ? {} : parsed(text),
    bodies: sent.map(({ body }) => parsed(body)),
    sent: last ? parsed(last.body) : {},
    sentText: last?.body ?? "",
    sentHeaders: last?.headers ?? {},
    url: last?.url ?? "",
    told: told === null ? [] : told.split(", "),
  };
}

/** The frames of an event stream; comments are left out. */
export function framesOf(text: string): { event?: string; data: string }[] {
  const splitter = new FrameSplitter();
  return [...splitter.push(text), ...splitter.end()].flatMap((raw) => {
    const lines = raw.split("\n");
    const data = lines.filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trimStart());
    const event = lines
      .find((line) => line.startsWith("event:"))
      ?.slice(6)
      .trim();
    return data.length === 0 ? [] : [{ ...(event === undefined ? {} : { event }), data: data.join("\n") }];
  });
}

/** The JSON frames of a stream, without `[DONE]`. */
export function eventsOf({ frames }: Outcome): JsonObject[] {
  return frames.filter(({ data }) => data !== "[DONE]").map(({ data }) => parsed(data));
}

export function parsed(text: string): JsonObject {
  try {
    return JSON.parse(text) as JsonObject;
  } catch {
    return {};
  }
}

/** The value at a dotted path: `at(body, "messages.1.content")`. */
export function at(json: Json | undefined, path: string): Json | undefined {
  let value: Json | undefined = json;
  for (const key of path.split(".")) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Array.isArray(value) ? value[Number(key)] : value[key];
  }
  return value;
}

/** The objects of the list at a path. */
export function list(json: Json | undefined, path: string): JsonObject[] {
  const value = at(json, path);
  return Array.isArray(value) ? (value as JsonObject[]) : [];
}

const chunk = { id: "c", object: "chat.completion.chunk", created: 1, model: "m" };

/** One chunk of a Chat Completions stream. */
export function chatChunk(delta: JsonObject, finish: string | null = null): JsonObject {
  return { ...chunk, choices: [{ index: 0, delta, finish_reason: finish }] };
}

/** A Chat Completions answer with this message. */
export function chatAnswer(message: JsonObject, finish = "stop"): JsonObject {
  const choice = { index: 0, message: { role: "assistant", content: null, ...message }, finish_reason: finish };
  return { id: "c", object: "chat.completion", created: 1, model: "m", choices: [choice] };
}

/** A Messages answer with these blocks. */
export function messagesAnswer(content: JsonObject[], stop = "end_turn"): JsonObject {
  const head = { id: "msg_1", type: "message", role: "assistant", model: "m" };
  return { ...head, content, stop_reason: stop, stop_sequence: null, usage: { input_tokens: 1, output_tokens: 1 } };
}

/** A Responses answer with these items. */
export function responsesAnswer(output: JsonObject[], more: JsonObject = {}): JsonObject {
  return {
    id: "resp_1",
    object: "response",
    created_at: 1,
    model: "m",
    status: "completed",
    error: null,
    output,
    ...more,
  };
}

/** A Gemini answer, or one chunk of its stream, with these parts. */
export function geminiAnswer(parts: JsonObject[], finishReason: string | null = "STOP"): JsonObject {
  const finish = finishReason === null ? {} : { finishReason };
  return {
    candidates: [{ content: { role: "model", parts }, index: 0, ...finish }],
    modelVersion: "m",
    responseId: "r",
    usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
  };
}

/** The frames of a Messages stream around those of its blocks. */
export function messagesStream(frames: JsonObject[], stop = "end_turn"): JsonObject[] {
  const { content: _content, stop_reason: _stop, ...head } = messagesAnswer([]);
  const delta = { stop_reason: stop, stop_sequence: null };
  return [
    { type: "message_start", message: { ...head, content: [], stop_reason: null } },
    ...frames,
    { type: "message_delta", delta, usage: { output_tokens: 1 } },
    { type: "message_stop" },
  ];
}

/** A Responses stream that tells each item whole, and its end. */
export function responsesStream(output: JsonObject[]): JsonObject[] {
  const response = responsesAnswer([], { status: "in_progress" });
  const items = output.flatMap((item, output_index): JsonObject[] => [
    { type: "response.output_item.added", output_index, item: { ...item, status: "in_progress" } },
    { type: "response.output_item.done", output_index, item },
  ]);
  const frames = [
    { type: "response.created", response },
    ...items,
    { type: "response.completed", response: responsesAnswer(output) },
  ];
  return frames.map((frame, sequence_number) => ({ ...frame, sequence_number }));
}

const word = { id: "msg_1", type: "message", role: "assistant", status: "completed" };

/** One word from a provider of each protocol, as a stream. */
export const plainStreams: Record<ProtocolName, (JsonObject | string)[]> = {
  chat: [chatChunk({ role: "assistant", content: "a" }), chatChunk({}, "stop"), "[DONE]"],
  messages: messagesStream([
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "a" } },
    { type: "content_block_stop", index: 0 },
  ]),
  responses: responsesStream([{ ...word, content: [{ type: "output_text", text: "a", annotations: [] }] }]),
  gemini: [geminiAnswer([{ text: "a" }])],
};
