/** Gemini on both sides: the body goes through; only signatures that are our envelopes are taken out. */
import type { Json, JsonObject } from "../../model/json.ts";
import type { TargetFacts } from "../../model/target.ts";
import type { Envelope, Passage } from "../protocol.ts";
import { isObject } from "../read.ts";
import { pathOf } from "./place.ts";
import { camel } from "./read.ts";
import { skipValidation } from "./signatures.ts";

/** The model stands in the path: nothing in the body names it. */
export function pass(envelope: Envelope, _body: JsonObject, target: TargetFacts): Passage {
  return { path: pathOf(target.model, envelope.stream), set: new Map() };
}

/** Calls and results are paired by name and order, and every id is taken. */
export function mayEdit(): boolean {
  return false;
}

/**
 * Without the signatures that this target did not make. A thought or an empty text that only carried one goes with it;
 * the first call of a step of the running turn, which must have one, gets the word that stands for none.
 */
export function strip(body: JsonObject, foreign: (bytes: string) => boolean): ReadonlyMap<string, string> {
  const contents = Array.isArray(body.contents) ? body.contents : [];
  const turn = contents.findLastIndex(isSpokenByUser);
  const stripped = contents.map((content, at) => withoutForeign(content, foreign, at > turn));
  if (stripped.every((content, at) => content === contents[at])) return new Map();
  return new Map([["contents", JSON.stringify(stripped.filter((content) => !isEmpty(content)))]]);
}

function partsOf(content: Json): Json[] {
  if (!isObject(content)) return [];
  return Array.isArray(content.parts) ? content.parts : isObject(content.parts) ? [content.parts] : [];
}

function isSpokenByUser(content: Json): boolean {
  if (!isObject(content) || content.role === "model") return false;
  return partsOf(content).some((part) => isObject(part) && camel(part).functionResponse === undefined);
}

function isEmpty(content: Json): boolean {
  return isObject(content) && Array.isArray(content.parts) && content.parts.length === 0;
}

function withoutForeign(content: Json, foreign: (bytes: string) => boolean, isCurrent: boolean): Json {
  const parts = partsOf(content);
  let calls = 0;
  const kept = parts.flatMap((part): Json[] => {
    if (!isObject(part)) return [part];
    const json = camel(part);
    const isCall = json.functionCall !== undefined;
    if (isCall) calls++;
    const bytes = json.thoughtSignature;
    if (typeof bytes !== "string" || !foreign(bytes)) return [part];
    const { thoughtSignature: _camel, thought_signature: _snake, ...rest } = part;
    if (isCall) return [isCurrent && calls === 1 ? { ...rest, thoughtSignature: skipValidation } : rest];
    return json.thought === true || json.text === "" ? [] : [rest];
  });
  const isSame = kept.length === parts.length && kept.every((part, at) => part === parts[at]);
  return isSame || !isObject(content) ? content : { ...content, parts: kept };
}
