/** What Anthropic's Messages accepts, in both versions of the API. */
import { blocksOf, cacheControl, checkContent, message, textBlock, toolName } from "./messages-blocks.ts";
import { checkSubset, messagesStrict, walk } from "./schema.ts";
import {
  anything,
  type Check,
  type Fields,
  fieldsOf,
  flag,
  integer,
  isFields,
  list,
  listOf,
  map,
  nullable,
  number,
  oneOf,
  shape,
  tagged,
  text,
  textOr,
  Violation,
} from "./shape.ts";

export const versions = ["2023-06-01", "2026-10-21"];
const noSampling = "2026-10-21";

const display = { display: nullable(oneOf("summarized", "omitted")) };
const thinking = tagged({
  enabled: shape({ type: oneOf("enabled"), budget_tokens: integer(1024) }, display),
  disabled: shape({ type: oneOf("disabled") }),
});
const single = { disable_parallel_tool_use: flag };
const toolChoice = tagged({
  auto: shape({ type: oneOf("auto") }, single),
  any: shape({ type: oneOf("any") }, single),
  tool: shape({ type: oneOf("tool"), name: toolName }, single),
  none: shape({ type: oneOf("none") }),
});
const tool = shape(
  { name: toolName, input_schema: map(anything) },
  {
    ...{ type: oneOf("custom"), description: text(), strict: flag, input_examples: list(anything) },
    ...{ cache_control: cacheControl, defer_loading: flag, eager_input_streaming: nullable(flag) },
  },
);
const place = { country: text(), region: text(), city: text(), timezone: text() };
const domains = list(text({ least: 1 }), { least: 1 });
/** Tools that run at the provider. */
const serverTool = tagged({
  web_search_20250305: shape(
    { type: anything, name: oneOf("web_search") },
    {
      ...{ max_uses: integer(1), allowed_domains: domains, blocked_domains: domains },
      user_location: shape({ type: oneOf("approximate") }, place),
    },
  ),
  code_execution_20250825: shape({ type: anything, name: oneOf("code_execution") }),
});
const anyTool: Check = (value, path) => (isServerTool(fieldsOf(value)) ? serverTool : tool)(value, path);

function isServerTool({ type }: Fields): boolean {
  return typeof type === "string" && type !== "custom";
}

const optional: Record<string, Check> = {
  system: textOr(list(textBlock)),
  thinking,
  output_config: shape(
    {},
    {
      effort: oneOf("low", "medium", "high", "xhigh", "max"),
      format: nullable(shape({ type: oneOf("json_schema"), schema: map(anything) })),
    },
  ),
  tools: list(anyTool),
  tool_choice: toolChoice,
  stop_sequences: list(text({ pattern: /\S/ })),
  temperature: number(0, 1),
  top_p: number(0, 1),
  top_k: integer(0),
  stream: flag,
  metadata: shape({}, { user_id: nullable(text({ most: 256 })) }),
  service_tier: oneOf("auto", "standard_only"),
  cache_control: cacheControl,
};

export interface MessagesRequest {
  body: Fields;
  headers: Headers;
  /** Signature -> the thinking that it was issued with. */
  issued: ReadonlyMap<string, string>;
}

/** Throws Violation. */
export function checkMessages({ body, headers, issued }: MessagesRequest): void {
  const version = headers.get("anthropic-version");
  if (version === null || !versions.includes(version))
    throw new Violation("anthropic-version", `${version} is invalid`);
  const required = { model: text({ least: 1 }), max_tokens: integer(0), messages: list(message, { least: 1 }) };
  const betas = headers.get("anthropic-beta")?.split(",") ?? [];
  shape(required, { ...optional, ...fieldsOfBetas(betas) })(body, "");
  const messages = listOf(body.messages);
  messages.forEach((one, at) => {
    checkContent(one, `messages.${at}`);
  });
  if (messages[0]?.role !== "user") throw new Violation("messages.0.role", 'first message must use the "user" role');
  checkVersion(body, version);
  checkSystem(messages, betas);
  checkPairs(messages, Array.isArray(body.tools) && body.tools.length > 0);
  checkTools(body);
  checkThinking(body, issued);
  checkMarks(body);
  const system = Array.isArray(body.system) ? listOf(body.system) : [];
  if (body.system === " " || system.some((block) => String(block.text).trim() === "")) {
    throw new Violation("system", "text content blocks must be non-empty");
  }
  const { format } = fieldsOf(body.output_config);
  if (isFields(format)) checkSubset(format.schema, "output_config.format.schema", messagesStrict);
}

