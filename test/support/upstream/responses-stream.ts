/** The events of a streamed Responses answer, in the vendor's grammar. */
import { pieces } from "./script.ts";
import { type Fields, listOf } from "./shape.ts";

type Status = "in_progress" | "completed";

/** `response` gives the whole object for the beginning and the end. */
export function streamResponse(output: Fields[], response: (status: Status) => Fields): string[] {
  let sequence = 0;
  const frame = (type: string, fields: Fields) => {
    const event = { type: `response.${type}`, sequence_number: sequence++, ...fields };
    return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
  };
  const frames = ["created", "in_progress"].map((type) => frame(type, { response: response("in_progress") }));
  for (const [output_index, item] of output.entries()) {
    frames.push(frame("output_item.added", { output_index, item: emptied(item) }));
    for (const [type, fields] of body(item)) {
      frames.push(frame(type, { item_id: item.id, output_index, ...fields }));
    }
    frames.push(frame("output_item.done", { output_index, item }));
  }
  return [...frames, frame("completed", { response: response("completed") })];
}

function emptied(item: Fields): Fields {
  if (item.type === "message") return { ...item, status: "in_progress", content: [] };
  if (item.type === "function_call") return { ...item, status: "in_progress", arguments: "" };
  // The sealed form of the beginning is not the one of the end.
  const { encrypted_content: sealed, ...rest } = item;
  return { ...rest, summary: [], ...(sealed === undefined ? {} : { encrypted_content: "gAAAAABnotyet" }) };
}

function body(item: Fields): [string, Fields][] {
  if (item.type === "message") return listOf(item.content).flatMap((part, at) => textEvents(part, at));
  if (item.type === "reasoning") return listOf(item.summary).flatMap((part, at) => summaryEvents(part, at));
  const args = String(item.arguments);
  return [
    ...pieces(args).map((delta): [string, Fields] => ["function_call_arguments.delta", { delta, obfuscation: "q7" }]),
    ["function_call_arguments.done", { arguments: args, name: item.name }],
  ];
}

function textEvents(part: Fields, content_index: number): [string, Fields][] {
  const text = String(part.text);
  const deltas = pieces(text).map((delta): [string, Fields] => [
    "output_text.delta",
    { content_index, delta, logprobs: [], obfuscation: "Xy0" },
  ]);
  return [
    ["content_part.added", { content_index, part: { ...part, text: "" } }],
    ...deltas,
    ["output_text.done", { content_index, text, logprobs: [] }],
    ["content_part.done", { content_index, part }],
  ];
}

function summaryEvents(part: Fields, summary_index: number): [string, Fields][] {
  const text = String(part.text);
  const deltas = pieces(text).map((delta): [string, Fields] => [
    "reasoning_summary_text.delta",
    { summary_index, delta },
  ]);
  return [
    ["reasoning_summary_part.added", { summary_index, part: { ...part, text: "" } }],
    ...deltas,
    ["reasoning_summary_text.done", { summary_index, text }],
    ["reasoning_summary_part.done", { summary_index, part }],
  ];
}
