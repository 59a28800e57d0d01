/**
 * A provider's refusal as one code of the table. OpenAI's shape and the many near ones: flat objects, bare strings,
 * lists of validation faults, Google's array, MiniMax's status inside a 200, HTML pages.
 */
import type { GatewayError } from "../../model/error.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { classify, type Signs, statusOfWords } from "../signs.ts";
import { isObject, numberOf, stringOf } from "./wire.ts";

export function parseError(status: number, headers: Headers, body: string): GatewayError {
  let json: Json | undefined;
  try {
    json = JSON.parse(body) as Json;
  } catch {
    json = undefined;
  }
  return classify({ ...signsOf(json, body), status, headers, body: json ?? body });
}

/**
 * The error that hides in an answer with status 200 or in a frame of its stream; undefined when there is none.
 * `event` is the frame's own event name.
 */
export function hiddenError(json: Json, event?: string): GatewayError | undefined {
  if (!isObject(json)) return undefined;
  const base = isObject(json.base_resp) ? numberOf(json.base_resp.status_code) : undefined;
  const told = json.error !== undefined && json.error !== null && json.error !== false && json.error !== "";
  const flat = json.object === "error" || json.type === "error" || event === "error";
  if (!told && !flat && (base === undefined || base === 0)) return undefined;
  const signs = signsOf(json, "");
  return classify({ ...signs, status: statusOfWords(signs), headers: new Headers(), body: json });
}

function signsOf(json: Json | undefined, text: string): Omit<Signs, "status" | "headers" | "body"> {
  const outer = Array.isArray(json) ? json[0] : json;
  if (!isObject(outer)) return { message: typeof outer === "string" ? outer : text };
  if (isObject(outer.base_resp)) {
    const { status_code: code, status_msg: message } = outer.base_resp;
    return { message: stringOf(message) ?? "", vendorCode: String(numberOf(code) ?? ""), family: "minimax" };
  }
  const inner = isObject(outer.error) ? outer.error : outer;
  const message =
    stringOf(inner.message) ??
    stringOf(outer.error) ??
    stringOf(outer.message) ??
    detailText(outer.detail ?? outer.message) ??
    "";
  return {
    message: routed(unwrapped(message), inner.metadata),
    ...named("vendorCode", stringOf(inner.code) ?? stringOf(inner.status) ?? wordOf(inner.code)),
    ...named("type", stringOf(inner.type) ?? stringOf(outer.type) ?? stringOf(outer.error_type)),
    ...named("param", stringOf(inner.param)),
    ...(isObject(inner.metadata) ? { metadata: inner.metadata } : {}),
  };
}

function named<K extends string>(key: K, value: string | undefined): { [P in K]?: string } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: string };
}

function wordOf(value: Json | undefined): string | undefined {
  const number = numberOf(value);
  return number === undefined ? stringOf(value) : String(number);
}

/** FastAPI's `detail`: a string, or faults with `loc` and `msg`. */
function detailText(detail: Json | undefined): string | undefined {
  if (typeof detail === "string") return detail;
  const list = Array.isArray(detail) ? detail : isObject(detail) && Array.isArray(detail.detail) ? detail.detail : [];
  const faults = list.filter(isObject).map((fault: JsonObject) => {
    const place = Array.isArray(fault.loc) ? `${fault.loc.join(".")}: ` : "";
    return place + (stringOf(fault.msg) ?? "");
  });
  return faults.length === 0 ? undefined : faults.join("; ");
}

/** A router's "Provider returned error" says nothing; the provider's own words are beside it. */
function routed(message: string, metadata: Json | undefined): string {
  const raw = isObject(metadata) ? stringOf(metadata.raw) : undefined;
  return raw !== undefined && /^provider returned error\.?$/i.test(message) ? unwrapped(raw) : message;
}

/** Some gateways put the whole JSON of the error into the message once more. */
function unwrapped(message: string): string {
  if (!message.startsWith("{")) return message;
  try {
    const inner: unknown = JSON.parse(message);
    if (!isObject(inner)) return message;
    const { error } = inner;
    return (isObject(error) ? stringOf(error.message) : (stringOf(inner.message) ?? stringOf(error))) ?? message;
  } catch {
    return message;
  }
}
