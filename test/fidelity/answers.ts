/** All fields of a protocol's whole answers, and what of each reaches a client of another protocol. */
import { translateResponse } from "../../src/gateway/translate.ts";
import { GatewayError } from "../../src/model/error.ts";
import type { JsonObject } from "../../src/model/json.ts";
import type { Fate } from "../../src/protocols/fates/fate.ts";
import type { Plausible } from "./construct.ts";
import { type Dialect, isObject, listOf, pages, pixels } from "./dialect.ts";
import { type Name, protocolOf } from "./dialects.ts";
import { bodiesFor, marksOf, type Question, questionsOf } from "./fields.ts";

/** What stands beside the item that is asked about. */
const beside = {
  ...{ type: "message", id: "msg_2", role: "assistant", status: "completed" },
  content: [{ type: "output_text", text: "beside", annotations: [] }],
};

/** Where a source is cited, within a text of five letters. */
const spans: Plausible = [
  [/\.start_index$/, 2, 0],
  [/\.end_index$/, 4, 5],
];

/** A source, and the words that it stands behind. */
const support = { segment: { startIndex: 0, endIndex: 6, text: "beside" }, groundingChunkIndices: [0] };
const grounding = {
  groundingChunks: [{ web: { uri: "https://alpha.example", title: "t" } }],
  groundingSupports: [support],
};

/** A call of a tool that the provider runs stands with its result. */
function paired(block: JsonObject): JsonObject[] {
  const { type, id, tool_use_id: of } = block;
  if (type === "server_tool_use") {
    const found = { type: "code_execution_result", stdout: "alpha", stderr: "", return_code: 0, content: [] };
    const content = block.name === "web_search" ? [] : found;
    return [block, { type: `${block.name}_tool_result`, tool_use_id: id ?? null, content }];
  }
  const [, name] = /^(web_search|code_execution)_tool_result$/.exec(String(type)) ?? [];
  if (name === undefined) return [block];
  const input = { query: "alpha", code: "alpha" };
  return [{ type: "server_tool_use", id: of ?? null, name, input, caller: { type: "direct" } }, block];
}

function pairedParts(part: JsonObject): JsonObject[] {
  if (part.executableCode !== undefined) {
    return [part, { codeExecutionResult: { outcome: "OUTCOME_OK", output: "alpha" } }];
  }
  if (part.codeExecutionResult === undefined) return [part];
  return [{ executableCode: { language: "PYTHON", code: "alpha" } }, part];
}

