/** An agent with a conversation of its own, kept in its own protocol the way such agents keep it. */
import type { Fields } from "../../support/upstream/shape.ts";
import type { History } from "./history.ts";

export type ProtocolName = "chat" | "messages" | "gemini" | "responses";

/**
 * What it keeps of an answer: every field, only the protocol's official fields without those of reasoning that users
 * never see, or nothing that is not text or a call. A linked one names the answer before and sends what is new.
 */
export type Habit = "all" | "official" | "bare" | "linked";

export interface ToolCall {
  id: string;
  name: string;
  args: Fields;
}

export interface Said {
  text: string;
  /** A picture beside the text. */
  image?: boolean;
  /** System text in the middle of the conversation. */
  reminder?: string;
}

export interface Outcome {
  call: ToolCall;
  text: string;
  error: boolean;
  image: boolean;
}

export interface Reply {
  text: string;
  calls: ToolCall[];
  /** Of the answer, where a client may name it. */
  id?: string;
  /** What goes into the history, in the client's protocol. */
  entries: Fields[];
}

export interface Outbound {
  path: string;
  headers?: Record<string, string>;
  body: Fields;
}

export interface Asking {
  model: string;
  stream: boolean;
}

export interface Client {
  readonly history: History;
  /** What the user would say, as an item of the history. */
  summary(text: string): Fields;
  /** What was said of an answer that broke off. */
  partial(text: string): Fields;
  say(said: Said): void;
  /** Results of all calls of the last reply, and what the user says beside them. */
  report(outcomes: readonly Outcome[], said?: Said): void;
  request(asking: Asking): Outbound;
  /** Throws when the answer is not what an SDK of the protocol could read to its end. */
  read(text: string, stream: boolean): Reply;
  keep(reply: Reply): void;
  /** The kind of error in a body of an answer that is no 200; undefined when it is not in the protocol's shape. */
  errorOf(body: Fields): unknown;
}

export interface Character {
  habit: Habit;
  /** Asks for reasoning. */
  thinks: boolean;
}

export const tools = ["look", "Bash", "mcp__files__read"] as const;
export const parameters = {
  type: "object",
  properties: { at: { type: "string" }, deep: { type: "boolean" } },
  required: ["at"],
};

/** System text that is another one with each request. */
export function standing(asked: number): string {
  return `You are an agent. This is request ${asked + 1}.`;
}

/** One white point. */
export const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

/** The data of each event of a stream; what is no JSON stays text. */
export function eventsOf(text: string): (Fields | string)[] {
  return [...text.matchAll(/^data: ?(.*)$/gm)].map(([, data = ""]) =>
    data.trimStart().startsWith("{") ? (JSON.parse(data) as Fields) : data.trim(),
  );
}

export class Unreadable extends Error {}
