/** How a client of Responses or Gemini writes a conversation. */
import { type Conversation, type Part, present, schemaOf } from "./conversation.ts";

export function responsesBody({ system, rounds, last, tools, options }: Conversation): object {
  const input: object[] = [];
  const say = (role: string, content: object[]) => input.push({ type: "message", role, content });
  for (const { asked, said, calls, results, reminder } of rounds) {
    say("user", asked.map(inputPart));
    if (said !== "") say("assistant", [{ type: "output_text", text: said, annotations: [] }]);
    for (const { id: call_id, name, args } of calls) {
      input.push({ type: "function_call", call_id, name, arguments: args === "" ? "{}" : args });
    }
    calls.forEach(({ id: call_id }, at) => {
      input.push({ type: "function_call_output", call_id, output: results[at]?.text ?? "" });
    });
    if (reminder !== undefined) say("developer", [{ type: "input_text", text: reminder }]);
  }
  say("user", [{ type: "input_text", text: last }]);
  const { choice } = options;
  const format = { type: "json_schema", name: "answer", schema: schemaOf(true), strict: true };
  return present({
    model: "model",
    instructions: system.length > 0 ? system.join("\n\n") : undefined,
    input,
    tools: tools.map(({ optional, strict = false, ...tool }) => ({
      ...{ type: "function", ...tool, strict },
      parameters: schemaOf(optional),
    })),
    tool_choice: choice === "tool" ? { type: "function", name: "look" } : choice,
    parallel_tool_calls: options.parallel,
    max_output_tokens: Math.max(16, options.maxTokens),
    temperature: options.temperature,
    top_p: options.topP,
    stream: options.stream,
    text: options.schema ? { format } : undefined,
    reasoning: options.effort ? { effort: options.effort } : undefined,
    service_tier: options.tier ? "auto" : undefined,
  });
}

function inputPart(one: Part): object {
  if (one.type === "text") return { type: "input_text", text: one.text };
  if (one.type === "image")
    return { type: "input_image", image_url: `data:image/png;base64,${one.data}`, detail: "auto" };
  return { type: "input_file", file_data: `data:application/pdf;base64,${one.data}`, filename: "a.pdf" };
}

export function geminiBody({ system, rounds, last, tools, options }: Conversation): object {
  const contents: { role: string; parts: object[] }[] = [];
  for (const { asked, said, calls, results } of rounds) {
    contents.push({ role: "user", parts: asked.map(googlePart) });
    const parts = calls.map(({ id, name, args }) => ({
      functionCall: { id, name, args: args === "" ? {} : JSON.parse(args.replace("1e400", "1e300")) },
    }));
    contents.push({ role: "model", parts: [...(said === "" ? [] : [{ text: said }]), ...parts] });
    const answered = calls.map(({ id, name }, at) => {
      const key = results[at]?.failed ? "error" : "output";
      return { functionResponse: { id, name, response: { [key]: results[at]?.text ?? "" } } };
    });
    if (answered.length > 0) contents.push({ role: "user", parts: answered });
  }
  contents.push({ role: "user", parts: [{ text: last }] });
  const modes = { auto: "AUTO", none: "NONE", required: "ANY", tool: "ANY" };
  const { choice } = options;
  const named = choice === "tool" ? { allowedFunctionNames: ["look"] } : {};
  return present({
    systemInstruction: system.length > 0 ? { parts: system.map((text) => ({ text })) } : undefined,
    contents,
    tools: [
      {
        functionDeclarations: tools.map(({ name, description, optional }) =>
          present({ name, description, parametersJsonSchema: schemaOf(optional) }),
        ),
      },
    ],
    toolConfig: choice ? { functionCallingConfig: { mode: modes[choice], ...named } } : undefined,
    generationConfig: present({
      maxOutputTokens: options.maxTokens,
      temperature: options.temperature,
      topP: options.topP,
      topK: options.topK,
      stopSequences: options.stop,
      seed: options.seed,
      responseMimeType: options.schema ? "application/json" : undefined,
      responseJsonSchema: options.schema ? schemaOf(true) : undefined,
    }),
  });
}

function googlePart(one: Part): object {
  if (one.type === "text") return { text: one.text };
  return { inlineData: { mimeType: one.type === "image" ? "image/png" : "application/pdf", data: one.data } };
}
