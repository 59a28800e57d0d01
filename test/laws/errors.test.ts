import { describe, expect, test } from "bun:test";
import { SseDecoder } from "../../src/kit/sse.ts";
import { type ErrorCode, errorTable, GatewayError } from "../../src/model/error.ts";
import { protocols } from "../../src/protocols/index.ts";
import { ask, type Failure } from "../recordings/clients.ts";
import { openDoor, type ProtocolName, secret } from "../recordings/door.ts";
import { type Spec, streamOf } from "./spec.ts";

const codes = Object.keys(errorTable) as ErrorCode[];
const names = ["chat", "messages"] as const;

const common: Readonly<Record<number, string>> = {
  ...{ 400: "BadRequestError", 401: "AuthenticationError", 403: "PermissionDeniedError", 404: "NotFoundError" },
  ...{ 409: "ConflictError", 429: "RateLimitError", 500: "InternalServerError", 502: "InternalServerError" },
};
const classes: Readonly<Record<ProtocolName, Readonly<Record<number, string>>>> = {
  chat: { ...common, 413: "APIError", 499: "APIError", 503: "InternalServerError", 504: "InternalServerError" },
  messages: {
    ...common,
    ...{ 402: "PaymentRequiredError", 413: "ContentTooLargeError", 499: "ClientClosedRequestError" },
    ...{ 503: "ServiceUnavailableError", 504: "GatewayTimeoutError", 529: "OverloadedError" },
  },
};
/** Where the table of a protocol deviates. */
const own: Readonly<Record<ProtocolName, Partial<Record<ErrorCode, number>>>> = {
  chat: {},
  messages: { overloaded: 529, billing: 402 },
};

describe.each(names)("errors for a %s client", (name) => {
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
  messages: 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"too much"}}\n\n',
};
const terminals = ["[DONE]", "message_stop", "message_delta", '"finish_reason":"'];

for (const client of names)
  for (const provider of names)
    describe(`a stream of a ${provider} provider for a ${client} client`, () => {
      const frames = streamOf(provider, said).split(/(?<=\n\n)/);
      const finish = frames.findIndex((frame) => /message_delta|"finish_reason":"/.test(frame));
      const cuts = Array.from({ length: finish }, (_, at) => at);
      const type = { "content-type": "text/event-stream" };

      async function text(body: string): Promise<string> {
        const door = openDoor({ provider, answer: () => new Response(body, { headers: type }) });
        const path = client === "chat" ? "/v1/chat/completions" : "/v1/messages";
        const headers = { authorization: `Bearer ${secret}` };
        const question = { model: "model", max_tokens: 9, stream: true, messages: [{ role: "user", content: "q" }] };
        const response = await door.fetch(`http://localhost${path}`, {
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
            expect(JSON.parse(last?.data ?? all)).toHaveProperty("error");
            const door = openDoor({ provider, answer: () => new Response(body, { headers: type }) });
            expect((await ask(client, door.fetch, { model: "model", stream: true })).kind).toBe("error");
            door.close();
          }
        },
      );
    });
