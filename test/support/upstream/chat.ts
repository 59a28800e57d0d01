/** A provider of Chat Completions: OpenAI, or a router that adds its reasoning fields. */
import { checkChat } from "./chat-rules.ts";
import { type Answer, pieces, type Seen } from "./script.ts";
import { startUpstream, type Upstream, type Vendor } from "./server.ts";
import { type Fields, fieldsOf, listOf, Violation } from "./shape.ts";

export function startChat({ router }: { router: boolean }): Upstream {
  const issued: Issued = { tag: crypto.randomUUID().slice(0, 8), lists: [] };
  const vendor: Vendor = {
    path: "/chat/completions",
    credential: (headers) => headers.get("authorization")?.replace(/^Bearer /, "") ?? null,
    check(body) {
      checkChat(body, router);
      checkProofs(body, issued.lists);
    },
    see,
    errorBody: ({ message, type, code }) => ({ error: { message, type, param: null, code: code ?? null } }),
    errorFrame: ({ message, status: code }) =>
      `data: ${JSON.stringify({ error: { message, type: "server_error", param: null, code } })}\n\n`,
    whole: (answer, body) => whole(answer, body, details(answer, issued)),
    stream: (answer, body) => stream(answer, body, details(answer, issued)),
  };
  return startUpstream(vendor);
}

interface Issued {
  /** Two providers never issue the same. */
  tag: string;
  lists: string[];
}

function detailsOf(body: Fields): unknown[][] {
  return listOf(body.messages).flatMap(({ reasoning_details: list }) => (Array.isArray(list) ? [list] : []));
}

/** Lists of reasoning come back unmodified and in order. */
function checkProofs(body: Fields, issued: string[]): void {
  for (const list of detailsOf(body)) {
    const same = issued.some((one) => Bun.deepEquals(JSON.parse(one), list));
    if (!same) throw new Violation("messages", `reasoning_details were not issued here: ${JSON.stringify(list)}`);
  }
}

/** What proves this answer's reasoning: a signed text and an encrypted rest. */
function details({ reasoning }: Answer, { tag, lists }: Issued): Fields[] {
  if (reasoning === undefined) return [];
  const format = "anthropic-claude-v1";
  const proof = `${tag} ${lists.length}`;
  const signature = `ErUB+/${Buffer.from(`${proof} ${reasoning}`).toString("base64")}`;
  const list = [
    { type: "reasoning.text", text: reasoning, signature, format, index: 0 },
    { type: "reasoning.encrypted", data: `gAAAAB+/${btoa(proof)}`, id: `rs_${lists.length}`, format, index: 1 },
  ];
  lists.push(JSON.stringify(list));
  return list;
}

