import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import {
  ask,
  clientKey,
  framesOf,
  openStage,
  type ProtocolName,
  paths,
  type Stage,
  upstreamKey,
  wholeAnswer,
} from "./stage.ts";

const quietKey = "sk-quiet-0123456789abcdef";
const protocols = ["chat", "messages"] as const;

let stage: Stage;
beforeAll(async () => {
  stage = await openStage((url) => ({
    aliases: {
      "named-chat": { targets: ["chat/upstream-chat"] },
      "named-messages": { targets: ["messages/upstream-messages"] },
    },
    providers: {
      beta: {
        protocols: { messages: `${url}/v1`, chat: `${url}/v1` },
        api_key: upstreamKey,
        headers: { "anthropic-beta": "configured-1,shared", "openai-beta": "configured-2", "x-extra": "always" },
        query: { "api-version": "2027-01-01" },
      },
      laden: { protocols: { chat: `${url}/v1` }, auth: "none", body: { store: false, metadata: { a: 1 } } },
    },
    keys: { quiet: { secret: quietKey, reveal_target: false } },
  }));
});
afterAll(() => stage.stop());

/** A request with everything that a parser and printer would change. */
function awkward(model: string, more = ""): string {
  return (
    `{\r\n\t"zeta" : [1.0, 1e2, -0.0, 12345678901234567890, 0.1000],\r\n "model"  :  "${model}" ,\r\n` +
    `  "max_tokens": 100.0, "unknown_field": {"model":"inner","b":1,"a":"\\u00e9\\/x é 😀"},${more}\r\n` +
    `  "messages":[ {"content": "Hello, \\"model\\":\\"x\\"", "role":"user", "odd": null} ] }\r\n`
  );
}

/** The same of an answer. */
function awkwardAnswer(protocol: ProtocolName, model: string): string {
  const text = JSON.stringify(wholeAnswer(protocol, model), null, 2).replaceAll("\n", "\r\n");
  return text.replace("{", '{"n":1.0,"big":12345678901234567890,  "é":"\\u00e9","model_x":"model",');
}

