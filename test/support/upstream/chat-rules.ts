/** What OpenAI's Chat Completions accepts. */
import { chatStrict, checkSubset } from "./schema.ts";
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
  mediaBytes,
  nullable,
  number,
  oneOf,
  shape,
  tagged,
  text,
  textOr,
  Violation,
} from "./shape.ts";

const breakpoint = { prompt_cache_breakpoint: shape({ mode: oneOf("explicit") }) };
const textPart = shape({ type: oneOf("text"), text: text() }, breakpoint);
const toolName = text({ pattern: /^[A-Za-z0-9_-]{1,64}$/ });
const callId = text({ least: 1, most: 64 });

const imageUrl: Check = (value, path) => {
  text({ least: 1 })(value, path);
  const data = /^data:([^;,]+);base64,(.*)$/s.exec(value as string);
  if (data) {
    if (!data[1]?.startsWith("image/")) throw new Violation(path, "is not an image");
    mediaBytes(data[2] ?? "", data[1], path);
  } else if (!/^https?:\/\/\S+$/.test(value as string)) throw new Violation(path, "is no URL");
};

const fileData: Check = (value, path) => {
  text()(value, path);
  const data = /^data:([^;,]+);base64,(.*)$/s.exec(value as string);
  if (!data) throw new Violation(path, "Expected a base64-encoded data URL");
  mediaBytes(data[2] ?? "", data[1] ?? "", path);
};

const userPart = tagged({
  text: textPart,
  image_url: shape(
    {
      type: oneOf("image_url"),
      image_url: shape({ url: imageUrl }, { detail: oneOf("auto", "low", "high") }),
    },
    breakpoint,
  ),
  input_audio: shape(
    { type: oneOf("input_audio"), input_audio: shape({ data: text({ least: 4 }), format: oneOf("wav", "mp3") }) },
    breakpoint,
  ),
  file: shape(
    { type: oneOf("file"), file: shape({}, { file_data: fileData, file_id: text(), filename: text({ least: 1 }) }) },
    breakpoint,
  ),
});

const call = tagged({
  function: shape({
    id: callId,
    type: oneOf("function"),
    function: shape({ name: toolName, arguments: text() }),
  }),
  custom: shape({ id: callId, type: oneOf("custom"), custom: shape({ name: toolName, input: text() }) }),
});

const parts = (check: Check) => textOr(list(check, { least: 1 }));
const refusalPart = shape({ type: oneOf("refusal"), refusal: text() });
const assistant = {
  content: nullable(parts(tagged({ text: textPart, refusal: refusalPart }))),
  refusal: nullable(text()),
  name: text({ least: 1 }),
  tool_calls: list(call, { least: 1, most: 128 }),
  audio: nullable(shape({ id: text() })),
  annotations: list(anything),
};
/** What routers take beside it. */
const routerFields = {
  reasoning: nullable(text()),
  reasoning_content: nullable(text()),
  reasoning_details: list(anything),
};

function message(router: boolean): Check {
  const role = (name: string) => ({ role: oneOf(name) });
  const named = { name: text({ least: 1 }) };
  return tagged(
    {
      developer: shape({ ...role("developer"), content: parts(textPart) }, named),
      system: shape({ ...role("system"), content: parts(textPart) }, named),
      user: shape({ ...role("user"), content: parts(userPart) }, named),
      assistant: shape(role("assistant"), router ? { ...assistant, ...routerFields } : assistant),
      tool: shape({ ...role("tool"), content: parts(textPart), tool_call_id: callId }),
    },
    "role",
  );
}

const named = (kind: string) => shape({ type: oneOf(kind), [kind]: shape({ name: toolName }) });
const toolChoice = textOr(
  tagged({
    function: named("function"),
    custom: named("custom"),
    allowed_tools: shape({
      type: oneOf("allowed_tools"),
      allowed_tools: shape({ mode: oneOf("auto", "required"), tools: list(anything, { least: 1 }) }),
    }),
  }),
  oneOf("none", "auto", "required"),
);

const tool = tagged({
  function: shape({
    type: oneOf("function"),
    function: shape({ name: toolName }, { description: text(), parameters: map(anything), strict: nullable(flag) }),
  }),
  custom: shape({
    type: oneOf("custom"),
    custom: shape({ name: toolName }, { description: text(), format: map(anything) }),
  }),
});

const format = tagged({
  text: shape({ type: oneOf("text") }),
  json_object: shape({ type: oneOf("json_object") }),
  json_schema: shape({
    type: oneOf("json_schema"),
    json_schema: shape({ name: toolName, schema: map(anything) }, { description: text(), strict: nullable(flag) }),
  }),
});