function fieldsOfBetas(betas: string[]): Record<string, Check> {
  const edits = shape({ edits: list(map(anything)) });
  return betas.includes("context-management-2025-06-27") ? { context_management: edits } : {};
}

/** Between turns, behind what the user says. */
function checkSystem(messages: Fields[], betas: string[]): void {
  const at = messages.findIndex(({ role }) => role === "system");
  if (at < 0) return;
  const path = `messages.${at}`;
  if (!betas.includes("mid-conversation-system-2026-04-07"))
    throw new Violation(path, "role 'system' is not supported");
  messages.forEach(({ role }, index) => {
    if (role === "system" && messages[index - 1]?.role !== "user") {
      throw new Violation(`messages.${index}`, "a system message must follow a user message");
    }
  });
}

function checkVersion(body: Fields, version: string): void {
  const sampling = ["temperature", "top_p", "top_k"].filter((name) => body[name] !== undefined);
  if (version !== noSampling) {
    if (sampling.includes("temperature") && sampling.includes("top_p")) {
      throw new Violation("temperature", "`temperature` and `top_p` cannot both be specified for this model");
    }
    return;
  }
  if (sampling[0]) throw new Violation(sampling[0], "Extra inputs are not permitted");
  for (const one of listOf(body.messages)) {
    for (const block of blocksOf(one.content)) {
      if (one.role === "assistant" && block.type === "document")
        throw new Violation("messages", "document in assistant");
      if (one.role === "user" && Array.isArray(block.citations) && block.citations.length > 0) {
        throw new Violation("messages", "citations on a user text block");
      }
    }
  }
}

/** Adjacent messages of one role are one. */
function merged(messages: Fields[]): { role: unknown; blocks: Fields[] }[] {
  const turns: { role: unknown; blocks: Fields[] }[] = [];
  for (const { role, content } of messages) {
    const last = turns.at(-1);
    if (last?.role === role) last?.blocks.push(...blocksOf(content));
    else turns.push({ role, blocks: [...blocksOf(content)] });
  }
  return turns;
}

function checkPairs(messages: Fields[], hasTools: boolean): void {
  const seen = new Set<unknown>();
  let open = new Set<unknown>();
  for (const [at, { role, blocks }] of merged(messages).entries()) {
    const path = `messages.${at}`;
    const answered = blocks.filter((block) => block.type === "tool_result").map((block) => block.tool_use_id);
    for (const id of answered) {
      if (!open.delete(id))
        throw new Violation(path, `unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}`);
    }
    if (open.size > 0) {
      const words = "`tool_use` ids were found without `tool_result` blocks immediately after";
      throw new Violation(path, `${words}: ${[...open].join(", ")}`);
    }
    if (role !== "assistant") continue;
    const ids = blocks.filter((block) => block.type === "tool_use").map((block) => block.id);
    for (const id of ids) {
      if (seen.has(id)) throw new Violation(path, "`tool_use` ids must be unique");
      seen.add(id);
    }
    open = new Set(ids);
  }
  if (open.size > 0) throw new Violation("messages", "`tool_use` ids were found without `tool_result` blocks");
  if (seen.size > 0 && !hasTools) throw new Violation("tools", "must be defined when messages use tools");
}