describe.each(protocols)("a %s request to a provider of its own protocol", (protocol) => {
  const alias = `named-${protocol}`;
  const upstreamName = `upstream-${protocol}`;

  test("crosses byte for byte but for the model's name, and so does its answer", async () => {
    const answer = awkwardAnswer(protocol, upstreamName);
    stage.upstream.on(upstreamName, (visit) => visit.answer(200, answer));
    const response = await stage.send({ protocol, body: awkward(alias) });
    expect(await response.text()).toBe(answer.replace(`"model": "${upstreamName}"`, `"model": "${alias}"`));
    expect(stage.upstream.visits(upstreamName).at(-1)?.body).toBe(awkward(upstreamName));
    expect(response.status).toBe(200);
    expect(response.headers.get("content-length")).not.toBeNull();
  });

  test("may be large: its structure is looked at, its bytes stay", async () => {
    const bulk = ` "bulk": [${"[1.0, 2.50],".repeat(20_000)} "end"],`;
    const answer = awkwardAnswer(protocol, upstreamName);
    stage.upstream.on(upstreamName, (visit) => visit.answer(200, answer));
    const response = await stage.send({ protocol, body: awkward(alias, bulk) });
    await response.text();
    expect(response.status).toBe(200);
    expect(stage.upstream.visits(upstreamName).at(-1)?.body === awkward(upstreamName, bulk)).toBe(true);
  });

  test("gets the stream's bytes wherever they were cut, unknown events and odd line ends included", async () => {
    const frames = framesOf(protocol, upstreamName);
    const odd = `: a comment\n\nevent: never_heard_of\ndata: {"type":"never_heard_of","n":1.0}\n\n`;
    const sent =
      frames.opening + odd + frames.text("één ") + frames.text("😀 two").replaceAll("\n", "\r\n") + frames.ending;
    const bytes = Buffer.from(sent);
    stage.upstream.on(upstreamName, async (visit) => {
      visit.events();
      for (let at = 0; at < bytes.length; at += 7) {
        visit.send(bytes.subarray(at, at + 7));
        if (at % 70 === 0) await Bun.sleep(1);
      }
      visit.end();
    });
    const more = protocol === "chat" ? `"stream":true, "stream_options":{"include_usage":true},` : `"stream":true,`;
    const response = await stage.send({ protocol, body: awkward(alias, more) });
    expect(await response.text()).toBe(sent.replaceAll(`"model":"${upstreamName}"`, `"model":"${alias}"`));
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(stage.upstream.visits(upstreamName).at(-1)?.body).toBe(awkward(upstreamName, more));
    const row = await stage.plexus.row(response.headers.get("x-request-id"));
    expect(row).toMatchObject({
      status: 200,
      code: null,
      finish: "stop",
      tokens: { input: 5, output: 2, estimated: false },
    });
  });

  test("brings the headers that an answer has", async () => {
    stage.upstream.on(upstreamName, (visit) => visit.answer(200, wholeAnswer(protocol, upstreamName), upstreamHeaders));
    const response = await stage.send({ protocol, body: ask(protocol, alias) });
    const { headers } = response;
    const id = headers.get("x-request-id") ?? "";
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(headers.get("request-id")).toBe(protocol === "messages" ? id : null);
    expect(headers.get("x-plexus-target")).toBe(`${protocol}/${upstreamName}`);
    expect(headers.get("x-plexus-attempts")).toBe("1");
    expect(headers.get("x-plexus-degraded")).toBeNull();
    expect(headers.get("server-timing")).toMatch(/^gateway;dur=\d+\.\d+, upstream;dur=\d+\.\d+$/);
    expect(headers.get("openai-organization")).toBe("org-1");
    expect(headers.get("x-custom-answer")).toBe("crosses");
    for (const name of blockedHeaders) expect([name, headers.get(name)]).toEqual([name, null]);
    expect(headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("content-length")).not.toBe("1");
  });

  test.each(["gzip", "deflate", "br", "zstd"] as const)(
    "is read when the provider compresses with %s",
    async (encoding) => {
      const answer = awkwardAnswer(protocol, upstreamName);
      const packed = {
        gzip: gzipSync(answer),
        deflate: deflateSync(answer),
        br: brotliCompressSync(answer),
        zstd: zstdCompressSync(answer),
      }[encoding];
      stage.upstream.on(upstreamName, (visit) => {
        const headers = { "content-type": "application/json", "content-encoding": encoding };
        visit
          .head(200, { ...headers, "content-length": String(packed.length) })
          .send(packed)
          .end();
      });
      const response = await stage.send({ protocol, body: ask(protocol, alias) });
      expect(await response.text()).toBe(answer.replace(`"model": "${upstreamName}"`, `"model": "${alias}"`));
      expect(response.headers.get("content-encoding")).toBeNull();
    },
  );

  test("does not say the target to a key that must not know it", async () => {
    stage.upstream.on(upstreamName, (visit) => visit.answer(200, wholeAnswer(protocol, upstreamName)));
    const response = await stage.send({ protocol, key: quietKey, body: ask(protocol, alias) });
    expect(response.headers.get("x-plexus-target")).toBeNull();
    expect(response.headers.get("x-plexus-attempts")).toBe("1");
    expect(await response.text()).not.toContain(upstreamName);
  });
});

const upstreamHeaders = {
  "x-custom-answer": "crosses",
  "openai-organization": "org-1",
  "x-request-id": "theirs",
  "request-id": "theirs",
  "x-ratelimit-remaining-tokens": "5",
  "anthropic-ratelimit-requests-remaining": "5",
  "ratelimit-limit": "5",
  "set-cookie": "session=theirs",
  server: "theirs/1.0",
  via: "1.1 theirs",
  "cf-ray": "123",
  "x-plexus-degraded": "forged",
  "x-api-key": "theirs",
  "proxy-authenticate": "Basic",
};
const blockedHeaders = Object.keys(upstreamHeaders).filter(
  (name) => !["x-custom-answer", "openai-organization", "x-request-id", "request-id"].includes(name),
);

