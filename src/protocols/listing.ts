/** How a provider tells which models it has: where the list stands, and what one page of it says. */
import { GatewayError } from "../model/error.ts";
import type { Json, JsonObject } from "../model/json.ts";
import { isObject } from "./read.ts";

/** A model as its provider tells of it; members that it does not tell are left out. */
export interface FoundModel {
  id: string;
  /** Tokens. */
  context?: number;
  maxOutput?: number;
  /** Seconds since 1970. */
  created?: number;
  /** Its provider says whether it takes part in conversations. */
  converses?: boolean;
}

export interface FoundModels {
  models: FoundModel[];
  /** What `path` is given for the next page. */
  next?: string;
}

export interface ModelListing {
  /** Appended to the provider's base URL. */
  path(after?: string): string;
  readonly headers: Readonly<Record<string, string>>;
  /** Throws `upstream-failed` when the answer is no list of models. */
  parse(body: Json): FoundModels;
}

/** `{ data: [{ id }] }`, or the list alone. */
export const dataListing: ModelListing = {
  path: () => "/models",
  headers: {},
  parse: (body) => ({ models: entriesOf(isObject(body) ? body.data : body).flatMap(modelOf) }),
};

/** The entries of a list. Throws `upstream-failed` when it is none. */
export function entriesOf(list: Json | undefined): JsonObject[] {
  if (!Array.isArray(list)) throw new GatewayError("upstream-failed", "The answer is JSON, but no list of models.");
  return list.filter(isObject);
}

function modelOf(entry: JsonObject): FoundModel[] {
  const { id, created } = entry;
  if (typeof id !== "string" || id === "") return [];
  const converses = conversesOf(entry);
  const found: FoundModel = {
    id,
    ...tokensOf(
      "context",
      entry.context_length ?? entry.context_window ?? entry.max_context_length ?? entry.max_model_len,
    ),
    ...tokensOf("maxOutput", entry.max_output_tokens ?? entry.max_completion_tokens),
    ...(typeof created === "number" ? { created } : {}),
    ...(converses === undefined ? {} : { converses }),
  };
  return [found];
}

/** Some vendors say it as a kind of the model, some as an ability. */
function conversesOf({ type, capabilities }: JsonObject): boolean | undefined {
  if (isObject(capabilities) && typeof capabilities.completion_chat === "boolean") return capabilities.completion_chat;
  return typeof type === "string" && type !== "model" ? ["chat", "language", "code"].includes(type) : undefined;
}

/** A number of tokens under its name, where there is one. */
export function tokensOf<Name extends "context" | "maxOutput">(name: Name, value: Json | undefined) {
  const isCount = typeof value === "number" && Number.isInteger(value) && value > 0;
  return (isCount ? { [name]: value } : {}) as { [member in Name]?: number };
}