function checkTools(body: Fields): void {
  const tools = listOf(body.tools);
  const names = new Set(tools.map(({ name }) => name));
  if (names.size < tools.length) throw new Violation("tools", "Tool names must be unique.");
  for (const [at, declared] of tools.entries()) {
    if (isServerTool(declared)) continue;
    const { input_schema: schema, strict } = declared;
    const path = `tools.${at}.input_schema`;
    if (fieldsOf(schema).type !== "object") throw new Violation(`${path}.type`, "Field required");
    walk(fieldsOf(schema), path, (node, place) => {
      const odd = Object.keys(fieldsOf(node.properties)).find((key) => !/^[a-zA-Z0-9_.-]{1,64}$/.test(key));
      if (odd !== undefined) throw new Violation(place, `Property keys should match pattern, not ${odd}`);
    });
    if (strict === true) checkSubset(schema, path, messagesStrict);
  }
  const choice = fieldsOf(body.tool_choice);
  if (choice.type !== undefined && tools.length === 0) throw new Violation("tool_choice", "needs tools");
  if (choice.type === "tool" && !names.has(choice.name)) {
    throw new Violation("tool_choice.name", `Tool '${choice.name}' not found in provided tools`);
  }
}

function checkThinking(body: Fields, issued: ReadonlyMap<string, string>): void {
  const turns = merged(listOf(body.messages));
  for (const [at, { blocks }] of turns.entries()) {
    for (const block of blocks) {
      if (block.type === "redacted_thinking") throw new Violation(`messages.${at}`, "Invalid `data` in block");
      if (block.type !== "thinking") continue;
      const text = issued.get(String(block.signature));
      if (text === undefined) throw new Violation(`messages.${at}`, "Invalid `signature` in `thinking` block");
      if (text !== block.thinking) throw new Violation(`messages.${at}`, "thinking blocks cannot be modified");
    }
  }
  const { type, budget_tokens: budget } = fieldsOf(body.thinking);
  if (type !== "enabled") return;
  if (Number(budget) >= Number(body.max_tokens)) {
    throw new Violation("thinking.budget_tokens", "`max_tokens` must be greater than `thinking.budget_tokens`");
  }
  const choice = fieldsOf(body.tool_choice).type;
  if (choice === "any" || choice === "tool") {
    throw new Violation("thinking", "Thinking may not be enabled when tool_choice forces tool use.");
  }
  if (body.temperature !== undefined && body.temperature !== 1) {
    throw new Violation("temperature", "may only be set to 1 when thinking is enabled");
  }
  if (body.top_k !== undefined) throw new Violation("top_k", "must be unset when thinking is enabled");
  if (body.top_p !== undefined && Number(body.top_p) < 0.95) throw new Violation("top_p", "must be at least 0.95");
  if (turns.at(-1)?.role === "assistant") throw new Violation("messages", "prefill is not supported with thinking");
  // A tool loop is one turn, whatever number of messages it has: only its start must be thinking.
  const start = turns.findLastIndex(({ role, blocks }) => role === "user" && blocks[0]?.type !== "tool_result");
  const isLoop = turns.at(-1)?.blocks[0]?.type === "tool_result";
  if (isLoop && turns[start + 1]?.blocks[0]?.type !== "thinking") {
    throw new Violation("messages", "Expected `thinking` or `redacted_thinking` at the start of the last turn");
  }
}

function checkMarks(body: Fields): void {
  const places = [
    ...listOf(body.tools),
    ...(Array.isArray(body.system) ? listOf(body.system) : []),
    ...listOf(body.messages).flatMap(({ content }) =>
      blocksOf(content).flatMap((block) => [...(Array.isArray(block.content) ? listOf(block.content) : []), block]),
    ),
    body,
  ];
  const ttls = places.flatMap(({ cache_control: mark }) => (isFields(mark) ? [mark.ttl ?? "5m"] : []));
  if (ttls.length > 4) throw new Violation("cache_control", `A maximum of 4 blocks may have it. Found ${ttls.length}.`);
  const short = ttls.indexOf("5m");
  if (short >= 0 && ttls.lastIndexOf("1h") > short) throw new Violation("cache_control.ttl", "1h may not follow 5m");
}
