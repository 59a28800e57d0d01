/** The official SDKs as clients of embeddings. */
import type { GoogleGenAI } from "@google/genai";
import type OpenAI from "openai";
import { type Fields, fieldsOf, listOf } from "../support/upstream/shape.ts";
import { type Door, type Failure, failureOf, thrownBy, watchedFetch } from "./client.ts";

export interface Wanted {
  model: string;
  /** A text is asked for in the form for one input, where the SDK has one. */
  input: string | string[];
  dimensions?: number;
  /** Where the SDK has a choice. */
  encoding?: "float" | "base64";
}

export interface Embedded {
  vectors: number[][];
  /** Undefined where the SDK does not show them. */
  tokens: unknown;
  headers: Headers;
}

export interface EmbeddingClient {
  name: string;
  protocol: "embeddings" | "gemini";
  embed(wanted: Wanted): Promise<Embedded>;
  /** Rejects when the request succeeds. */
  fail(wanted: Wanted): Promise<Failure>;
}

export function openaiEmbeddings(name: string, Sdk: typeof OpenAI, { url, key }: Door): EmbeddingClient {
  const { fetch, last } = watchedFetch();
  const sdk = new Sdk({ apiKey: key, baseURL: `${url}/v1`, maxRetries: 0, fetch });
  const embed = async ({ model, input, dimensions, encoding }: Wanted): Promise<Embedded> => {
    const done = await sdk.embeddings.create({
      ...{ model, input },
      ...(dimensions === undefined ? {} : { dimensions }),
      ...(encoding === undefined ? {} : { encoding_format: encoding }),
    });
    if (done.model !== model || done.object !== "list") throw new Error(`not a list of ${model}: ${done.model}`);
    done.data.forEach(({ index, object }, at) => {
      if (index !== at || object !== "embedding") throw new Error(`entry ${at} has index ${index}, object ${object}`);
    });
    if (done.usage.total_tokens !== done.usage.prompt_tokens) throw new Error("the total is not the sum");
    return {
      vectors: done.data.map(({ embedding }) => decoded(embedding)),
      tokens: done.usage.prompt_tokens,
      headers: last.headers,
    };
  };
  return {
    name,
    protocol: "embeddings",
    embed,
    async fail(wanted) {
      const { BadRequestError, AuthenticationError, NotFoundError, RateLimitError } = Sdk;
      const kinds = { BadRequestError, AuthenticationError, NotFoundError, RateLimitError };
      return failureOf(await thrownBy(embed(wanted)), kinds);
    },
  };
}

/** Numbers, or what an explicit base64 leaves to the caller. */
function decoded(embedding: unknown): number[] {
  if (typeof embedding !== "string") return Array.from(embedding as Iterable<number>);
  const bytes = Buffer.from(embedding, "base64");
  return Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(at * 4));
}

export function googleEmbeddings(name: string, Sdk: typeof GoogleGenAI, { url, key }: Door): EmbeddingClient {
  const { fetch, last } = watchedFetch();
  const sdk = new Sdk({ apiKey: key, httpOptions: { baseUrl: url, fetch } });
  const embed = async ({ model, input, dimensions }: Wanted): Promise<Embedded> => {
    const config = dimensions === undefined ? {} : { config: { outputDimensionality: dimensions } };
    const done: Fields = fieldsOf(await sdk.models.embedContent({ model, contents: input, ...config }));
    return {
      vectors: listOf(done.embeddings).map(({ values }) => values as number[]),
      tokens: fieldsOf(done.usageMetadata).promptTokenCount,
      headers: last.headers,
    };
  };
  return {
    name,
    protocol: "gemini",
    embed,
    async fail(wanted) {
      const failure = failureOf(await thrownBy(embed(wanted)), {});
      return { ...failure, headers: last.headers };
    },
  };
}
