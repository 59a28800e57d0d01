/** What is known of a large body without parsing it: its members, the long ones by an empty value of their type. */
import type { Content } from "../kit/content.ts";
import { type Member, type Splice, scanObject } from "../kit/json.ts";
import { type Ends, mayHide, scanEnds, spliceBytes } from "../kit/json-ends.ts";
import type { Scratch } from "../kit/scratch.ts";
import { GatewayError } from "../model/error.ts";
import type { Json, JsonObject } from "../model/json.ts";
import type { Envelope, Place, Wire } from "../protocols/protocol.ts";

/** Lists and objects longer than this are left as stand-ins. */
const smallMember = 4096;

export interface Outline {
  head: JsonObject;
  envelope: Envelope;
  /** Where the members stand in the text; with `ends`, where those that are known stand in the bytes. */
  members: readonly Member[];
  /** Only the two ends were looked at. */
  ends?: Ends;
  /** Beginnings of names (`stream`, `model"`) that do not stand between the ends. */
  sure?: readonly string[];
}

/** Undefined when the text's structure is broken. Throws `invalid-request` as `open` does. */
export function outlineOf(content: Content, wire: Wire, place: Place): Outline | undefined {
  const ofEnds = content.bytes && outlineOfEnds(content.bytes, wire, place);
  if (ofEnds) return ofEnds;
  const members = scanObject(content.text)?.members;
  if (!members) return undefined;
  const head = Object.fromEntries(members.map((member) => [member.key, jsonOf(content.text, member)]));
  return { head, envelope: wire.open(head, place), members };
}

/** Undefined when not all that matters stands at the ends: then all of the body is to be looked at. */
function outlineOfEnds(bytes: Buffer, wire: Wire, place: Place): Outline | undefined {
  const ends = wire.outline && scanEnds(bytes);
  const cut = ends && standIn(bytes[ends.cut.start]);
  if (!ends || cut === undefined) return undefined;
  const sure = ['model"', ...(wire.outline ?? [])];
  // A name with escapes is another spelling of the same one; every letter of `model` is U+006x.
  if (sure.some((name) => mayHide(bytes, ends, name)) || bytes.includes("\\u006", ends.cut.start)) return undefined;
  const short = ends.members.map((member) => [member.key, jsonOf(bytes.toString("utf8", member.start, member.end))]);
  const head = Object.fromEntries([...short, [ends.cut.key, cut]]) as JsonObject;
  try {
    return { head, envelope: wire.open(head, place), members: ends.members, ends, sure };
  } catch {
    return undefined;
  }
}

/** The bytes with members set; undefined when one of them is not sure: it may stand where nobody looked, in any spelling. */
export function patchedEnds(
  { bytes }: Content,
  { members, ends, sure = [] }: Outline,
  { values, scratch }: { values: ReadonlyMap<string, string>; scratch: Scratch },
): Buffer | undefined {
  if (!bytes || !ends) return undefined;
  const splices: Splice[] = [];
  for (const [key, text] of values) {
    const named = members.filter((member) => member.key === key);
    if (key === ends.cut.key || !sure.some((name) => `${key}"`.startsWith(name))) return undefined;
    for (const { start, end } of named) splices.push({ start, end, text });
    const at = bytes.indexOf("{") + 1;
    if (named.length === 0) splices.push({ start: at, end: at, text: `${JSON.stringify(key)}:${text},` });
  }
  splices.sort((a, b) => a.start - b.start);
  return spliceBytes(bytes, splices, scratch);
}

function standIn(first: number | undefined): Json | undefined {
  if (first === 91) return [null];
  return first === 123 ? {} : undefined;
}

function jsonOf(text: string, { start, end }: Pick<Member, "start" | "end"> = { start: 0, end: text.length }): Json {
  const long = end - start > smallMember ? standIn(text.charCodeAt(start)) : undefined;
  if (long !== undefined) return long;
  try {
    return JSON.parse(text.slice(start, end)) as Json;
  } catch (cause) {
    throw notJson(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

export function notJson(words: string, cause: unknown): GatewayError {
  return new GatewayError("invalid-request", `The request body is not valid JSON: ${words}`, { cause });
}
