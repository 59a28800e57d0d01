/** What OpenAI's Responses accepts. */
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

const toolName = text({ pattern: /^[A-Za-z0-9_-]{1,64}$/ });
const callId = text({ least: 1, most: 64 });
const itemId = (prefix: string) => text({ pattern: new RegExp(`^${prefix}_`), most: 64 });
const status = oneOf("in_progress", "completed", "incomplete");
const breakpoint = { prompt_cache_breakpoint: shape({ mode: oneOf("explicit") }) };

const dataUrl: Check = (value, path) => {
  text({ least: 1 })(value, path);
  const data = /^data:([^;,]+);base64,(.*)$/s.exec(value as string);
  if (data) mediaBytes(data[2] ?? "", data[1] ?? "", path);
  else if (!/^https?:\/\/\S+$/.test(value as string)) throw new Violation(path, "is no URL");
};

const inputPart = tagged({
  input_text: shape({ type: oneOf("input_text"), text: text() }, breakpoint),
  input_image: shape(
    { type: oneOf("input_image"), detail: oneOf("low", "high", "auto", "original") },
    { image_url: dataUrl, file_id: text({ least: 1 }), ...breakpoint },
  ),
  input_file: shape(
    { type: oneOf("input_file") },
    {
      file_data: dataUrl,
      file_id: text(),
      file_url: text(),
      filename: text({ least: 1 }),
      detail: text(),
      ...breakpoint,
    },
  ),
});
const outputPart = tagged({
  output_text: shape(
    { type: oneOf("output_text"), text: text() },
    { annotations: list(anything), logprobs: nullable(list(anything)) },
  ),
  refusal: shape({ type: oneOf("refusal"), refusal: text() }),
});

const content = (part: Check) => textOr(list(part, { least: 1 }));
const message = tagged(
  {
    ...Object.fromEntries(
      ["user", "system", "developer"].map((role) => [
        role,
        shape(
          { role: oneOf(role), content: content(inputPart) },
          { type: oneOf("message"), id: itemId("msg"), status },
        ),
      ]),
    ),
    assistant: shape(
      { role: oneOf("assistant"), content: content(outputPart) },
      {
        ...{ type: oneOf("message"), id: itemId("msg"), status },
        phase: nullable(oneOf("commentary", "final_answer")),
      },
    ),
  },
  "role",
);

const caller = tagged({
  direct: shape({ type: oneOf("direct") }),
  program: shape({ type: oneOf("program"), caller_id: text({ least: 1 }) }),
});
const typedItem = tagged({
  message,
  reasoning: shape(
    {
      type: oneOf("reasoning"),
      summary: list(shape({ type: oneOf("summary_text"), text: text() })),
    },
    {
      id: itemId("rs"),
      content: list(shape({ type: oneOf("reasoning_text"), text: text() })),
      encrypted_content: nullable(text({ least: 1 })),
      status: nullable(status),
    },
  ),
  function_call: shape(
    { type: oneOf("function_call"), call_id: callId, name: toolName, arguments: text({ least: 1 }) },
    { id: itemId("fc"), status, caller: nullable(caller) },
  ),
  function_call_output: shape(
    { type: oneOf("function_call_output"), call_id: callId, output: content(inputPart) },
    { id: itemId("fco"), status },
  ),
});
const item: Check = (value, path) => (fieldsOf(value).type === undefined ? message : typedItem)(value, path);

/** Left out, `strict` makes optional properties required: a gateway that translates has to say it. */
const functionTool = shape(
  { type: oneOf("function"), name: toolName, parameters: map(anything), strict: flag },
  { description: nullable(text()), defer_loading: flag },
);
const tool = tagged({
  function: functionTool,
  namespace: shape(
    {
      ...{ type: oneOf("namespace"), name: toolName },
      tools: list(tagged({ function: functionTool }), { least: 1 }),
    },
    { description: nullable(text()) },
  ),
  web_search: shape(
    { type: oneOf("web_search") },
    {
      ...{ external_web_access: flag, search_context_size: oneOf("low", "medium", "high") },
      filters: nullable(shape({}, { allowed_domains: nullable(list(text())) })),
      user_location: nullable(
        shape({}, { type: oneOf("approximate"), country: text(), region: text(), city: text(), timezone: text() }),
      ),
    },
  ),
  code_interpreter: shape({
    type: oneOf("code_interpreter"),
    container: textOr(shape({ type: oneOf("auto") }, { file_ids: list(text()), memory_limit: nullable(text()) })),
  }),
  custom: shape({ type: oneOf("custom"), name: toolName }, { description: text(), format: map(anything) }),
});
const named = (type: string) => shape({ type: oneOf(type), name: toolName });
const toolChoice = textOr(
  tagged({
    function: named("function"),
    custom: named("custom"),
    allowed_tools: shape({
      ...{ type: oneOf("allowed_tools"), mode: oneOf("auto", "required") },
      tools: list(anything, { least: 1 }),
    }),
  }),
  oneOf("none", "auto", "required"),
);
const format = tagged({
  text: shape({ type: oneOf("text") }),
  json_object: shape({ type: oneOf("json_object") }),
  json_schema: shape(
    { type: oneOf("json_schema"), name: toolName, schema: map(anything) },
    { description: text(), strict: nullable(flag) },
  ),
});

