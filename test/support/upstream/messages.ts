/** A provider of Anthropic Messages. */
import { blocksOf } from "./messages-blocks.ts";
import { checkMessages } from "./messages-rules.ts";
import { type Answer, pieces, type Seen } from "./script.ts";
import { startUpstream, type Upstream, type Vendor } from "./server.ts";
import { type Fields, fieldsOf, listOf } from "./shape.ts";

export function startMessages(): Upstream {
  const issued = new Map<string, string>();
  // Two providers never make the same signature.
  const tag = crypto.randomUUID().slice(0, 8);
  const sign = ({ reasoning }: Answer) => {
    if (reasoning === undefined) return "";
    const signature = `EqQB+/${Buffer.from(`${tag} ${issued.size} proof of ${reasoning}`).toString("base64")}`;
    issued.set(signature, reasoning);
    return signature;
  };
  const vendor: Vendor = {
    path: "/messages",
    credential: (headers) => headers.get("x-api-key") ?? headers.get("authorization")?.replace(/^Bearer /, "") ?? null,
    check: (body, headers) => checkMessages({ body, headers, issued }),
    see,
    errorBody: ({ type, message }) => ({ type: "error", error: { type, message }, request_id: "req_011CVeRt2Xk9" }),
    errorFrame: ({ type, message }) => frame("error", { error: { type, message }, request_id: "req_011CVeRt2Xk9" }),
    whole: (answer, body) => whole(answer, body, sign(answer)),
    stream: (answer, body) => stream(answer, body, sign(answer)),
  };
  return startUpstream(vendor);
}

function inputUsage({ counts }: Answer): Fields {
  return {
    input_tokens: counts.input,
    cache_creation_input_tokens: counts.written,
    cache_read_input_tokens: counts.cached,
    cache_creation: { ephemeral_5m_input_tokens: counts.written, ephemeral_1h_input_tokens: 0 },
  };
}

function outputUsage({ counts }: Answer): Fields {
  return {
    output_tokens: counts.visible + counts.reasoning,
    output_tokens_details: { thinking_tokens: counts.reasoning },
  };
}

const place = { service_tier: "standard", inference_geo: "global" };
const stopOf = (answer: Answer) => (answer.calls?.length ? "tool_use" : "end_turn");

function head(body: Fields): Fields {
  return { id: "msg_01XFDUDYJgAACzvnptvVoYEL", type: "message", role: "assistant", model: `${body.model}-20260929` };
}

function whole(answer: Answer, body: Fields, signature: string): Fields {
  const content = [
    ...(answer.reasoning === undefined ? [] : [{ type: "thinking", thinking: answer.reasoning, signature }]),
    ...(answer.text === undefined ? [] : [{ type: "text", text: answer.text, citations: null }]),
    ...(answer.calls ?? []).map(({ id, name, args }) => ({
      ...{ type: "tool_use", id, name, input: args },
      caller: { type: "direct" },
    })),
  ];
  return {
    ...head(body),
    ...{ content, stop_reason: stopOf(answer), stop_sequence: null, stop_details: null },
    ...{ container: null, diagnostics: null },
    usage: { ...inputUsage(answer), ...outputUsage(answer), ...place, server_tool_use: null },
  };
}

function frame(type: string, fields: Fields): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
}

function block(index: number, start: Fields, deltas: Fields[]): string[] {
  return [
    frame("content_block_start", { index, content_block: start }),
    ...deltas.map((delta) => frame("content_block_delta", { index, delta })),
    frame("content_block_stop", { index }),
  ];
}

function stream(answer: Answer, body: Fields, signature: string): string[] {
  const message = {
    ...head(body),
    ...{ content: [], stop_reason: null, stop_sequence: null, stop_details: null },
    usage: { ...inputUsage(answer), output_tokens: 1, ...place },
  };
  const blocks: ((index: number) => string[])[] = [];
  if (answer.reasoning !== undefined) {
    const thoughts = pieces(answer.reasoning).map((thinking) => ({ type: "thinking_delta", thinking }));
    const start = { type: "thinking", thinking: "", signature: "" };
    blocks.push((index) => block(index, start, [...thoughts, { type: "signature_delta", signature }]));
  }
  if (answer.text !== undefined) {
    const texts = pieces(answer.text).map((text) => ({ type: "text_delta", text }));
    blocks.push((index) => block(index, { type: "text", text: "" }, texts));
  }
  for (const { id, name, args } of answer.calls ?? []) {
    const start = { type: "tool_use", id, name, input: {}, caller: { type: "direct" } };
    const parts = ["", ...pieces(JSON.stringify(args))];
    const deltas = parts.map((partial) => ({ type: "input_json_delta", partial_json: partial }));
    blocks.push((index) => block(index, start, deltas));
  }
  const end = { stop_reason: stopOf(answer), stop_sequence: null, stop_details: null, container: null };
  return [
    frame("message_start", { message }),
    frame("ping", {}),
    ...blocks.flatMap((make, index) => make(index)),
    frame("message_delta", { delta: end, usage: { ...inputUsage(answer), ...outputUsage(answer) } }),
    frame("message_stop", {}),
  ];
}

function see(body: Fields): Seen {
  const blocks = (role: string, type: string) =>
    listOf(body.messages).flatMap((one) =>
      one.role === role ? blocksOf(one.content).filter((each) => each.type === type) : [],
    );
  const texts = (content: unknown) => blocksOf(content).map(({ text }) => String(text));
  return {
    system: [...texts(body.system), ...blocks("system", "text").map(({ text }) => String(text))],
    said: blocks("user", "text").map(({ text }) => String(text)),
    images: blocks("user", "image").map(({ source }) => Buffer.from(String(fieldsOf(source).data), "base64")),
    tools: listOf(body.tools).map(({ name, input_schema: schema }) => ({ name: String(name), schema })),
    choice: body.tool_choice,
    calls: blocks("assistant", "tool_use").map(({ id, name, input }) => ({
      ...{ id: String(id), name: String(name) },
      args: fieldsOf(input),
    })),
    results: blocks("user", "tool_result").map(({ tool_use_id: id, content }) => ({
      id: String(id),
      text: texts(content).join(""),
    })),
    schema: fieldsOf(fieldsOf(body.output_config).format).schema,
    maxTokens: body.max_tokens,
    stop: body.stop_sequences,
    temperature: body.temperature,
    thinks: fieldsOf(body.thinking).type === "enabled",
    proofs: blocks("assistant", "thinking").map(({ signature }) => String(signature)),
    stream: body.stream === true,
  };
}
