/** Google's countTokens: of contents, or of a whole request that stands inside. */
import { GatewayError } from "../../model/error.ts";
import type { JsonObject } from "../../model/json.ts";
import { type CountWire, countingOf, parseTokens } from "../counting.ts";
import type { Envelope, Passage, Place } from "../protocol.ts";
import { invalid, isAbsent, isObject } from "../read.ts";
import { checkModel, nameOf } from "./embed-request.ts";
import { gemini } from "./index.ts";
import { bare, methodPath, splitPath } from "./place.ts";
import { camel, readObject, textOr } from "./read.ts";

const method = "countTokens";
const member = "generateContentRequest";
const serves = (path: string) => splitPath(path).method === method;

/** The request inside, undefined where only its contents are given. */
function inner(body: JsonObject): JsonObject | undefined {
  const json = camel(body);
  if (isAbsent(json[member])) return undefined;
  if (!isAbsent(json.contents)) throw invalid("contents", `cannot be set beside ${member}`);
  return readObject(json[member], member);
}

function open(body: JsonObject, place?: Place): Envelope {
  const request = inner(body);
  const model = place ? splitPath(place.path).model : bare(textOr((request ?? body).model));
  if (place && model === "") throw new GatewayError("not-found", `Call /v1beta/models/{model}:${method}.`);
  if (request) checkModel(request.model, `${member}.model`, model);
  gemini.open({ ...(request ?? body), model });
  return { model, stream: false };
}

/** The key of the request inside, as the client spells it. */
function spelled(body: JsonObject): string {
  return Object.keys(body).find((key) => Object.hasOwn(camel({ [key]: {} }), member)) ?? member;
}

function pass(_envelope: Envelope, body: JsonObject, { model }: { model: string }): Passage {
  const request = inner(body);
  const set = new Map<string, string>();
  const name = nameOf(model);
  if (!isAbsent(body.model)) set.set("model", JSON.stringify(name));
  if (request) set.set(spelled(body), JSON.stringify({ ...request, model: name }));
  return { path: methodPath(model, method), set };
}

export const geminiCount: CountWire = {
  ...countingOf(gemini),
  routes: [
    { method: "POST", path: "/v1beta/models/*", operation: "count", accepts: serves },
    { method: "POST", path: "/v1/models/*", operation: "count", accepts: serves },
  ],
  serves,
  takes: new Set(),
  open,
  parseRequest(body, notes, place) {
    const { model } = open(body, place);
    return gemini.parseRequest({ ...(inner(body) ?? body), model }, notes);
  },
  buildAnswer: (tokens) => ({ totalTokens: tokens }),
  buildQuestion: (built, model) => ({
    ...built,
    path: methodPath(model, method),
    body: { [member]: { ...built.body, model: nameOf(model) } },
  }),
  parseAnswer: (body) => parseTokens(isObject(body) ? { totalTokens: 0, ...body } : body, "totalTokens"),
  // The request inside names the model once more.
  mayEdit: (content) => content.includes("enerate"),
  pass,
  strip(body, foreign, target) {
    const request = inner(body);
    const set = gemini.strip(request ?? body, foreign, target);
    if (!request || set.size === 0) return set;
    const stripped = Object.fromEntries([...set].map(([key, text]) => [key, JSON.parse(text)]));
    return new Map([[spelled(body), JSON.stringify({ ...request, ...stripped, model: nameOf(target.model) })]]);
  },
};