function usage({ counts }: Answer): Fields {
  const prompt = counts.input + counts.cached + counts.written;
  const completion = counts.visible + counts.reasoning;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: counts.cached, cache_write_tokens: counts.written, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: counts.reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

function head(body: Fields, object: string): Fields {
  return {
    id: "chatcmpl-CaKe9vQYtVw1aYtT0EH7rNdBZhXw2",
    object,
    created: 1_795_000_000,
    model: `${body.model}-2026-08-07`,
    service_tier: "default",
    system_fingerprint: "fp_4f2a0c6c7b",
  };
}

const finishOf = (answer: Answer) => (answer.calls?.length ? "tool_calls" : "stop");

function whole(answer: Answer, body: Fields, proofs: Fields[]): Fields {
  const calls = answer.calls?.map(({ id, name, args }) => ({
    id,
    type: "function",
    function: { name, arguments: JSON.stringify(args) },
  }));
  const message = {
    role: "assistant",
    content: answer.text ?? null,
    refusal: null,
    annotations: [],
    ...(calls ? { tool_calls: calls } : {}),
    ...(proofs.length > 0 ? { reasoning: answer.reasoning, reasoning_details: proofs } : {}),
  };
  const choice = { index: 0, message, logprobs: null, finish_reason: finishOf(answer) };
  return { ...head(body, "chat.completion"), choices: [choice], usage: usage(answer), moderation: null };
}

function stream(answer: Answer, body: Fields, proofs: Fields[]): string[] {
  const counted = fieldsOf(body.stream_options).include_usage === true;
  const common = head(body, "chat.completion.chunk");
  const frame = (fields: Fields) => `data: ${JSON.stringify({ ...common, ...fields })}\n\n`;
  const delta = (fields: Fields, finish: string | null = null) =>
    frame({
      choices: [{ index: 0, delta: fields, logprobs: null, finish_reason: finish }],
      ...(counted ? { usage: null } : {}),
      obfuscation: "x9Qz".repeat(3).slice(finish ? 4 : 0),
    });
  const frames = [": PROCESSING\n\n", delta({ role: "assistant", content: "", refusal: null })];
  frames.push(...reasoningDeltas(answer, proofs).map((fields) => delta(fields)));
  for (const content of pieces(answer.text ?? "")) frames.push(delta({ content }));
  for (const [index, { id, name, args }] of (answer.calls ?? []).entries()) {
    frames.push(delta({ tool_calls: [{ index, id, type: "function", function: { name, arguments: "" } }] }));
    for (const piece of pieces(JSON.stringify(args))) {
      frames.push(delta({ tool_calls: [{ index, function: { arguments: piece } }] }));
    }
  }
  frames.push(delta({}, finishOf(answer)));
  if (counted) frames.push(frame({ choices: [], usage: usage(answer), obfuscation: "p" }));
  frames.push("data: [DONE]\n\n");
  return frames;
}

function reasoningDeltas({ reasoning = "" }: Answer, [signed, sealed]: Fields[]): Fields[] {
  if (!signed || !sealed) return [];
  const { text: _text, signature, ...entry } = signed;
  return [
    ...pieces(reasoning).map((text) => ({ reasoning: text, reasoning_details: [{ ...entry, text }] })),
    { reasoning_details: [{ ...entry, signature }] },
    { reasoning_details: [sealed] },
  ];
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  return listOf(content)
    .flatMap(({ type, text }) => (type === "text" ? [String(text)] : []))
    .join("");
}

function see(body: Fields): Seen {
  const messages = listOf(body.messages);
  const role = (...names: string[]) => messages.filter((one) => names.includes(String(one.role)));
  return {
    system: role("system", "developer").map(({ content }) => textOf(content)),
    said: role("user").map(({ content }) => textOf(content)),
    images: role("user").flatMap(({ content }) =>
      listOf(Array.isArray(content) ? content : []).flatMap(({ image_url: image }) => {
        const url = String(fieldsOf(image).url ?? "");
        return url === "" ? [] : [Buffer.from(url.slice(url.indexOf(",") + 1), "base64")];
      }),
    ),
    tools: listOf(body.tools).map(({ function: one }) => {
      const { name, parameters } = fieldsOf(one);
      return { name: String(name), schema: parameters };
    }),
    choice: body.tool_choice,
    calls: messages.flatMap(({ tool_calls: calls }) =>
      listOf(calls).map(({ id, function: one }) => {
        const { name, arguments: args } = fieldsOf(one);
        return { id: String(id), name: String(name), args: fieldsOf(JSON.parse(String(args))) };
      }),
    ),
    results: role("tool").map(({ tool_call_id: id, content }) => ({ id: String(id), text: textOf(content) })),
    schema: fieldsOf(fieldsOf(body.response_format).json_schema).schema,
    maxTokens: body.max_completion_tokens ?? body.max_tokens,
    stop: body.stop,
    temperature: body.temperature,
    thinks: body.reasoning_effort !== undefined && body.reasoning_effort !== "none",
    proofs: detailsOf(body).map((list) => JSON.stringify(list)),
    stream: body.stream === true,
  };
}
