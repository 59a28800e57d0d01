/** The client's request body to the canonical request. */

import type { Content } from "../../kit/content.ts";
import type {
  Block,
  ChatRequest,
  Effort,
  OutputFormat,
  Reasoning,
  Sampling,
  Tool,
  ToolChoice,
} from "../../model/chat.ts";
import { GatewayError } from "../../model/error.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Envelope } from "../protocol.ts";
import { invalid, isAbsent, isObject, optional, readFlag, readList, readName, readText, remainder } from "../read.ts";
import { parseMark, parseNested } from "./blocks.ts";
import { parseMessage } from "./items.ts";
import { extOf, readCount, readNumber, readObject } from "./read.ts";

/** Checks what every request must have. Throws `invalid-request`. */
export function open(body: JsonObject): Envelope {
  const model = readName(body.model, "model");
  readCount(body.max_tokens, "max_tokens");
  const messages = readList(body.messages, "messages");
  if (messages.length === 0) throw invalid("messages", "at least one message is required");
  return { model, stream: optional(body.stream, "stream", readFlag) ?? false };
}

const known = new Set([
  ...[
    "model",
    "max_tokens",
    "messages",
    "system",
    "thinking",
    "output_config",
    "output_format",
    "tools",
    "tool_choice",
  ],
  ...["stop_sequences", "temperature", "top_p", "top_k", "stream", "metadata", "service_tier", "cache_control"],
]);

/** Places of citations are counted in texts, and a schema asks whether the word JSON stands in them. */
export function holds(content: Content): readonly string[] | undefined {
  return content.includes('"citations"') || content.includes('"json_schema"') ? undefined : ["text", "content"];
}

export function parseRequest(body: JsonObject): ChatRequest {
  const envelope = open(body);
  const auto = parseMark(body.cache_control, "cache_control");
  const reasoning = parseReasoning(body);
  const format = parseFormat(body);
  const tier = optional(body.service_tier, "service_tier", readText);
  return {
    protocol: "messages",
    ...envelope,
    instructions: parseSystem(body.system),
    items: readList(body.messages, "messages").flatMap((message, index) =>
      parseMessage(message, { path: `messages.${index}`, keep: true }),
    ),
    tools: (optional(body.tools, "tools", readList) ?? []).map((tool, index) => parseTool(tool, `tools.${index}`)),
    ...parseToolChoice(body.tool_choice),
    sampling: parseSampling(body),
    ...(reasoning ? { reasoning } : {}),
    ...(format ? { format } : {}),
    ...(auto.cache ? { cache: { auto: auto.cache } } : {}),
    ...(tier === undefined ? {} : { tier: tier === "standard_only" ? "default" : tier }),
    ...parseMetadata(body),
  };
}

function parseSystem(system: unknown): Block[] {
  if (isAbsent(system)) return [];
  if (typeof system === "string") return system === "" ? [] : [{ type: "text", at: "system", text: system }];
  const blocks = parseNested(system, { path: "system", keep: true });
  const odd = blocks.findIndex((block) => block.type !== "text");
  if (odd >= 0) throw invalid(`system.${odd}.type`, 'must be "text"');
  return blocks;
}

function parseSampling(body: JsonObject): Sampling {
  const sampling: Sampling = { maxTokens: readCount(body.max_tokens, "max_tokens") };
  const temperature = optional(body.temperature, "temperature", readNumber);
  const topP = optional(body.top_p, "top_p", readNumber);
  const topK = optional(body.top_k, "top_k", readCount);
  const stop = optional(body.stop_sequences, "stop_sequences", readList);
  if (temperature !== undefined) sampling.temperature = temperature;
  if (topP !== undefined) sampling.topP = topP;
  if (topK !== undefined) sampling.topK = topK;
  if (stop) sampling.stop = stop.map((text, index) => readText(text, `stop_sequences.${index}`));
  return sampling;
}

const efforts = new Set<string>(["low", "medium", "high", "xhigh", "max"] satisfies Effort[]);

const thinkingKeys = new Set(["type", "budget_tokens", "display"]);

