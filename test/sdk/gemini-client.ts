/** The @google/genai package, in either of its versions: whole answers, its chat helper, and its chunks. */
import type { Content, GenerateContentConfig, GoogleGenAI } from "@google/genai";
import { type Fields, fieldsOf, listOf } from "../support/upstream/shape.ts";
import {
  budget,
  type Client,
  count,
  type Door,
  failureOf,
  maxTokens,
  type Outcome,
  type Question,
  thrownBy,
  watchedFetch,
} from "./client.ts";

export function geminiClient(name: string, Sdk: typeof GoogleGenAI, { url, key }: Door): Client {
  const { fetch, last } = watchedFetch();
  const sdk = new Sdk({ apiKey: key, httpOptions: { baseUrl: url, fetch } });
  const ask = async (question: Question): Promise<Outcome> => {
    const { model, mode } = question;
    // The history is made of what this client built, and of what the SDK itself gave: a turn may be several contents.
    const contents = question.history.flat() as Content[];
    const config = configOf(question);
    if (mode === "whole") {
      const done = fieldsOf(await sdk.models.generateContent({ model, contents, config }));
      return outcome([done], [fieldsOf(listOf(done.candidates)[0]?.content)], last.headers);
    }
    if (mode === "raw stream") {
      const chunks: Fields[] = [];
      for await (const chunk of await sdk.models.generateContentStream({ model, contents, config })) {
        chunks.push(fieldsOf(chunk));
      }
      const parts = chunks.flatMap(partsOf).filter(({ text, thoughtSignature: seal }) => text !== "" || seal);
      return outcome(chunks, [{ role: "model", parts: joined(parts) }], last.headers);
    }
    const chat = sdk.chats.create({ model, config, history: contents.slice(0, -1) });
    const chunks: Fields[] = [];
    const message = contents.at(-1)?.parts ?? [];
    for await (const chunk of await chat.sendMessageStream({ message })) chunks.push(fieldsOf(chunk));
    const said = chat.getHistory().slice(contents.length).map(fieldsOf);
    return outcome(chunks, said, last.headers);
  };
  return {
    name,
    protocol: "gemini",
    failures: {
      bad: { kind: "ApiError", status: 400, type: "INVALID_ARGUMENT" },
      unknown: { kind: "ApiError", status: 401, type: "UNAUTHENTICATED" },
      locked: { kind: "ApiError", status: 502, type: "INTERNAL" },
      limited: { kind: "ApiError", status: 429, type: "RESOURCE_EXHAUSTED" },
      overloaded: { kind: "ApiError", status: 503, type: "UNAVAILABLE" },
    },
    user: (text, image) => ({ role: "user", parts: [...(image ? [picture(image)] : []), { text }] }),
    results: (list) => [
      {
        role: "user",
        parts: list.map(({ id, name: tool = "", text }) => ({
          functionResponse: { id, name: tool, response: { output: text } },
        })),
      },
    ],
    ask,
    async fail(question) {
      const error = await thrownBy(ask(question));
      const failure = failureOf(error, {});
      const { headers } = last;
      const known = { ...failure, headers, requestId: headers.get("x-request-id") };
      const said = /\{.*\}/s.exec(failure.message)?.[0];
      if (failure.status === undefined || said === undefined) return known;
      const body = fieldsOf(fieldsOf(JSON.parse(said)).error);
      return { ...known, message: String(body.message), type: String(body.status) };
    },
  };
}

function picture(image: Buffer): Fields {
  return { inlineData: { mimeType: "image/png", data: image.toString("base64") } };
}

function configOf({ system, tools, forced, schema, thinks, sampling }: Question): GenerateContentConfig {
  const config: Fields = {
    maxOutputTokens: maxTokens,
    ...(system === undefined ? {} : { systemInstruction: system }),
    ...(sampling ? { stopSequences: sampling.stop, temperature: sampling.temperature } : {}),
    ...(tools
      ? {
          tools: [
            {
              functionDeclarations: tools.map(({ name, description, schema: parametersJsonSchema }) => ({
                ...{ name, description, parametersJsonSchema },
              })),
            },
          ],
        }
      : {}),
    ...(forced ? { toolConfig: { functionCallingConfig: { mode: "ANY" } } } : {}),
    ...(schema ? { responseMimeType: "application/json", responseJsonSchema: schema } : {}),
    ...(thinks ? { thinkingConfig: { includeThoughts: true, thinkingBudget: budget } } : {}),
  };
  return config;
}

function partsOf(chunk: Fields): Fields[] {
  return listOf(fieldsOf(listOf(chunk.candidates)[0]?.content).parts);
}

/** Texts of one kind that touch are one part, unless one of them is signed. */
function joined(parts: Fields[]): Fields[] {
  const out: Fields[] = [];
  for (const part of parts) {
    const before = out.at(-1);
    const isText = typeof part.text === "string" && typeof before?.text === "string";
    const isSigned = part.thoughtSignature !== undefined || before?.thoughtSignature !== undefined;
    if (before && isText && !isSigned && part.thought === before.thought) before.text = `${before.text}${part.text}`;
    else out.push({ ...part });
  }
  return out;
}

function outcome(chunks: Fields[], message: Fields[], headers: Headers): Outcome {
  const parts = chunks.flatMap(partsOf);
  const texts = (thought: boolean) =>
    parts.flatMap((part) => (typeof part.text === "string" && (part.thought === true) === thought ? [part.text] : []));
  const finishes = chunks.flatMap(({ candidates }) => listOf(candidates).flatMap(({ finishReason: one }) => one ?? []));
  if (finishes.length !== 1) throw new Error(`${finishes.length} finish reasons came`);
  const heads = new Set(chunks.map(({ modelVersion, responseId }) => `${modelVersion} ${responseId}`));
  if (heads.size !== 1) throw new Error(`chunks differ in their heads: ${[...heads].join("; ")}`);
  const usage = fieldsOf(chunks.findLast(({ usageMetadata }) => usageMetadata)?.usageMetadata);
  const thoughts = count(usage.thoughtsTokenCount);
  const prompt = count(usage.promptTokenCount);
  const spoken = count(usage.candidatesTokenCount);
  if (count(usage.totalTokenCount) !== prompt + spoken + thoughts) {
    throw new Error(`the total is not the sum: ${JSON.stringify(usage)}`);
  }
  const calls = parts.flatMap(({ functionCall: call }) => (call ? [fieldsOf(call)] : []));
  return {
    model: String(chunks[0]?.modelVersion),
    text: texts(false).join(""),
    reasoning: texts(true).join(""),
    calls: calls.map(({ id, name, args }) => ({ id: String(id), name: String(name), args: fieldsOf(args) })),
    finish: finishes[0] !== "STOP" ? "other" : calls.length > 0 ? "calls" : "stop",
    totals: {
      ...{ input: prompt, cached: count(usage.cachedContentTokenCount), written: 0 },
      ...{ output: spoken + thoughts, reasoning: thoughts },
    },
    headers,
    requestId: headers.get("x-request-id"),
    message,
  };
}