/** Answers of each protocol: what is required makes a valid one, but for members that are null in an ordinary one. */
export const answerDialects: Record<Name, Dialect> = {
  chat: {
    name: "chat",
    history: "choices",
    sources: [{ file: "openai/resources/chat/completions/completions.d.ts", type: "ChatCompletion" }],
    leaveOut: [],
    plausible: [
      [/\.(logprobs)$/, null],
      [/\.refusal$/, "zqmark", null],
      ...spans,
      [/\.usage$/, { prompt_tokens: 1000, completion_tokens: 1000, total_tokens: 2000 }],
      [/\.(prompt_tokens|completion_tokens|total_tokens)$/, 1037, 1000],
      [/\.arguments$/, '{"zq":"zqmark"}', '{"zq":"alpha"}'],
      [/\.bytes$/, [37]],
    ],
    complete(body) {
      for (const choice of listOf(body.choices)) {
        const isCalling = choice.finish_reason === "tool_calls" || choice.finish_reason === "function_call";
        const call = { id: "call_1", type: "function", function: { name: "alpha", arguments: "{}" } };
        if (isCalling && isObject(choice.message)) choice.message.tool_calls ??= [call];
      }
      return body;
    },
  },
  responses: {
    name: "responses",
    history: "output",
    sources: [{ file: "openai/resources/responses/responses.d.ts", type: "Response" }],
    leaveOut: [
      /^output_text$/,
      /^tools\.\*/,
      /^tool_choice\{/,
      /^text\.|^instructions\.\*|\.tools\.\*|(parameters|schema)\.\[key\]$/,
    ],
    plausible: [
      [
        /^\.(error|incomplete_details|instructions|metadata|tool_choice|tools|temperature|top_p|prompt|moderation)$/,
        null,
      ],
      [/^\.output$/, [{ type: "message", id: "msg_1", role: "assistant", status: "completed", content: [] }]],
      [/\.(annotations|logprobs)$/, []],
      ...spans,
      [/\.image_url$/, `data:image/png;base64,${pixels[1]}`, `data:image/png;base64,${pixels[0]}`],
      [/\.file_data$/, `data:application/pdf;base64,${pages[1]}`, `data:application/pdf;base64,${pages[0]}`],
      [/\.file_url$/, "https://zqmark.example/a.pdf"],
      [/\{input_image\}\.\+$/, { image_url: `data:image/png;base64,${pixels[0]}` }],
      [/\{input_file\}\.\+$/, { file_data: `data:application/pdf;base64,${pages[0]}` }],
      [/\.usage$/, { input_tokens: 1000, output_tokens: 1000, total_tokens: 2000 }],
      [/\.(input_tokens|output_tokens|total_tokens)$/, 1037, 1000],
      [/\.arguments$/, '{"zq":"zqmark"}', '{"zq":"alpha"}'],
    ],
    complete: (body) => ({ status: "completed", ...body, output: [...listOf(body.output), beside] }),
  },
  messages: {
    name: "messages",
    history: "content",
    sources: [
      { file: "@anthropic-ai/sdk/resources/beta/messages/messages.d.ts", type: "BetaMessage" },
      { file: "@anthropic-ai/sdk/resources/messages/messages.d.ts", type: "Message" },
    ],
    leaveOut: [],
    plausible: [
      [
        /^\.content$/,
        [{ type: "text", text: "zqmark", citations: null }],
        [{ type: "text", text: "alpha", citations: null }],
      ],
      [/^\.(container|context_management|diagnostics|stop_details|stop_sequence)$/, null],
      [/\.citations$/, null],
      [/^\.usage$/, { input_tokens: 1000, output_tokens: 1000 }],
      [/^\.usage\.(input_tokens|output_tokens)$/, 1037, 1000],
      [/^\.usage\.(?!cache_creation_input|cache_read_input)\w+$/, null],
      [/\{server_tool_use\}\.input$/, { query: "zqmark", code: "zqmark" }, { query: "alpha", code: "alpha" }],
      [/\.stdout$/, "zqmark", "alpha"],
      [/\.return_code$/, 37, 0],
      [/\.input$/, { zq: "zqmark" }, { zq: "alpha" }],
    ],
    complete: (body) => ({
      ...body,
      content: [...listOf(body.content).flatMap(paired), { type: "text", text: "beside", citations: null }],
    }),
  },
  gemini: {
    name: "gemini",
    history: "candidates",
    sources: [{ file: "@google/genai/dist/genai.d.ts", type: "GenerateContentResponse" }],
    leaveOut: [
      // Made by the SDK.
      /^(sdkHttpResponse|automaticFunctionCallingHistory)$/,
      // Parts of requests alone.
      /\.parts\.\*\.(functionResponse|fileData|videoMetadata|audioTranscription|mediaProcessing|mediaResolution|partMetadata|speechMetadata)$/,
    ],
    plausible: [
      [/\.candidates$/, [{ content: { role: "model", parts: [{ text: "zqmark" }] }, finishReason: "STOP" }]],
      [/\.content\.parts$/, [{ text: "zqmark" }]],
      [/\.groundingMetadata\.\+$/, grounding],
      [/\.groundingChunks$/, [{ web: { uri: "https://zqmark.example", title: "t" } }]],
      [/\.(web|maps|retrievedContext)\.\+$/, { uri: "https://alpha.example" }],
      [/\.image\.\+$/, { sourceUri: "https://alpha.example" }],
      [/\.groundingSupports$/, [{ segment: { startIndex: 2, endIndex: 6, text: "side" }, groundingChunkIndices: [0] }]],
      [/\.groundingSupports\*\.\+$/, support],
      [/\.segment\.\+$/, { startIndex: 1, endIndex: 5 }],
      [/\.segment$/, { startIndex: 2, endIndex: 6, text: "side" }],
      [/\.segment\.startIndex$/, 3],
      [/\.segment\.endIndex$/, 6],
      [/\.segment\.partIndex$/, 0],
      [/\.groundingChunkIndices$/, [0]],
      [/\.topCandidates$/, [{ candidates: [{ token: "zqmark", logProbability: -2 }] }]],
      [/\.promptFeedback\.\+$/, { blockReason: "SAFETY" }],
      [/\.logprobsResult\.\+$/, { chosenCandidates: [{ token: "alpha", logProbability: -1 }] }],
      [/\.functionCall$/, { name: "zqmark", args: {} }],
      [/\.functionCall\.\+$/, { name: "alpha" }],
      [/\.args$/, { zq: "zqmark" }],
      [/\.usageMetadata\.\+$/, { promptTokenCount: 1000, candidatesTokenCount: 1000, totalTokenCount: 2000 }],
      [/\.(promptTokenCount|candidatesTokenCount|totalTokenCount)$/, 1037, 1000],
      [/\.inlineData$/, { mimeType: "image/png", data: pixels[1] }],
      [/\.inlineData\.data$/, pixels[1]],
      [/\.inlineData\.mimeType$/, "image/webp"],
      [/\.inlineData\.\+$/, { mimeType: "image/png", data: pixels[0] }],
      [/\.thoughtSignature$/, "enFtYXJr"],
    ],
    complete(body) {
      const candidates = listOf(body.candidates);
      const plain = { content: { role: "model", parts: [{ text: "beside" }] }, finishReason: "STOP", index: 0 };
      for (const one of candidates) {
        for (const part of isObject(one.content) ? listOf(one.content.parts) : []) {
          if ((part.thought !== undefined || part.thoughtSignature !== undefined) && part.functionCall === undefined) {
            part.text ??= "alpha";
          }
          // Code has its result behind it.
          if (isObject(part.executableCode)) part.executableCode.code ??= "alpha";
        }
        if (isObject(one.content)) one.content.parts = listOf(one.content.parts).flatMap(pairedParts);
        if (isObject(one.content)) one.content.parts = [...listOf(one.content.parts), { text: "beside" }];
        // Words about an end that has a reason.
        if (one.finishMessage !== undefined) one.finishReason ??= "SAFETY";
        for (const [key, value] of Object.entries(plain)) one[key] ??= value;
      }
      // A prompt that was blocked has no answer.
      if (body.promptFeedback !== undefined) return { ...body, candidates: [] };
      return { ...body, candidates: candidates.length > 0 ? candidates : [plain] };
    },
  },
};

export function answerQuestions(provider: Name): Question[] {
  return questionsOf(answerDialects[provider]);
}

/** `implied`: it is what an ordinary answer says, with which the others are compared. */
export function answerFate(provider: Name, client: Name, question: Question): Fate {
  const { plain, marked } = bodiesFor(answerDialects[provider], question);
  const [before, after] = [plain, marked].map(({ body }) => told(provider, client, body));
  if (after === undefined) return "refused";
  if (JSON.stringify(plain.body) === JSON.stringify(marked.body)) return "implied";
  if (before === after) return "dropped";
  const holds = marksOf(question, plain.body, marked.body).some((mark) => {
    const count = (text = "") => text.split(String(mark)).length;
    return count(after) > count(before);
  });
  return holds ? "carried" : "mapped";
}

/** The client's answer, or undefined where it is told of an error. */
function told(provider: Name, client: Name, body: JsonObject): string | undefined {
  try {
    return translateResponse({ from: protocolOf(provider), to: protocolOf(client) }, JSON.stringify(body)).text;
  } catch (thrown) {
    if (thrown instanceof GatewayError) return undefined;
    throw thrown;
  }
}