describe("usage on chat streams", () => {
  const usageOn = `"stream_options":{"include_usage":true}`;
  const nulled = (text: string) => text.replaceAll('"finish_reason":', '"usage":null,"finish_reason":');
  const frames = framesOf("chat", "metered");
  const sent = `${nulled(frames.opening + frames.text("a") + frames.text("b"))}${frames.ending}`;

  test("is asked for, counted, and kept from a client that did not ask", async () => {
    stage.upstream.on("metered", (visit) => visit.events().send(sent).end());
    const body = awkward("chat/metered", `"stream":true,`);
    const response = await stage.send({ body });
    const text = await response.text();
    expect(text).not.toContain("usage");
    const [usageFrame = ""] = sent.match(/data: [^\n]*"choices":\[\][^\n]*\n\n/) ?? [];
    expect(usageFrame).not.toBe("");
    const told = sent.replace(usageFrame, "").replaceAll(',"usage":null', "").replaceAll('"metered"', '"chat/metered"');
    expect(text).toBe(told);
    const [visit] = stage.upstream.visits("metered");
    expect(visit?.body).toContain(usageOn);
    expect(visit?.body.replace(`${usageOn},`, "")).toBe(awkward("metered", `"stream":true,`));
    const row = await stage.plexus.row(response.headers.get("x-request-id"));
    expect(row).toMatchObject({ tokens: { input: 5, output: 2, estimated: false } });
  });

  test("reaches a client that asked, as it was", async () => {
    stage.upstream.on("metered", (visit) => visit.events().send(sent).end());
    const response = await stage.send({ body: awkward("chat/metered", `"stream":true, ${usageOn},`) });
    expect(await response.text()).toBe(sent.replaceAll('"metered"', '"chat/metered"'));
  });

  test("other stream options stay beside it", async () => {
    stage.upstream.on("metered", (visit) => visit.events().send(sent).end());
    const body = ask("chat", "chat/metered", { stream: true, stream_options: { include_obfuscation: false } });
    await (await stage.send({ body })).text();
    const options = { include_obfuscation: false, include_usage: true };
    expect(stage.upstream.visits("metered").at(-1)?.json).toMatchObject({ stream_options: options });
  });
});

