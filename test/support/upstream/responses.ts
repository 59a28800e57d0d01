/** A provider of OpenAI Responses. */
import { checkResponses, itemsOf } from "./responses-rules.ts";
import { streamResponse } from "./responses-stream.ts";
import type { Answer, Seen } from "./script.ts";
import { startUpstream, type Upstream, type Vendor } from "./server.ts";
import { type Fields, fieldsOf, listOf } from "./shape.ts";

export function startResponses(): Upstream {
  const desk: Desk = { tag: crypto.randomUUID().slice(0, 8), encrypted: new Map(), ids: new Set() };
  const vendor: Vendor = {
    path: "/responses",
    credential: (headers) => headers.get("authorization")?.replace(/^Bearer /, "") ?? null,
    check: (body) => checkResponses(body, desk),
    see,
    errorBody: ({ message, type, code }) => ({ error: { message, type, param: null, code: code ?? null } }),
    errorFrame: ({ message, type }) => {
      const error = { type: "error", code: type, message, param: null, sequence_number: 9 };
      return `event: error\ndata: ${JSON.stringify(error)}\n\n`;
    },
    whole: (answer, body) => responseOf(body, answer, outputOf(answer, body, desk)),
    stream: (answer, body) => {
      const output = outputOf(answer, body, desk);
      return streamResponse(output, (status) => {
        const done = responseOf(body, answer, output);
        return status === "completed" ? done : { ...done, status, output: [], usage: null, completed_at: null };
      });
    },
  };
  return startUpstream(vendor);
}

interface Desk {
  /** Two providers never make the same id. */
  tag: string;
  encrypted: Map<string, string>;
  ids: Set<string>;
}

/** Items of an answer: reasoning shows a summary and its sealed form to those that ask for them. */
function outputOf(answer: Answer, body: Fields, desk: Desk): Fields[] {
  const issue = (prefix: string) => {
    const id = `${prefix}_${desk.tag}${String(desk.ids.size).padStart(8, "0")}c0de`;
    desk.ids.add(id);
    return id;
  };
  const output: Fields[] = [];
  if (answer.reasoning !== undefined) {
    const sealed = `gAAAAAB+/${Buffer.from(`${desk.tag} ${desk.encrypted.size} ${answer.reasoning}`).toString("base64")}`;
    desk.encrypted.set(sealed, answer.reasoning);
    const asked = Array.isArray(body.include) && body.include.includes("reasoning.encrypted_content");
    const shown = fieldsOf(body.reasoning).summary !== undefined;
    output.push({
      ...{ id: issue("rs"), type: "reasoning" },
      summary: shown ? [{ type: "summary_text", text: answer.reasoning }] : [],
      ...(asked ? { encrypted_content: sealed } : {}),
    });
  }
  if (answer.text !== undefined) {
    const part = { type: "output_text", annotations: [], logprobs: [], text: answer.text };
    const phase = answer.calls ? "commentary" : "final_answer";
    output.push({
      ...{ id: issue("msg"), type: "message", status: "completed", role: "assistant", phase },
      content: [part],
    });
  }
  for (const { id, name, args } of answer.calls ?? []) {
    output.push({
      ...{ id: issue("fc"), type: "function_call", status: "completed", call_id: id, name },
      arguments: JSON.stringify(args),
    });
  }
  return output;
}

function responseOf(body: Fields, { counts }: Answer, output: Fields[]): Fields {
  const input = counts.input + counts.cached + counts.written;
  const spoken = counts.visible + counts.reasoning;
  const { format } = fieldsOf(body.text);
  // An answer without items has an id of its own, too.
  const own = output.at(-1)?.id ?? crypto.randomUUID().replaceAll("-", "");
  return {
    ...{ id: `resp_${String(own).replace(/^\w+?_/, "")}`, object: "response", created_at: 1_795_000_000 },
    ...{ status: "completed", completed_at: 1_795_000_002, background: false, error: null, incomplete_details: null },
    ...{ instructions: body.instructions ?? null, max_output_tokens: body.max_output_tokens ?? null },
    ...{ max_tool_calls: null, model: `${body.model}-2026-08-07`, output, parallel_tool_calls: true },
    ...{ previous_response_id: null, prompt_cache_key: null, safety_identifier: null, service_tier: "default" },
    reasoning: { effort: null, summary: null, ...fieldsOf(body.reasoning) },
    ...{ store: body.store ?? true, temperature: 1, top_p: 1, top_logprobs: 0, truncation: "disabled" },
    text: { format: format ?? { type: "text" }, verbosity: "medium" },
    ...{ tool_choice: body.tool_choice ?? "auto", tools: body.tools ?? [], user: null, metadata: {} },
    usage: {
      input_tokens: input,
      input_tokens_details: { cached_tokens: counts.cached, cache_write_tokens: counts.written },
      output_tokens: spoken,
      output_tokens_details: { reasoning_tokens: counts.reasoning },
      total_tokens: input + spoken,
    },
  };
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  return listOf(content)
    .flatMap(({ text }) => (typeof text === "string" ? [text] : []))
    .join("");
}

function see(body: Fields): Seen {
  const items = itemsOf(body);
  const of = (type: string) => items.filter((item) => item.type === type);
  const role = (...names: string[]) => items.filter((item) => names.includes(String(item.role)));
  const { format } = fieldsOf(body.text);
  const { effort } = fieldsOf(body.reasoning);
  return {
    system: [
      ...(typeof body.instructions === "string" ? [body.instructions] : []),
      ...role("system", "developer").map(({ content }) => textOf(content)),
    ],
    said: role("user").map(({ content }) => textOf(content)),
    images: role("user").flatMap(({ content }) =>
      listOf(content).flatMap(({ type, image_url: url }) =>
        type === "input_image" ? [Buffer.from(String(url).slice(String(url).indexOf(",") + 1), "base64")] : [],
      ),
    ),
    tools: listOf(body.tools).map(({ name, parameters }) => ({ name: String(name), schema: parameters })),
    choice: body.tool_choice,
    calls: of("function_call").map(({ call_id: id, name, arguments: args }) => ({
      ...{ id: String(id), name: String(name) },
      args: fieldsOf(JSON.parse(String(args))),
    })),
    results: of("function_call_output").map(({ call_id: id, output }) => ({ id: String(id), text: textOf(output) })),
    schema: fieldsOf(format).schema,
    maxTokens: body.max_output_tokens,
    stop: undefined,
    temperature: body.temperature,
    thinks: effort !== undefined && effort !== "none",
    proofs: of("reasoning").map(({ encrypted_content: sealed }) => String(sealed)),
    stream: body.stream === true,
  };
}