const optional: Record<string, Check> = {
  max_completion_tokens: integer(1),
  max_tokens: integer(1),
  temperature: number(0, 2),
  top_p: number(0, 1),
  n: integer(1, 128),
  stop: textOr(list(text({ least: 1 }), { least: 1, most: 4 })),
  presence_penalty: number(-2, 2),
  frequency_penalty: number(-2, 2),
  logit_bias: map(number(-100, 100)),
  logprobs: flag,
  top_logprobs: integer(0, 20),
  seed: integer(Number.MIN_SAFE_INTEGER),
  stream: flag,
  stream_options: shape({}, { include_usage: flag, include_obfuscation: flag }),
  tools: list(tool, { least: 1, most: 128 }),
  tool_choice: toolChoice,
  parallel_tool_calls: flag,
  response_format: format,
  reasoning_effort: oneOf("none", "minimal", "low", "medium", "high", "xhigh", "max"),
  verbosity: oneOf("low", "medium", "high"),
  modalities: list(oneOf("text", "audio")),
  audio: map(anything),
  prediction: map(anything),
  prompt_cache_key: text(),
  prompt_cache_options: map(anything),
  prompt_cache_retention: oneOf("in_memory", "24h"),
  safety_identifier: text({ most: 64 }),
  user: text(),
  metadata: map(text({ most: 512 }), { most: 16, key: text({ most: 64 }) }),
  store: flag,
  service_tier: oneOf("auto", "default", "flex", "scale", "priority"),
  moderation: map(anything),
  web_search_options: shape(
    {},
    {
      search_context_size: oneOf("low", "medium", "high"),
      user_location: nullable(shape({ type: oneOf("approximate"), approximate: map(text()) })),
    },
  ),
};

/** Throws Violation. `router` knows reasoning fields in assistant messages. */
export function checkChat(body: Fields, router: boolean): void {
  shape({ model: text({ least: 1 }), messages: list(message(router), { least: 1 }) }, optional)(body, "");
  checkTogether(body);
  checkTools(body);
  checkOrder(listOf(body.messages));
}

function checkTogether(body: Fields): void {
  const needs = (field: string, other: string) => {
    if (body[field] !== undefined && !body[other]) throw new Violation(field, `is only allowed with ${other}`);
  };
  needs("stream_options", "stream");
  needs("top_logprobs", "logprobs");
  needs("parallel_tool_calls", "tools");
  needs("tool_choice", "tools");
  if (body.max_tokens !== undefined && body.max_completion_tokens !== undefined) {
    throw new Violation("max_tokens", "cannot be set beside max_completion_tokens");
  }
  const format = fieldsOf(body.response_format);
  if (format.type === "json_object" && !/json/i.test(JSON.stringify(body.messages))) {
    throw new Violation("messages", "must contain the word 'json' to use response_format json_object");
  }
  const named = fieldsOf(format.json_schema);
  if (named.strict === true) checkSubset(named.schema, "response_format.json_schema.schema", chatStrict);
}

function checkTools(body: Fields): void {
  const names = new Set<unknown>();
  for (const [at, entry] of listOf(body.tools).entries()) {
    const kind = String(entry.type);
    const { name, parameters, strict } = fieldsOf(entry[kind]);
    const path = `tools.${at}.${kind}.parameters`;
    if (names.has(name)) throw new Violation(`tools.${at}`, `duplicate tool name ${name}`);
    names.add(name);
    if (isFields(parameters)) {
      if (parameters.type !== "object") throw new Violation(path, "schema must be of type object");
      if (!isFields(parameters.properties)) throw new Violation(path, "object schema missing properties");
    }
    if (strict === true) checkSubset(parameters, path, chatStrict);
  }
  const choice = fieldsOf(body.tool_choice);
  const wanted = [
    fieldsOf(choice.function).name,
    fieldsOf(choice.custom).name,
    ...listOf(fieldsOf(choice.allowed_tools).tools).map((one) => fieldsOf(one[String(one.type)]).name),
  ];
  const unknown = wanted.find((name) => name !== undefined && !names.has(name));
  if (unknown !== undefined) throw new Violation("tool_choice", `tool ${unknown} is not in tools`);
}

/** Every call is answered by one tool message directly after its message, and every tool message answers a call. */
function checkOrder(messages: Fields[]): void {
  let open = new Set<unknown>();
  messages.forEach((one, at) => {
    const path = `messages.${at}`;
    if (one.role === "tool") {
      if (!open.delete(one.tool_call_id)) {
        throw new Violation(path, "role 'tool' must be a response to a preceding message with 'tool_calls'");
      }
      return;
    }
    if (open.size > 0) throw new Violation(path, `tool_call_ids without response messages: ${[...open].join(", ")}`);
    if (one.role !== "assistant") return;
    const calls = listOf(one.tool_calls);
    open = new Set(calls.map(({ id }) => id));
    if (open.size < calls.length) throw new Violation(`${path}.tool_calls`, "duplicate ids");
    if (calls.length === 0 && (one.content === undefined || one.content === null) && one.refusal == null) {
      throw new Violation(`${path}.content`, "expected a string, got null");
    }
  });
  if (open.size > 0)
    throw new Violation("messages", `tool_call_ids without response messages: ${[...open].join(", ")}`);
}
