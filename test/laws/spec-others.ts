/** How Responses and Gemini write an imagined answer, whole or streamed, without any code of the gateway. */
import { type Spec, split } from "./spec.ts";

type Event = { type: string } & Record<string, unknown>;

function outputOf(said: Spec): object[] {
  const { reasoning } = said;
  return [
    ...(reasoning
      ? [
          {
            ...{ id: "rs_1", type: "reasoning", encrypted_content: reasoning.signature },
            summary: [{ type: "summary_text", text: reasoning.text }],
          },
        ]
      : []),
    ...(said.text === ""
      ? []
      : [
          {
            ...{ id: "msg_1", type: "message", role: "assistant", status: "completed" },
            content: [{ type: "output_text", text: said.text, annotations: [], logprobs: [] }],
          },
        ]),
    ...said.calls.map(({ id, name, args }, at) => ({
      ...{ id: `fc_${at}`, type: "function_call", call_id: id, name, arguments: args },
      status: said.cut && at === said.calls.length - 1 ? "incomplete" : "completed",
    })),
  ];
}

const responseHead = { id: "resp_1", object: "response", created_at: 5, model: "model", error: null, tools: [] };

export function responseObject(said: Spec): object {
  const { fresh, cached, written, visible, reasoning } = said.counts;
  const input = fresh + cached + written;
  return {
    ...responseHead,
    status: said.cut ? "incomplete" : "completed",
    incomplete_details: said.cut ? { reason: "max_output_tokens" } : null,
    output: outputOf(said),
    usage: {
      input_tokens: input,
      input_tokens_details: { cached_tokens: cached, cache_write_tokens: written },
      output_tokens: visible + reasoning,
      output_tokens_details: { reasoning_tokens: reasoning },
      total_tokens: input + visible + reasoning,
    },
  };
}

export function responsesStream(said: Spec): string {
  const events: Event[] = [];
  const begun = { ...responseHead, status: "in_progress", incomplete_details: null, output: [], usage: null };
  events.push({ type: "response.created", response: begun }, { type: "response.in_progress", response: begun });
  (outputOf(said) as Record<string, unknown>[]).forEach((item, output_index) => {
    events.push(...itemEvents(item, output_index, said.pieces));
  });
  events.push({ type: said.cut ? "response.incomplete" : "response.completed", response: responseObject(said) });
  return events
    .map((event, sequence_number) => ({ ...event, sequence_number }))
    .map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
    .join("");
}

function itemEvents(item: Record<string, unknown>, output_index: number, pieces: number): Event[] {
  const at = { output_index, item_id: item.id };
  const open = (empty: object): Event => ({
    ...{ type: "response.output_item.added", output_index },
    item: { ...item, ...empty, status: "in_progress" },
  });
  const done: Event = { type: "response.output_item.done", output_index, item };
  const deltas = (type: string, text: string, more: object) =>
    split(text, pieces).map((delta): Event => ({ type, ...at, ...more, delta }));
  if (item.type === "function_call") {
    const args = String(item.arguments);
    const kind = "response.function_call_arguments";
    return [
      open({ arguments: "" }),
      ...deltas(`${kind}.delta`, args, {}),
      ...(item.status === "completed" ? [{ type: `${kind}.done`, ...at, arguments: args, name: item.name }] : []),
      done,
    ];
  }
  const isThought = item.type === "reasoning";
  const [part] = (isThought ? item.summary : item.content) as { text: string }[];
  const text = part?.text ?? "";
  const place = isThought ? { summary_index: 0 } : { content_index: 0 };
  const [partKind, textKind] = isThought
    ? ["response.reasoning_summary_part", "response.reasoning_summary_text"]
    : ["response.content_part", "response.output_text"];
  return [
    open(isThought ? { summary: [], encrypted_content: "" } : { content: [] }),
    { type: `${partKind}.added`, ...at, ...place, part: { ...part, text: "" } },
    ...deltas(`${textKind}.delta`, text, { ...place, logprobs: [] }),
    { type: `${textKind}.done`, ...at, ...place, text, logprobs: [] },
    { type: `${partKind}.done`, ...at, ...place, part },
    done,
  ];
}

const geminiHead = { modelVersion: "model", responseId: "r1" };

function geminiUsage({ counts }: Spec): object {
  const prompt = counts.fresh + counts.cached + counts.written;
  return {
    promptTokenCount: prompt,
    candidatesTokenCount: counts.visible,
    thoughtsTokenCount: counts.reasoning,
    totalTokenCount: prompt + counts.visible + counts.reasoning,
    cachedContentTokenCount: counts.cached,
  };
}

/** Arguments are put in as they are written: numbers and double names are no JSON values. */
function write(json: object, said: Spec): string {
  return JSON.stringify(json).replace(/"\\u0000(\d)"/g, (_, at) => said.calls[Number(at)]?.args || "{}");
}

function callParts(said: Spec): object[] {
  return said.calls.map(({ id, name }, at) => ({ functionCall: { id, name, args: `\u0000${at}` } }));
}

function candidates(said: Spec, parts: object[], isLast: boolean): object {
  const end = isLast ? { finishReason: said.cut ? "MAX_TOKENS" : "STOP" } : {};
  return { candidates: [{ content: { role: "model", parts }, ...end, index: 0 }] };
}

export function geminiWhole(said: Spec): string {
  const { reasoning } = said;
  const parts = [
    ...(reasoning ? [{ text: reasoning.text, thought: true, thoughtSignature: reasoning.signature }] : []),
    ...(said.text === "" ? [] : [{ text: said.text }]),
    ...callParts(said),
  ];
  return write({ ...candidates(said, parts, true), usageMetadata: geminiUsage(said), ...geminiHead }, said);
}

export function geminiStream(said: Spec): string {
  const { reasoning } = said;
  const parts = [
    ...(reasoning ? split(reasoning.text, said.pieces).map((text) => ({ text, thought: true })) : []),
    ...(reasoning ? [{ text: "", thought: true, thoughtSignature: reasoning.signature }] : []),
    ...split(said.text, said.pieces).map((text) => ({ text })),
    ...callParts(said),
  ];
  const chunks = [...parts.map((part) => candidates(said, [part], false)), candidates(said, [{ text: "" }], true)];
  const frames = chunks.map((chunk, at) => {
    const usage = at === chunks.length - 1 ? { usageMetadata: geminiUsage(said) } : {};
    return `data: ${write({ ...chunk, ...usage, ...geminiHead }, said)}\n\n`;
  });
  return frames.join("");
}
