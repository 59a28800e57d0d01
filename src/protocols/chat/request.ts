/** A client's Chat Completions request as a canonical one. */
import type { ChatRequest, Effort, OutputFormat, Reasoning, Sampling } from "../../model/chat.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Envelope } from "../protocol.ts";
import { parseMessages } from "./request-messages.ts";
import { parseToolChoice, parseTools } from "./request-tools.ts";
import {
  chatExt,
  invalid,
  isObject,
  optionalArray,
  optionalBoolean,
  optionalCount,
  optionalNumber,
  optionalObject,
  optionalString,
  requiredString,
  rest,
} from "./wire.ts";

/** Top-level members that the canonical request holds whole; all others go to `ext`. */
const carried = new Set([
  ...["model", "messages", "max_completion_tokens", "max_tokens", "temperature", "top_p", "n", "stop"],
  ...["presence_penalty", "frequency_penalty", "logit_bias", "logprobs", "top_logprobs", "seed", "stream"],
  ...["tools", "tool_choice", "parallel_tool_calls", "functions", "function_call", "response_format"],
  ...["reasoning_effort", "verbosity", "modalities", "prompt_cache_key", "user", "metadata", "store", "service_tier"],
]);

const efforts: ReadonlySet<string> = new Set(["none", "minimal", "low", "medium", "high", "xhigh", "max"]);

export function openRequest(body: JsonObject): Envelope {
  const model = requiredString(body, "model");
  const messages = optionalArray(body, "messages");
  if (!messages || messages.length === 0) throw invalid("messages", "messages is required and must not be empty.");
  return { model, stream: optionalBoolean(body, "stream") ?? false };
}

export function parseRequest(body: JsonObject): ChatRequest {
  const { model, stream } = openRequest(body);
  const options = optionalObject(body, "stream_options");
  const ext = { ...rest(body, carried) };
  delete ext.stream_options;
  const streamExt = options && rest(options, new Set(["include_usage"]));
  if (streamExt) ext.stream_options = streamExt;
  const usage = options && optionalBoolean(options, "include_usage", "stream_options.include_usage");
  return {
    protocol: "chat",
    model,
    instructions: [],
    items: parseMessages(optionalArray(body, "messages") ?? []),
    tools: parseTools(body),
    ...parseToolChoice(body),
    ...defined("parallel", optionalBoolean(body, "parallel_tool_calls")),
    sampling: parseSampling(body),
    ...defined("reasoning", parseReasoningRequest(body)),
    ...defined("format", parseFormat(body)),
    ...parsePlain(body),
    stream,
    ...defined("includeUsage", usage),
    ...(Object.keys(ext).length === 0 ? {} : chatExt(ext)),
  };
}

function defined<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}

function parsePlain(body: JsonObject): Partial<ChatRequest> {
  const want = optionalBoolean(body, "logprobs");
  const top = optionalNumber(body, "top_logprobs");
  const key = optionalString(body, "prompt_cache_key");
  const user = optionalString(body, "user") ?? optionalString(body, "safety_identifier");
  const modalities = optionalArray(body, "modalities")?.map((one, index) => {
    if (typeof one !== "string") throw invalid(`modalities.${index}`, `modalities.${index} must be a string.`);
    return one;
  });
  return {
    ...defined("verbosity", optionalString(body, "verbosity")),
    ...(want || top !== undefined ? { logprobs: { want: want ?? false, ...defined("top", top) } } : {}),
    ...(key === undefined ? {} : { cache: { key } }),
    ...defined("modalities", modalities),
    ...defined("tier", optionalString(body, "service_tier")),
    ...defined("user", user),
    ...defined("metadata", optionalObject(body, "metadata")),
    ...defined("store", optionalBoolean(body, "store")),
  };
}

function parseSampling(body: JsonObject): Sampling {
  const newer = optionalCount(body, "max_completion_tokens", 1);
  const older = optionalCount(body, "max_tokens", 1);
  return {
    ...defined("temperature", optionalNumber(body, "temperature")),
    ...defined("topP", optionalNumber(body, "top_p")),
    // Not of the official protocol, but of most compatible servers; it stays in `ext` for them.
    ...defined("topK", optionalNumber(body, "top_k")),
    ...defined("presencePenalty", optionalNumber(body, "presence_penalty")),
    ...defined("frequencyPenalty", optionalNumber(body, "frequency_penalty")),
    ...defined("seed", optionalNumber(body, "seed")),
    ...defined("logitBias", optionalObject(body, "logit_bias")),
    ...defined("stop", parseStop(body)),
    ...defined("n", optionalCount(body, "n", 1)),
    ...defined("maxTokens", newer ?? older),
  };
}

function parseStop(body: JsonObject): string[] | undefined {
  const stop = body.stop;
  if (stop === undefined || stop === null) return undefined;
  if (typeof stop === "string") return [stop];
  if (!Array.isArray(stop)) throw invalid("stop", "stop must be a string or an array of strings.");
  return stop.map((one, index) => {
    if (typeof one !== "string") throw invalid(`stop.${index}`, `stop.${index} must be a string.`);
    return one;
  });
}

function parseFormat(body: JsonObject): OutputFormat | undefined {
  const format = optionalObject(body, "response_format");
  if (!format) return undefined;
  const type = requiredString(format, "type", "response_format.type");
  if (type === "text") return { kind: "text" };
  if (type === "json_object") return { kind: "json" };
  if (type !== "json_schema") {
    throw invalid("response_format.type", "response_format.type must be text, json_object or json_schema.");
  }
  const at = "response_format.json_schema";
  const named = isObject(format.json_schema) ? format.json_schema : undefined;
  if (!named) throw invalid(at, `${at} is required and must be an object.`);
  return {
    kind: "schema",
    ...defined("name", optionalString(named, "name", `${at}.name`)),
    ...defined("description", optionalString(named, "description", `${at}.description`)),
    ...defined("schema", optionalObject(named, "schema", `${at}.schema`)),
    ...defined("strict", optionalBoolean(named, "strict", `${at}.strict`)),
  };
}

function effortOf(value: unknown, path: string): Effort {
  if (typeof value === "string" && efforts.has(value)) return value as Effort;
  throw invalid(path, `${path} must be one of ${[...efforts].join(", ")}.`);
}

/** `reasoning_effort`, or what routers and compatible servers ask with (`reasoning`, `thinking`). */
function parseReasoningRequest(body: JsonObject): Reasoning | undefined {
  const effort = body.reasoning_effort;
  if (effort !== undefined && effort !== null) return { effort: effortOf(effort, "reasoning_effort") };
  if (isObject(body.reasoning)) {
    const dialect = body.reasoning;
    if (dialect.enabled === false) return { mode: "off" };
    if (typeof dialect.effort === "string" && efforts.has(dialect.effort)) return { effort: dialect.effort as Effort };
    if (typeof dialect.max_tokens === "number") return { mode: "budget", budget: dialect.max_tokens };
  }
  if (isObject(body.thinking)) {
    if (body.thinking.type === "disabled") return { mode: "off" };
    if (typeof body.thinking.budget_tokens === "number") return { mode: "budget", budget: body.thinking.budget_tokens };
  }
  return undefined;
}
