/** Providers of embeddings: OpenAI's and Google's, as strict as they are. Vectors depend on text and length alone. */
import { errorBody as googleError } from "./gemini.ts";
import { type Answer, pieces } from "./script.ts";
import { type Address, startUpstream, type Upstream } from "./server.ts";
import {
  type Check,
  type Fields,
  fieldsOf,
  integer,
  list,
  listOf,
  oneOf,
  shape,
  text,
  textOr,
  Violation,
} from "./shape.ts";

/** A request for embeddings as the upstream understood it. */
export interface SeenEmbedding {
  inputs: unknown[];
  dimensions: unknown[];
  tasks: unknown[];
  /** Asked in the form for one input. */
  isSingle: boolean;
  encoding: unknown;
  user: unknown;
}

export type EmbeddingUpstream = Upstream<SeenEmbedding>;

export const usualDimensions = 8;
const mostDimensions = 3072;

/** Numbers of single precision, so that they are the same in base64. */
export function vectorOf(input: unknown, dimensions: unknown = usualDimensions): number[] {
  const seed = pieces(JSON.stringify(input)).reduce(
    (sum, piece) => (sum * 31 + Number(Bun.hash.crc32(piece))) % 9973,
    7,
  );
  return Array.from({ length: Number(dimensions) }, (_, at) => Math.fround(Math.sin(seed * (at + 1))));
}

export function answerOf(tokens: number): Answer {
  return { counts: { input: tokens, cached: 0, written: 0, visible: 0, reasoning: 0 } };
}

const dimensions = integer(1, mostDimensions);
const token = integer(0, 200_000);

const openaiInput: Check = (value, path) => {
  const entry: Check = (each, place) => textOr(list(token, { least: 1 }), text({ least: 1 }))(each, place);
  const isTokens = Array.isArray(value) && typeof value[0] === "number";
  textOr(list(isTokens ? token : entry, { least: 1, most: 2048 }), text({ least: 1 }))(value, path);
};
const openaiRequest = shape(
  { model: text({ least: 1 }), input: openaiInput },
  { dimensions, encoding_format: oneOf("float", "base64"), user: text() },
);

export function startOpenaiEmbeddings(): EmbeddingUpstream {
  return startUpstream<SeenEmbedding>({
    path: "/embeddings",
    credential: (headers) => headers.get("authorization")?.replace(/^Bearer /, "") ?? null,
    check: (body) => openaiRequest(body, ""),
    see(body) {
      const inputs = openaiInputs(body);
      return {
        inputs,
        dimensions: inputs.map(() => body.dimensions),
        tasks: inputs.map(() => undefined),
        isSingle: inputs[0] === body.input,
        encoding: body.encoding_format,
        user: body.user,
      };
    },
    errorBody: ({ message, type, code }) => ({ error: { message, type, param: null, code: code ?? null } }),
    whole: ({ counts }, body) => ({
      object: "list",
      data: openaiInputs(body).map((input, index) => {
        const vector = vectorOf(input, body.dimensions);
        return { object: "embedding", index, embedding: body.encoding_format === "base64" ? base64(vector) : vector };
      }),
      model: `${body.model}-v2`,
      usage: { prompt_tokens: counts.input, total_tokens: counts.input },
    }),
    ...neverStreamed,
  });
}

function openaiInputs({ input }: Fields): unknown[] {
  return Array.isArray(input) && typeof input[0] !== "number" ? input : [input];
}

function base64(vector: number[]): string {
  return Buffer.from(new Float32Array(vector).buffer).toString("base64");
}

const neverStreamed = {
  errorFrame: () => "",
  stream(): string[] {
    throw new Error("embeddings are never streamed");
  },
};

const media = shape({ mimeType: text({ least: 3 }), data: text({ least: 4 }) });
const part: Check = (value, path) => {
  shape({}, { text: text({ least: 1 }), inlineData: media })(value, path);
  if (Object.keys(fieldsOf(value)).length !== 1) throw new Violation(path, "oneof field 'data' needs one payload");
};
const googleOptions: Record<string, Check> = {
  taskType: oneOf(
    ...["RETRIEVAL_QUERY", "RETRIEVAL_DOCUMENT", "SEMANTIC_SIMILARITY", "CLASSIFICATION", "CLUSTERING"],
    ...["QUESTION_ANSWERING", "FACT_VERIFICATION", "CODE_RETRIEVAL_QUERY"],
  ),
  title: text(),
  outputDimensionality: dimensions,
};
const content = shape({ parts: list(part, { least: 1 }) }, { role: text() });

export function startGoogleEmbeddings({ counts }: { counts: boolean }): EmbeddingUpstream {
  return startUpstream<SeenEmbedding>({
    path: "/models",
    address: googleAddress,
    credential: (headers) => headers.get("x-goog-api-key"),
    unknownKey: { status: 400, type: "invalid_request_error", message: "API key not valid.", code: "API_KEY_INVALID" },
    check: checkGoogle,
    see(body) {
      const all = googleRequests(body);
      return {
        inputs: all.map((each) => inputOf(each)),
        dimensions: all.map(({ outputDimensionality: one }) => one),
        tasks: all.map(({ taskType: one }) => one),
        isSingle: body.requests === undefined,
        encoding: undefined,
        user: undefined,
      };
    },
    errorBody: googleError,
    whole(answer, body) {
      const vectors = googleRequests(body).map((one) => ({ values: vectorOf(inputOf(one), one.outputDimensionality) }));
      const usage = counts ? { usageMetadata: { promptTokenCount: answer.counts.input } } : {};
      return body.requests === undefined ? { embedding: vectors[0], ...usage } : { embeddings: vectors, ...usage };
    },
    ...neverStreamed,
  });
}

interface GoogleAddress extends Address {
  method: string;
}

function googleAddress(path: string): GoogleAddress | undefined {
  const [, model, method = ""] = /^\/v1\/models\/([^:]+):(embedContent|batchEmbedContents)$/.exec(path) ?? [];
  return model === undefined ? undefined : { model, method, stream: false };
}

function checkGoogle(body: Fields, _headers: Headers, address: Address | undefined): void {
  const { model, method } = address as GoogleAddress;
  const name = oneOf(`models/${model}`);
  if (method === "embedContent") shape({ content }, { ...googleOptions, model: name })(body, "");
  else {
    const each = shape({ model: name, content }, googleOptions);
    shape({ requests: list(each, { least: 1, most: 100 }) })(body, "");
  }
}

function googleRequests(body: Fields): Fields[] {
  return body.requests === undefined ? [body] : listOf(body.requests);
}

/** The parts of a content are one input. */
function inputOf(request: Fields): unknown {
  const parts = listOf(fieldsOf(request.content).parts);
  return parts.length === 1 && parts[0]?.text !== undefined ? parts[0].text : parts;
}