function parseReasoning(body: JsonObject): Reasoning | undefined {
  const reasoning: Reasoning = {};
  const thinking = optional(body.thinking, "thinking", readObject);
  if (thinking) {
    const display = optional(thinking.display, "thinking.display", readText);
    if (display === "summarized" || display === "omitted") reasoning.display = display;
    else if (display !== undefined) throw invalid("thinking.display", 'must be "summarized" or "omitted"');
    reasoning.mode = parseThinkingMode(thinking.type);
    Object.assign(reasoning, extOf(thinking, thinkingKeys));
    if (reasoning.mode === "budget") {
      reasoning.budget = readCount(thinking.budget_tokens, "thinking.budget_tokens");
    }
  }
  const config = optional(body.output_config, "output_config", readObject);
  const effort = config && optional(config.effort, "output_config.effort", readText);
  if (effort !== undefined) {
    if (!efforts.has(effort)) throw invalid("output_config.effort", `must be one of ${[...efforts].join(", ")}`);
    reasoning.effort = effort as Effort;
  }
  return Object.keys(reasoning).length > 0 ? reasoning : undefined;
}

function parseThinkingMode(type: unknown): NonNullable<Reasoning["mode"]> {
  if (type === "enabled") return "budget";
  if (type === "disabled") return "off";
  if (type === "adaptive" || type === "between_tools") return type;
  throw invalid("thinking.type", "must be one of enabled, adaptive, between_tools, disabled");
}

function parseFormat(body: JsonObject): OutputFormat | undefined {
  const config = optional(body.output_config, "output_config", readObject);
  const at = config && !isAbsent(config.format) ? "output_config.format" : "output_format";
  const format = optional(config && !isAbsent(config.format) ? config.format : body.output_format, at, readObject);
  if (!format) return undefined;
  if (format.type !== "json_schema") throw invalid(`${at}.type`, 'must be "json_schema"');
  return { kind: "schema", schema: readObject(format.schema, `${at}.schema`) };
}

const toolKeys = new Set(["type", "name", "description", "input_schema", "strict", "cache_control"]);

function parseTool(value: unknown, at: string): Tool {
  const json = readObject(value, at);
  const type = optional(json.type, `${at}.type`, readName);
  const mark = parseMark(json.cache_control, `${at}.cache_control`);
  if (type !== undefined && type !== "custom") {
    const name = optional(json.name, `${at}.name`, readName) ?? type;
    return { kind: "server", name, origin: "messages", json, ...mark };
  }
  const description = optional(json.description, `${at}.description`, readText);
  const schema = optional(json.input_schema, `${at}.input_schema`, readObject);
  const strict = optional(json.strict, `${at}.strict`, readFlag);
  return {
    kind: "function",
    name: readName(json.name, `${at}.name`),
    ...(description === undefined ? {} : { description }),
    ...(schema === undefined ? {} : { schema }),
    ...(strict === undefined ? {} : { strict }),
    ...mark,
    ...(json.defer_loading === true ? { defer: true } : {}),
    ...extOf(json, toolKeys),
  };
}

function parseToolChoice(value: unknown): { toolChoice?: ToolChoice; parallel?: boolean } {
  const choice = optional(value, "tool_choice", readObject);
  if (!choice) return {};
  const at = "tool_choice.disable_parallel_tool_use";
  const single = optional(choice.disable_parallel_tool_use, at, readFlag);
  const parallel = single === undefined ? {} : { parallel: !single };
  switch (choice.type) {
    case "auto":
    case "none":
      return { toolChoice: { mode: choice.type }, ...parallel };
    case "any":
      return { toolChoice: { mode: "required" }, ...parallel };
    case "tool": {
      const name = readName(choice.name, "tool_choice.name");
      return { toolChoice: { mode: "tool", name, kind: "function" }, ...parallel };
    }
    default:
      throw invalid("tool_choice.type", "must be one of auto, any, tool, none");
  }
}

const userKey = new Set(["user_id"]);
const configKeys = new Set(["effort", "format"]);

/** The user id, and what only this protocol knows: unknown members on every level that is read here. */
function parseMetadata(body: JsonObject): Pick<ChatRequest, "user" | "ext"> {
  const metadata = optional(body.metadata, "metadata", readObject) ?? {};
  const user = optional(metadata.user_id, "metadata.user_id", readText);
  const ext: JsonObject = remainder(body, known) ?? {};
  const more = remainder(metadata, userKey);
  if (more) ext.metadata = more;
  const config = isObject(body.output_config) ? remainder(body.output_config, configKeys) : undefined;
  if (config) ext.output_config = config;
  return {
    ...(user === undefined ? {} : { user }),
    ...(Object.keys(ext).length > 0 ? { ext: { messages: ext } } : {}),
  };
}

/** The request was not readable for a reason that is not ours to know: still the client's fault, never a crash. */
export function guarded<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) {
      throw new GatewayError("invalid-request", "The request is nested too deeply.", { cause: error });
    }
    throw error;
  }
}