describe("what crosses of the request's head", () => {
  const theirs = {
    "x-api-key": clientKey,
    "x-goog-api-key": "goog",
    cookie: "session=mine",
    "proxy-authorization": "Basic abc",
    te: "trailers",
    "keep-alive": "timeout=5",
    upgrade: "websocket",
    "x-forwarded-for": "203.0.113.9",
    "x-client-request-id": "mine",
    "anthropic-beta": "asked-1, shared",
    "anthropic-version": "2023-06-01",
    "openai-beta": "asked-2",
    session_id: "s-1",
    "x-anything": "else",
  };

  async function crossed(protocol: ProtocolName, model: string): Promise<Record<string, string>> {
    stage.upstream.on(model, (visit) => visit.answer(200, wholeAnswer(protocol, model)));
    const query = "?key=q1&api_key=q2&access_token=q3&token=q4&beta=true";
    const response = await stage.send({ protocol, body: ask(protocol, `beta/${model}`), headers: theirs, query });
    expect([response.status, await response.text()]).toEqual([200, expect.any(String)]);
    const visit = stage.upstream.visits(model).at(-1);
    const upstreamPath = protocol === "chat" ? "/v1/chat/completions" : "/v1/messages";
    expect(visit?.path).toBe(`${upstreamPath}?api-version=2027-01-01`);
    const row = await stage.plexus.row(response.headers.get("x-request-id"));
    expect(row.client_request_id).toBe("mine");
    expect(JSON.stringify(row)).not.toMatch(/q[1-4]\b/);
    const wire = JSON.stringify(visit?.headers);
    for (const secret of [clientKey, "goog", "session=mine", "Basic abc", "203.0.113.9", "websocket"]) {
      expect(wire).not.toContain(secret);
    }
    return visit?.headers ?? {};
  }

  test("a chat client's betas and sessions cross, merged with what is configured; credentials do not", async () => {
    const headers = await crossed("chat", "head-chat");
    expect(headers["openai-beta"]).toBe("asked-2,configured-2");
    expect(headers).toMatchObject({ authorization: `Bearer ${upstreamKey}`, session_id: "s-1", "x-extra": "always" });
    for (const name of ["te", "upgrade", "keep-alive", "x-anything", "x-client-request-id", "cookie"]) {
      expect([name, headers[name]]).toEqual([name, undefined]);
    }
  });

  test("a messages client's betas and version cross; credentials do not", async () => {
    const headers = await crossed("messages", "head-messages");
    expect(headers["anthropic-beta"]).toBe("asked-1,shared,configured-1");
    expect(headers).toMatchObject({ "x-api-key": upstreamKey, "anthropic-version": "2023-06-01", "x-extra": "always" });
    expect(headers.authorization).toBeUndefined();
  });

  test("a provider without authentication gets no credential at all, and its configured body", async () => {
    stage.upstream.on("laden-model", (visit) => visit.answer(200, wholeAnswer("chat", "laden-model")));
    const body = ask("chat", "laden/laden-model", { metadata: { b: 2 }, store: true });
    await (await stage.send({ body })).text();
    const [visit] = stage.upstream.visits("laden-model");
    expect(visit?.headers.authorization).toBeUndefined();
    expect(visit?.headers["x-api-key"]).toBeUndefined();
    expect(visit?.json).toMatchObject({ store: false, metadata: { a: 1, b: 2 } });
  });
});

describe("what cannot be carried to a provider of another protocol", () => {
  test("is told in a header and in the row, under the client's names", async () => {
    stage.upstream.on("told", (visit) => visit.answer(200, wholeAnswer("messages", "told")));
    const body = ask("chat", "messages/told", { logit_bias: { "1": 1 }, seed: 5, presence_penalty: 1 });
    const response = await stage.send({ body });
    await response.text();
    const told = response.headers.get("x-plexus-degraded")?.split(", ") ?? [];
    expect(told).toContain("dropped logit_bias");
    expect(told).toContain("dropped seed");
    expect(told).toContain("dropped presence_penalty");
    expect(stage.upstream.visits("told")[0]?.body).not.toMatch(/logit_bias|seed|penalty/);
    const { degraded } = await stage.plexus.row(response.headers.get("x-request-id"));
    const pairs = (degraded as { action: string; field: string }[]).map(({ action, field }) => `${action} ${field}`);
    expect(pairs.sort()).toEqual(told.sort());
  });

  test("takes no header beyond 2 KB", async () => {
    stage.upstream.on("told", (visit) => visit.answer(200, wholeAnswer("messages", "told")));
    const parts = Array.from({ length: 300 }, (_, at) => ({ role: "user", content: `m${at}`, name: "somebody" }));
    const response = await stage.send({ body: { model: "messages/told", messages: parts, seed: 1 } });
    await response.text();
    expect(response.status).toBe(200);
    const told = response.headers.get("x-plexus-degraded") ?? "";
    expect(told.length).toBeLessThanOrEqual(2048);
    expect(told.split(", ").every((pair) => /^(dropped|emulated|clamped|renamed|estimated) \S+$/.test(pair))).toBe(
      true,
    );
  });
});

test("query parameters that hold credentials are in no log", async () => {
  const url = `${stage.plexus.url}${paths.chat}?key=secret-q1&api_key=secret-q2&access_token=secret-q3&token=secret-q4`;
  await (await fetch(url, { method: "POST", body: "{" })).text();
  expect(stage.plexus.error()).not.toContain("secret-q");
});
