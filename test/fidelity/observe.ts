/** What becomes of a field of a request in one direction, seen from outside: the client's body and the provider's. */
import { oneByOne } from "../../src/gateway/copies.ts";
import { Media } from "../../src/gateway/media.ts";
import { withoutStops } from "../../src/gateway/stops.ts";
import { GatewayError } from "../../src/model/error.ts";
import type { Json, JsonObject } from "../../src/model/json.ts";
import { Notes } from "../../src/model/note.ts";
import { type Capabilities, defaultCapabilities, type TargetFacts } from "../../src/model/target.ts";
import type { Fate } from "../../src/protocols/fates/fate.ts";
import { clientField, type Protocol } from "../../src/protocols/protocol.ts";
import { marks } from "./construct.ts";
import { pages, pixels } from "./dialect.ts";

export interface Sent {
  /** What the provider got; absent when the client got an error. */
  text?: string;
  refused?: { param: string; message: string };
  notes: string[];
}

/** What the gateway fetches where a provider takes no addresses. */
const media = new Media();
for (const [word, picture, page] of [
  ["zqmark", pixels[1], pages[1]],
  ["alpha", pixels[0], pages[0]],
]) {
  const at = `https://${word}.example/a`;
  media.set({ kind: "image", url: `${at}.png`, at: "" }, { mime: "image/png", data: picture ?? "" });
  for (const url of [`${at}.pdf`, `${at}.png`])
    media.set({ kind: "document", url, at: "" }, { mime: "application/pdf", data: page ?? "" });
}

/** Of a provider that runs the tools that its protocol has. */
const can: Capabilities = { ...defaultCapabilities, webSearch: true, searchOptions: true, codeExecution: true };

const place = { path: "/v1beta/models/m:generateContent", query: new URLSearchParams() };

export function send(from: Protocol, to: Protocol, body: JsonObject): Sent {
  const notes = new Notes();
  const told = () =>
    notes.list.map(({ action, field, detail }) => `${action} ${clientField(from, field)} ${detail ?? ""}`);
  const target: TargetFacts = { provider: "up", model: modelOf(body), scope: "up", can };
  try {
    const parsed = oneByOne(from.parseRequest(continued(from, body), notes, place), to, notes).request;
    const { request } = withoutStops(media.inlined(parsed, to), { protocol: to, target, notes });
    const built = to.buildRequest(request, target, notes);
    return { text: JSON.stringify([built.path, built.headers, built.body]), notes: told() };
  } catch (thrown) {
    if (!(thrown instanceof GatewayError)) throw thrown;
    const { param = "" } = thrown.detail;
    return { refused: { param: clientField(from, param), message: thrown.message }, notes: told() };
  }
}

/** What is kept of an answer that a request goes on from. */
const kept = {
  input: JSON.stringify([{ role: "user", content: "before" }]),
  response: JSON.stringify({
    ...{ id: "resp_1", object: "response", status: "completed" },
    output: [
      { type: "message", role: "assistant", content: [{ type: "output_text", text: "before", annotations: [] }] },
    ],
  }),
};

/** As the gateway does: the conversation in place of the answer's id. */
function continued({ stored }: Protocol, body: JsonObject): JsonObject {
  if (!stored || typeof body[stored.previousMember] !== "string") return body;
  return JSON.parse(stored.continueFrom(JSON.stringify(body), kept)) as JsonObject;
}

function modelOf(body: JsonObject): string {
  return typeof body.model === "string" ? body.model : "m";
}

export interface Observed {
  fate: Fate | "lost";
  /** Notes and errors, for whoever looks for the cause. */
  why: string;
}

/** What is asked about, as it stands in the client's body. */
export interface Asked {
  /** `messages.1.content.0.text`; positions in lists as they are there. */
  at: string;
  /** The scalars by which it is known again. */
  marks: readonly Json[];
}

export function observe(plain: Sent, marked: Sent, { at, marks }: Asked): Observed {
  if (marked.refused) return { fate: "refused", why: `${marked.refused.param}: ${marked.refused.message}` };
  const isSame = plain.text === marked.text;
  const fresh = marked.notes.filter((note) => !plain.notes.includes(note) && concerns(note, at));
  // A part that is lost is told at its own row, as long as the rest arrives.
  const told = isSame ? fresh : fresh.filter((note) => !fieldOf(note).startsWith(`${at}.`));
  const why = told.join("; ");
  if (told.some((note) => !note.startsWith("dropped "))) return { fate: "emulated", why };
  if (told.length > 0) return { fate: "dropped", why };
  if (!isSame) {
    const holds = marks.some((mark) => count(marked.text ?? "", mark) > count(plain.text ?? "", mark));
    return { fate: holds ? "carried" : "mapped", why };
  }
  const around = marked.notes.filter((note) => concerns(note, at) && !note.includes("signature_missing"));
  const dropped = around.find((note) => note.startsWith("dropped "));
  if (dropped) return { fate: "dropped", why: dropped };
  return around.length > 0 ? { fate: "emulated", why: around.join("; ") } : { fate: "lost", why: "" };
}

function fieldOf(note: string): string {
  return note.split(" ")[1] ?? "";
}

/** Is the note about the field, about what it is part of, or about a part of it? A mark may be named without its place. */
function concerns(note: string, at: string): boolean {
  const field = fieldOf(note);
  // A note may leave out the wrapper of a member: `parts.0.displayName`.
  const [, head = "", last = ""] = /^(.*)\.([^.]+)$/.exec(field) ?? [];
  if (head !== "" && at.startsWith(`${head}.`) && `${at}.`.includes(`.${last}.`)) return true;
  const starts = (long: string, short: string) => long === short || long.startsWith(`${short}.`);
  return starts(at, field) || starts(field, at) || `.${at}.`.includes(`.${field}.`);
}

function count(text: string, value: Json): number {
  return text.split(String(value)).length;
}

/** The scalars by which a marked value is known again. */
export function scalarsOf(value: Json | undefined): Json[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap(scalarsOf);
  if (typeof value === "object") return Object.values(value).flatMap(scalarsOf);
  return typeof value === "string" || value === marks.number || typeof value === "number" ? [value] : [];
}
