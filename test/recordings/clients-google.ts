/** Google's SDK as a client: the chunks of an answer, one when it is whole. */
import { ApiError, type GenerateContentResponse, GoogleGenAI } from "@google/genai";
import type { Failure, Fetch, Question } from "./clients.ts";
import { secret } from "./door.ts";

export interface GoogleOutcome {
  kind: "gemini";
  /** Without what the SDK keeps of the HTTP response. */
  final: Omit<GenerateContentResponse, "sdkHttpResponse">[];
}

/** The SDK takes no fetch of one's own: it gets the global one, which is put back when the answer is there. */
export async function askGoogle(fetch: Fetch, { model, stream }: Question): Promise<GoogleOutcome> {
  const before = globalThis.fetch;
  globalThis.fetch = fetch as typeof globalThis.fetch;
  try {
    const retryOptions = { attempts: 1 };
    const client = new GoogleGenAI({ apiKey: secret, httpOptions: { baseUrl: "http://localhost", retryOptions } });
    // Thoughts are told only to those who ask.
    const question = { model, contents: "q", config: { thinkingConfig: { includeThoughts: true } } };
    const chunks: GenerateContentResponse[] = [];
    if (!stream) chunks.push(await client.models.generateContent(question));
    else for await (const chunk of await client.models.generateContentStream(question)) chunks.push(chunk);
    return { kind: "gemini", final: chunks.map(({ sdkHttpResponse: _http, ...chunk }) => chunk as never) };
  } finally {
    globalThis.fetch = before;
  }
}

/** The SDK's errors hold the body as text in their message. */
export function googleFailure(thrown: unknown): Failure | undefined {
  if (!(thrown instanceof ApiError)) return undefined;
  let error: { message?: string; status?: string } | undefined;
  try {
    error = JSON.parse(thrown.message.slice(thrown.message.indexOf("{"))).error;
  } catch {
    error = undefined;
  }
  return {
    ...{ kind: "error", name: "ApiError", status: thrown.status, type: error?.status, message: thrown.message },
    words: error?.message ?? thrown.message,
  };
}
