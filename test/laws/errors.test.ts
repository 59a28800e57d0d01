import { describe, expect, test } from "bun:test";
import { SseDecoder } from "../../src/kit/sse.ts";
import { type ErrorCode, errorTable, GatewayError } from "../../src/model/error.ts";
import { protocols } from "../../src/protocols/index.ts";
import { ask, type Failure } from "../recordings/clients.ts";
import { openDoor, type ProtocolName, pathOf, protocolNames, secret } from "../recordings/door.ts";
import { plainQuestion } from "./question.ts";
import { type Spec, streamOf } from "./spec.ts";

const codes = Object.keys(errorTable) as ErrorCode[];

const common: Readonly<Record<number, string>> = {
  ...{ 400: "BadRequestError", 401: "AuthenticationError", 403: "PermissionDeniedError", 404: "NotFoundError" },
  ...{ 409: "ConflictError", 429: "RateLimitError", 500: "InternalServerError", 502: "InternalServerError" },
};
const openai = {
  ...{ ...common, 413: "APIError", 499: "APIError", 503: "InternalServerError", 504: "InternalServerError" },
};
const classes: Readonly<Record<ProtocolName, Readonly<Record<number, string>>>> = {
  chat: openai,
  responses: openai,
  // Google's SDK has one class.
  gemini: Object.fromEntries([...Object.keys(common), 413, 499, 503, 504].map((status) => [status, "ApiError"])),
  messages: {
    ...common,
    ...{ 402: "PaymentRequiredError", 413: "ContentTooLargeError", 499: "ClientClosedRequestError" },
    ...{ 503: "ServiceUnavailableError", 504: "GatewayTimeoutError", 529: "OverloadedError" },
  },
};
/** Where the table of a protocol deviates. */
const own: Readonly<Record<ProtocolName, Partial<Record<ErrorCode, number>>>> = {
  chat: {},
  responses: {},
  gemini: {},
  messages: { overloaded: 529, billing: 402 },
};

describe.each(protocolNames)("errors for a %s client", (name) => {
  const protocol = protocols.find((one) => one.name === name);
  test.each(codes)("%s has the class that the SDK gives its status, and our words", async (code) => {
    const built = protocol?.buildError(new GatewayError(code, "In our words."), "id");
    const { status = 0, headers = {}, body } = built ?? {};
    const fetch = async () =>
      new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });
    const failure = (await ask(name, fetch, { model: "m", stream: false })) as Failure;
    expect(failure.status).toBe(own[name][code] ?? errorTable[code].status);
    expect(failure.name).toBe(classes[name][status] ?? "");
    expect(failure.words).toContain("In our words.");
    expect(failure.type).toBeTruthy();
  });
});

const said: Spec = {
  ...{ text: "a sentence of some words", cut: false, pieces: 4, interleaved: false },
  reasoning: { text: "some thought", signature: "c2ln" },
  calls: [{ id: "call_1", name: "f", args: '{"a":[1,2,3]}' }],
  counts: { fresh: 1, cached: 0, written: 0, visible: 9, reasoning: 2 },
};
const broken: Readonly<Record<ProtocolName, string>> = {
  chat: 'data: {"error":{"message":"too much","type":"server_error","code":503}}\n\n',
  responses:
    'event: error\ndata: {"type":"error","code":"server_error","message":"too much","param":null,"sequence_number":9}\n\n',
  gemini: 'data: {"error":{"code":503,"message":"too much","status":"UNAVAILABLE"}}\n\n',
  messages: 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"too much"}}\n\n',
};
const terminals = [
  ...["[DONE]", "message_stop", "message_delta", '"finish_reason":"', '"finishReason":"'],
  ...["event: response.completed", "event: response.incomplete"],
];

for (const client of protocolNames)
  for (const provider of protocolNames)
    describe(`a stream of a ${provider} provider for a ${client} client`, () => {
      const frames = streamOf(provider, said).split(/(?<=\n\n)/);
      const finish = frames.findIndex((frame) =>
        /message_delta|"finish_reason":"|"finishReason":"|response.completed/.test(frame),
      );
      const cuts = Array.from({ length: finish }, (_, at) => at);
      const type = { "content-type": "text/event-stream" };

      async function text(body: string): Promise<string> {
        const door = openDoor({ provider, answer: () => new Response(body, { headers: type }) });
        const headers = { authorization: `Bearer ${secret}` };
        const question = plainQuestion(client, true);
        const response = await door.fetch(`http://localhost${pathOf(client, "model", true)}`, {
          method: "POST",
          headers,
          body: JSON.stringify(question),
        });
        const all = await response.text();
        expect(door.records.map((record) => record.code)).not.toContain("internal");
        expect(door.records.map((record) => record.code)).not.toContain(null);
        door.close();
        return all;
      }

      test.each(cuts)(
        "that is cut after frame %d, or breaks with an error there, never ends as if it were complete",
        async (cut) => {
          const head = frames.slice(0, cut).join("");
          const half = head + (frames[cut] ?? "").slice(0, 25);
          for (const body of [head, half, head + broken[provider]]) {
            const all = await text(body);
            for (const terminal of terminals) expect(all).not.toContain(terminal);
            expect(all).toContain("error");
            if (body.endsWith(broken[provider])) expect(all).toContain("too much");
            const sse = new SseDecoder();
            const last = [...sse.push(new TextEncoder().encode(all)), ...sse.end()].at(-1);
            const told = JSON.parse(last?.data ?? all);
            expect(
              told.error ?? told.response?.error ?? (told.type === "error" ? told.message : undefined),
            ).toBeTruthy();
            const door = openDoor({ provider, answer: () => new Response(body, { headers: type }) });
            expect((await ask(client, door.fetch, { model: "model", stream: true })).kind).toBe("error");
            door.close();
          }
        },
      );
    });
