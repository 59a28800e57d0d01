/** A provider of Google's generateContent, of the generation that signs its calls. */
import { checkGemini, declarationsOf, skipped, turnsOf } from "./gemini-rules.ts";
import { type Answer, pieces, type Refusal, type Seen } from "./script.ts";
import { type Address, startUpstream, type Upstream, type Vendor } from "./server.ts";
import { type Fields, fieldsOf, listOf } from "./shape.ts";

export function startGemini(): Upstream {
  const issued = new Map<string, Fields>();
  // Two providers never make the same signature.
  const tag = crypto.randomUUID().slice(0, 8);
  const sign = (part: Fields): Fields => {
    const bytes = Buffer.from(`${tag} ${issued.size} proof of ${JSON.stringify(part)}`).toString("base64");
    const thoughtSignature = `CiQB+/A${bytes.replace(/=+$/, "")}`;
    issued.set(thoughtSignature, part);
    return { ...part, thoughtSignature };
  };
  const vendor: Vendor = {
    path: "/models",
    address,
    credential: (headers) => headers.get("x-goog-api-key"),
    unknownKey: { status: 400, type: "invalid_request_error", message: "API key not valid.", code: "API_KEY_INVALID" },
    check: (body) => checkGemini(body, issued),
    see,
    errorBody,
    errorFrame: (refusal) => `data: ${JSON.stringify(errorBody(refusal))}\r\n\r\n`,
    whole: (answer, body) => whole(answer, body, sign),
    stream: (answer, body) => stream(answer, body, sign),
  };
  return startUpstream(vendor);
}

function address(path: string, query: URLSearchParams): Address | undefined {
  const [, model, method] = /^\/v1\/models\/([^:]+):(\w+)$/.exec(path) ?? [];
  if (model === undefined) return undefined;
  if (method === "generateContent") return { model, stream: false };
  return method === "streamGenerateContent" && query.get("alt") === "sse" ? { model, stream: true } : undefined;
}

const words: Record<number, string> = {
  400: "INVALID_ARGUMENT",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  500: "INTERNAL",
  503: "UNAVAILABLE",
};
const kind = (name: string) => `type.googleapis.com/google.rpc.${name}`;

export function errorBody({ status: code, message, code: reason, waitSeconds }: Refusal): Fields {
  const details = [
    ...(reason === undefined ? [] : [{ "@type": kind("ErrorInfo"), reason, domain: "googleapis.com" }]),
    ...(waitSeconds === undefined ? [] : [{ "@type": kind("RetryInfo"), retryDelay: `${waitSeconds}s` }]),
  ];
  return { error: { code, message, status: words[code] ?? "UNKNOWN", ...(details.length > 0 ? { details } : {}) } };
}

type Sign = (part: Fields) => Fields;

function head(body: Fields): Fields {
  return { modelVersion: `${body.model}-001`, responseId: "x9Z2aObuLcmFz7IPyYSTKA" };
}

function usage({ counts }: Answer): Fields {
  const prompt = counts.input + counts.cached + counts.written;
  return {
    promptTokenCount: prompt,
    candidatesTokenCount: counts.visible,
    totalTokenCount: prompt + counts.visible + counts.reasoning,
    cachedContentTokenCount: counts.cached,
    promptTokensDetails: [{ modality: "TEXT", tokenCount: prompt }],
    ...(counts.reasoning > 0 ? { thoughtsTokenCount: counts.reasoning } : {}),
  };
}

/** Thoughts are shown to those that ask for them; of several calls the first one is signed. */
function thoughtsOf({ reasoning }: Answer, body: Fields): string {
  const { includeThoughts } = fieldsOf(fieldsOf(body.generationConfig).thinkingConfig);
  return includeThoughts === true ? (reasoning ?? "") : "";
}