const optional: Record<string, Check> = {
  instructions: nullable(text()),
  store: flag,
  background: flag,
  include: list(
    oneOf(
      "reasoning.encrypted_content",
      "message.output_text.logprobs",
      "message.input_image.image_url",
      "code_interpreter_call.outputs",
    ),
  ),
  max_output_tokens: integer(16),
  temperature: number(0, 2),
  top_p: number(0, 1),
  top_logprobs: integer(0, 20),
  reasoning: shape(
    {},
    {
      effort: oneOf("none", "minimal", "low", "medium", "high", "xhigh", "max"),
      summary: oneOf("auto", "concise", "detailed"),
    },
  ),
  text: shape({}, { format, verbosity: oneOf("low", "medium", "high") }),
  tools: list(tool, { most: 128 }),
  tool_choice: toolChoice,
  parallel_tool_calls: flag,
  metadata: map(text({ most: 512 }), { most: 16, key: text({ most: 64 }) }),
  prompt_cache_key: text(),
  client_metadata: map(text()),
  safety_identifier: text({ most: 64 }),
  service_tier: oneOf("auto", "default", "flex", "scale", "priority"),
  user: text(),
  stream: flag,
  stream_options: shape({}, { include_obfuscation: flag }),
  truncation: oneOf("auto", "disabled"),
};

/** What was issued: encrypted reasoning with its summary, and ids of items. */
export interface Issued {
  encrypted: ReadonlyMap<string, string>;
  ids: ReadonlySet<string>;
}

/** Throws Violation. */
export function checkResponses(body: Fields, issued: Issued): void {
  const input = textOr(list(item, { least: 1 }));
  shape({ model: text({ least: 1 }), input }, optional)(body, "");
  const items = itemsOf(body);
  checkIds(items, issued);
  checkPairs(items);
  checkReasoning(items, issued);
  checkTools(body);
  const { format: asked } = fieldsOf(body.text);
  if (fieldsOf(asked).type === "json_object" && !/json/i.test(JSON.stringify(body.input))) {
    throw new Violation("input", "must contain the word 'json' to use text.format of type json_object");
  }
  const { strict, schema } = fieldsOf(asked);
  if (strict === true) checkSubset(schema, "text.format.schema", chatStrict);
  if (body.stream_options !== undefined && !body.stream) throw new Violation("stream_options", "needs stream");
}

export function itemsOf({ input }: Fields): Fields[] {
  return typeof input === "string" ? [{ type: "message", role: "user", content: input }] : listOf(input);
}

/** An id says that the item is kept here; what the client makes itself may have one of the client's own. */
function checkIds(items: Fields[], { ids }: Issued): void {
  const isOwn = ({ role, type }: Fields) => role === "user" || role === "developer" || type === "function_call_output";
  const lost = items.findIndex((one) => one.id !== undefined && !isOwn(one) && !ids.has(String(one.id)));
  if (lost >= 0) throw new Violation(`input.${lost}.id`, `Item with id '${items[lost]?.id}' not found.`);
  const kept = items.flatMap(({ id }) => (id === undefined ? [] : [id]));
  if (new Set(kept).size < kept.length) throw new Violation("input", "duplicate item id");
}

function checkPairs(items: Fields[]): void {
  const open = new Set<unknown>();
  const seen = new Set<unknown>();
  items.forEach((one, at) => {
    const path = `input.${at}`;
    if (one.type === "function_call") {
      if (seen.has(one.call_id)) throw new Violation(path, `Duplicate call_id ${one.call_id}`);
      seen.add(one.call_id);
      open.add(one.call_id);
      checkArguments(one, `${path}.arguments`);
    } else if (one.type === "function_call_output" && !open.delete(one.call_id)) {
      throw new Violation(path, `No tool call found for function call output with call_id ${one.call_id}.`);
    }
  });
  if (open.size > 0) throw new Violation("input", `No tool output found for function call ${[...open].join(", ")}.`);
}

function checkArguments({ arguments: args }: Fields, path: string): void {
  try {
    JSON.parse(String(args));
  } catch {
    throw new Violation(path, "is not valid JSON");
  }
}

function checkReasoning(items: Fields[], { encrypted }: Issued): void {
  items.forEach((one, at) => {
    if (one.type !== "reasoning") return;
    const path = `input.${at}`;
    const sealed = one.encrypted_content;
    if (typeof sealed !== "string") throw new Violation(path, "reasoning without encrypted_content");
    const summary = encrypted.get(sealed);
    if (summary === undefined) throw new Violation(`${path}.encrypted_content`, "invalid_encrypted_content");
    const said = listOf(one.summary).map(({ text: words }) => words);
    if (said.length > 0 && said.join("") !== summary) throw new Violation(`${path}.summary`, "was modified");
    const next = items[at + 1];
    const follows = next?.type === "function_call" || next?.type === "reasoning" || next?.role === "assistant";
    if (!follows) throw new Violation(path, "was provided without its required following item.");
  });
}

function checkTools(body: Fields): void {
  const tools = listOf(body.tools);
  const names = new Set(tools.map(({ name }) => name));
  if (names.size < tools.length) throw new Violation("tools", "duplicate tool name");
  for (const [at, { parameters, strict, type }] of tools.entries()) {
    if (type !== "function") continue;
    const path = `tools.${at}.parameters`;
    if (fieldsOf(parameters).type !== "object") throw new Violation(path, "schema must be of type object");
    if (!isFields(fieldsOf(parameters).properties)) throw new Violation(path, "object schema missing properties");
    if (strict === true) checkSubset(parameters, path, chatStrict);
  }
  for (const key of ["tool_choice", "parallel_tool_calls"]) {
    if (body[key] !== undefined && tools.length === 0) throw new Violation(key, "is only allowed with tools");
  }
  const choice = fieldsOf(body.tool_choice);
  const wanted = choice.name === undefined ? listOf(choice.tools).map(({ name }) => name) : [choice.name];
  const unknown = wanted.find((name) => !names.has(name));
  if (unknown !== undefined) throw new Violation("tool_choice", `tool ${unknown} is not in tools`);
}
