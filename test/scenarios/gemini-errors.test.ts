/** Errors before the first byte of a Gemini stream: an array where the client reads an array, else an object. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { GoogleGenAI } from "@google/genai";
import { GoogleGenAI as GoogleGenAI2 } from "genai2";
import { clientKey, openStage, type Stage } from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.stop());

const body = JSON.stringify({ contents: [{ role: "user", parts: [{ text: "Hello" }] }] });

function call(tail: string, more: { key?: string; text?: string } = {}): Promise<Response> {
  const { key = clientKey, text = body } = more;
  return fetch(`${stage.plexus.url}/v1beta/models/${tail}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-goog-api-key": key },
    body: text,
  });
}

const limited = { error: { code: 429, status: "RESOURCE_EXHAUSTED", message: expect.any(String) } };

test("a client of the array framing gets the error as the only element, with its status", async () => {
  const response = await call("demo%2Ffail-429:streamGenerateContent");
  expect([response.status, response.headers.get("content-type")]).toEqual([429, "application/json"]);
  const [first, ...others] = (await response.json()) as unknown[];
  expect(first).toMatchObject(limited);
  expect(others).toEqual([]);
  const row = await stage.plexus.row(response.headers.get("x-request-id"));
  expect(row).toMatchObject({ status: 429, code: "rate-limited", stream: true });
});

test("so does one whose model does not exist", async () => {
  const response = await call("nobody:streamGenerateContent");
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject([{ error: { code: 404, status: "NOT_FOUND" } }]);
});

test.each(["streamGenerateContent?alt=sse", "streamGenerateContent?alt=SSE", "generateContent"])(
  "a client of %s gets it as an object",
  async (method) => {
    const response = await call(`demo%2Ffail-429:${method}`);
    expect([response.status, await response.json()]).toMatchObject([429, limited]);
  },
);

test("an error from before the framing is known is an object", async () => {
  const stranger = await call("demo:streamGenerateContent", { key: "sk-of-a-stranger-0123456789" });
  expect([stranger.status, await stranger.json()]).toMatchObject([401, { error: { code: 401 } }]);
  const unreadable = await call("demo:streamGenerateContent", { text: "{" });
  expect([unreadable.status, await unreadable.json()]).toMatchObject([400, { error: { code: 400 } }]);
});

describe.each([
  ["@google/genai 3", GoogleGenAI],
  // The classes differ in private members only.
  ["@google/genai 2", GoogleGenAI2 as unknown as typeof GoogleGenAI],
] as const)("%s", (_name, Sdk) => {
  test.each([
    ["as it asks", false],
    ["of the array framing", true],
  ] as const)("takes the error of a stream %s for one, with its status", async (_title, isArray) => {
    const ask = (input: string | URL | Request, init?: RequestInit) =>
      fetch(isArray ? String(input).replace("?alt=sse", "") : input, init);
    const httpOptions = { baseUrl: stage.plexus.url, fetch: ask as typeof fetch, retryOptions: { attempts: 1 } };
    const sdk = new Sdk({ apiKey: clientKey, httpOptions });
    const asked = sdk.models.generateContentStream({ model: "demo/fail-429", contents: "Hello" });
    const error: unknown = await asked.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ name: "ApiError", status: 429 });
    expect(JSON.parse((error as Error).message)).toMatchObject(isArray ? [limited] : limited);
  });
});