function callParts({ calls = [] }: Answer, sign: Sign): Fields[] {
  return calls.map(({ id, name, args }, at) => {
    const part = { functionCall: { ...(id === "" ? {} : { id }), name, args } };
    return at === 0 ? sign(part) : part;
  });
}

function whole(answer: Answer, body: Fields, sign: Sign): Fields {
  const thoughts = thoughtsOf(answer, body);
  const text = { text: answer.text ?? "" };
  const isLast = answer.reasoning !== undefined && !answer.calls;
  const parts = [
    ...(thoughts === "" ? [] : [{ text: thoughts, thought: true }]),
    ...(text.text === "" ? [] : [isLast ? sign(text) : text]),
    ...callParts(answer, sign),
  ];
  const candidate = { content: { parts, role: "model" }, finishReason: "STOP", index: 0 };
  return { candidates: [candidate], usageMetadata: usage(answer), ...head(body) };
}

function stream(answer: Answer, body: Fields, sign: Sign): string[] {
  const frame = (parts: Fields[], more: Fields = {}) => {
    const candidate = { content: { parts, role: "model" }, index: 0, ...more };
    // Every chunk counts; only the last counts are right.
    const counted = "finishReason" in more ? usage(answer) : { promptTokenCount: 1, totalTokenCount: 1 };
    return `data: ${JSON.stringify({ candidates: [candidate], usageMetadata: counted, ...head(body) })}\r\n\r\n`;
  };
  const calls = callParts(answer, sign);
  const isLast = answer.reasoning !== undefined && !answer.calls;
  return [
    ...pieces(thoughtsOf(answer, body)).map((text) => frame([{ text, thought: true }])),
    ...pieces(answer.text ?? "").map((text) => frame([{ text }])),
    ...calls.map((part) => frame([part])),
    frame([isLast ? sign({ text: "" }) : { text: "" }], { finishReason: "STOP" }),
  ];
}

function resultText({ response }: Fields): string {
  const { output, error } = fieldsOf(response);
  const said = output ?? error ?? response;
  return typeof said === "string" ? said : JSON.stringify(said);
}

function see(body: Fields): Seen {
  const turns = turnsOf(body);
  const of = (role: string) => turns.flatMap((turn) => (turn.role === role ? turn.parts : []));
  const config = fieldsOf(body.generationConfig);
  const { includeThoughts, thinkingBudget, thinkingLevel } = fieldsOf(config.thinkingConfig);
  const texts = (parts: Fields[]) =>
    parts.flatMap(({ text, thought }) => (typeof text === "string" && text !== "" && !thought ? [text] : []));
  return {
    system: texts(listOf(fieldsOf(body.systemInstruction).parts)),
    said: texts(of("user")),
    images: of("user").flatMap(({ inlineData: media }) =>
      media ? [Buffer.from(String(fieldsOf(media).data), "base64")] : [],
    ),
    tools: declarationsOf(body).map(({ name, parametersJsonSchema: json, parameters }) => ({
      ...{ name: String(name), schema: json ?? parameters },
    })),
    choice: fieldsOf(body.toolConfig).functionCallingConfig,
    calls: of("model").flatMap(({ functionCall: one }) => {
      const { id, name, args } = fieldsOf(one);
      return one ? [{ id: String(id), name: String(name), args: fieldsOf(args) }] : [];
    }),
    results: of("user").flatMap(({ functionResponse: one }) =>
      one ? [{ id: String(fieldsOf(one).id), text: resultText(fieldsOf(one)) }] : [],
    ),
    schema: config.responseJsonSchema ?? config.responseSchema,
    maxTokens: config.maxOutputTokens,
    stop: config.stopSequences,
    temperature: config.temperature,
    thinks: includeThoughts === true || thinkingLevel !== undefined || Number(thinkingBudget ?? 0) !== 0,
    proofs: of("model").flatMap(({ thoughtSignature: one }) =>
      one === undefined || one === skipped ? [] : [String(one)],
    ),
    stream: body.stream === true,
  };
}
