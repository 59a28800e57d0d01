import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { JsonObject } from "../../src/model/json.ts";
import { residentMb } from "../support/plexus.ts";
import { openRaw, rawRequest } from "../support/raw-client.ts";
import { ask, clientKey, openStage, type ProtocolName, paths, type Stage } from "./stage.ts";
import { wrongTypes } from "./wrong-types.ts";

const protocols = ["chat", "messages"] as const;
const bodyMb = 2;
const headerKb = 16;

let stage: Stage;
beforeAll(async () => {
  stage = await openStage(() => ({ settings: { limits: { body_mb: bodyMb, header_kb: headerKb } } }));
});
afterAll(async () => {
  const health = await fetch(`${stage.plexus.url}/healthz`).then((response) => response.status);
  const log = stage.plexus.error();
  await stage.stop();
  expect(health).toBe(200);
  expect(log).not.toMatch(/"level":"error"/);
});

/** Whole answers of raw sockets. */
interface RawAnswer {
  status: number;
  headers: Headers;
  body: string;
}

function parseRaw(text: string): RawAnswer {
  const [head = "", ...rest] = text.split("\r\n\r\n");
  const [first = "", ...lines] = head.split("\r\n");
  const headers = new Headers();
  for (const line of lines) headers.append(line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim());
  return { status: Number(first.split(" ")[1]), headers, body: rest.join("\r\n\r\n") };
}

async function raw(bytes: string | Uint8Array): Promise<RawAnswer> {
  const client = openRaw(stage.plexus.url, bytes);
  const text = await client.wait("\r\n\r\n");
  const { headers } = parseRaw(text);
  const length = Number(headers.get("content-length") ?? 0);
  const until = performance.now() + 5000;
  while (parseRaw(client.text()).body.length < length && performance.now() < until) await Bun.sleep(2);
  client.socket.destroy();
  return parseRaw(client.text());
}

const credential = { authorization: `Bearer ${clientKey}` };

/** An error in the shape of the protocol, with an id. Returns its words. */
function expectError(protocol: ProtocolName, answer: RawAnswer, status: number): string {
  expect([answer.status, answer.body]).toEqual([status, expect.any(String)]);
  const id = answer.headers.get("x-request-id") ?? "";
  expect(id).toMatch(/^[0-9a-f-]{36}$/);
  expect(answer.headers.get("content-type")).toBe("application/json");
  const body = JSON.parse(answer.body) as JsonObject;
  const words = { message: expect.any(String), type: expect.any(String) };
  if (protocol === "chat") {
    const { param, code, ...rest } = body.error as JsonObject;
    expect(body).toEqual({ error: { ...rest, param: param ?? null, code: code ?? null } });
    expect(rest).toEqual(words);
  } else {
    expect(body).toEqual({ type: "error", error: words, request_id: id });
    expect(answer.headers.get("request-id")).toBe(id);
  }
  return String((body.error as JsonObject).message);
}

async function answerOf(response: Response): Promise<RawAnswer> {
  return { status: response.status, headers: response.headers, body: await response.text() };
}

describe.each(protocols)("a body that is no %s request", (protocol) => {
  const bodies: [string, string][] = [
    ["is empty", ""],
    ["is blank", " \r\n "],
    ["begins", "{"],
    ["is cut", '{"model":"a","messages":['],
    ["has a comma too many", '{"model":"a",}'],
    ["has single quotes", "{'model':'a'}"],
    ["goes on behind its end", '{"model":"a"} and more'],
    ["is a list", '[{"model":"a"}]'],
    ["is a text", '"model"'],
    ["is a number", "1"],
    ["is null", "null"],
    ["holds NaN", '{"model":"a","temperature":NaN}'],
    ["holds a bare line break", '{"model":"a\nb"}'],
    ["is a form", "model=a&messages=b"],
    ["has a byte order mark only", "\ufeff"],
  ];

  test.each(bodies)("and %s is 400 in the client's shape", async (_name, body) => {
    const response = await stage.send({ protocol, body });
    const words = expectError(protocol, await answerOf(response), 400);
    expect(words).not.toContain("Plexus failed");
    const row = await stage.plexus.row(response.headers.get("x-request-id"));
    expect(row).toMatchObject({ status: 400, code: "invalid-request", attempts: 0, key: "test", protocol });
  });

  test("in a large form is found out, too", async () => {
    const bulk = `"bulk":[${"1,".repeat(60_000)}1]`;
    for (const body of [
      `{"model":"a",${bulk}`,
      `{"model":"a",${bulk},}`,
      `{${bulk},"model":"a" "b":1}`,
      `[${bulk.slice(7)}]`,
    ]) {
      expectError(protocol, await answerOf(await stage.send({ protocol, body })), 400);
    }
  });

  test.each([10_000, 60_000])("but nested %p deep is never our failure", async (depth) => {
    const nested = `${"[".repeat(depth)}${"]".repeat(depth)}`;
    const objects = `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
    for (const deep of [nested, objects]) {
      for (const provider of [...protocols, "demo"]) {
        const parts = [
          `{"model":"${provider}/deep","max_tokens":5,"messages":${deep}}`,
          `{"model":"${provider}/deep","max_tokens":5,"messages":[{"role":"user","content":"a"}],"tools":[{"name":"a","input_schema":${deep},"type":"function","function":{"name":"a","parameters":${deep}}}]}`,
        ];
        for (const body of parts) {
          const response = await stage.send({ protocol, body });
          const answer = await answerOf(response);
          // What can be walked may get as far as the provider, which says 404 here, or answers when it is the demo model.
          expect(provider === "demo" ? [200, 400] : [400, 404]).toContain(answer.status);
          if (answer.status !== 200) expectError(protocol, answer, answer.status);
        }
      }
    }
  });

  test("is told from one that is no UTF-8", async () => {
    const text = JSON.stringify(ask(protocol, "chat/any"));
    for (const bad of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xf8, 0x88, 0x80, 0x80, 0x80]]) {
      const bytes = Buffer.concat([
        Buffer.from(text.slice(0, -2)),
        Buffer.from(',"x":"'),
        Buffer.from(bad),
        Buffer.from('"}'),
      ]);
      const head = rawRequest("POST", paths[protocol], credential);
      const request = Buffer.concat([Buffer.from(head.replace("length: 0", `length: ${bytes.length}`)), bytes]);
      expect(expectError(protocol, await raw(request), 400)).toContain("UTF-8");
      const chunks = `${head.replace("content-length: 0", "transfer-encoding: chunked")}${bytes.length.toString(16)}\r\n`;
      const chunked = Buffer.concat([Buffer.from(chunks), bytes, Buffer.from("\r\n0\r\n\r\n")]);
      expect(expectError(protocol, await raw(chunked), 400)).toContain("UTF-8");
    }
  });
});

describe.each(protocols)("a %s request with a field of a wrong type", (protocol) => {
  const other = protocol === "chat" ? "messages" : "chat";

  test("is 400 and names the field; no provider is called", async () => {
    for (const { field, value, at } of wrongTypes[protocol]) {
      const body: JsonObject = {
        ...ask(protocol, `${other}/wrong`),
        ...(value === undefined ? {} : { [field]: value }),
      };
      if (value === undefined) delete body[field];
      const answer = await answerOf(await stage.send({ protocol, body }));
      const words = expectError(protocol, answer, 400);
      expect([field, value, words]).toEqual([field, value, expect.stringContaining(at)]);
      if (protocol === "chat") expect(JSON.parse(answer.body)).toMatchObject({ error: { param: at } });
    }
    expect(stage.upstream.visits("wrong")).toHaveLength(0);
  });

  test("is refused by the demo model in the same way", async () => {
    for (const { field, value } of wrongTypes[protocol].slice(0, 25)) {
      const body: JsonObject = { ...ask(protocol, "demo/demo"), ...(value === undefined ? {} : { [field]: value }) };
      if (value === undefined) delete body[field];
      expectError(protocol, await answerOf(await stage.send({ protocol, body })), 400);
    }
  });
});

describe.each(protocols)("a %s body beyond settings.limits.body_mb", (protocol) => {
  const large = JSON.stringify(ask(protocol, "chat/any", { pad: "x".repeat(bodyMb * 1_048_576) }));

  test("with its length is 413 without being read", async () => {
    const head = rawRequest("POST", paths[protocol], { ...credential }).replace(
      "content-length: 0",
      "content-length: 3000000000",
    );
    expect(expectError(protocol, await raw(head), 413)).toContain(`${bodyMb} MB`);
    expectError(protocol, await answerOf(await stage.send({ protocol, body: large })), 413);
  });

  test("in chunks is 413 as soon as it is too much", async () => {
    const client = openRaw(stage.plexus.url);
    const head = { host: "x", ...credential, "transfer-encoding": "chunked" };
    const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`);
    client.socket.write(`POST ${paths[protocol]} HTTP/1.1\r\n${lines.join("")}\r\n`);
    const piece = `10000\r\n${"x".repeat(65_536)}\r\n`;
    for (let at = 0; at < 40 && client.text() === ""; at++) {
      client.socket.write(piece);
      await Bun.sleep(2);
    }
    const answer = parseRaw(await client.wait("}\n".slice(0, 1)));
    client.socket.destroy();
    expectError(protocol, answer, 413);
  });

  test("of just the limit is read", async () => {
    const pad = bodyMb * 1_048_576 - JSON.stringify(ask(protocol, "nobody", { pad: "" })).length;
    const response = await stage.send({ protocol, body: ask(protocol, "nobody", { pad: "x".repeat(pad) }) });
    expectError(protocol, await answerOf(response), 404);
  });
});

describe("headers", () => {
  test.each(protocols)("over header_kb are 431 in the shape of %s", async (protocol) => {
    const request = rawRequest("POST", paths[protocol], { ...credential, "x-pad": "x".repeat(headerKb * 1024) }, "{}");
    expect(expectError(protocol, await raw(request), 431)).toContain("headers");
  });

  test("up to it are taken", async () => {
    const request = rawRequest("POST", paths.chat, { ...credential, "x-pad": "x".repeat(headerKb * 1024 - 400) }, "{}");
    expectError("chat", await raw(request), 400);
  });

  test("of the default limit and twice as much reach the gateway", async () => {
    const plain = await openStage();
    try {
      for (const size of [70_000, 127_000]) {
        const client = openRaw(
          plain.plexus.url,
          rawRequest("GET", "/v1/models", { ...credential, "x-pad": "x".repeat(size) }),
        );
        const answer = parseRaw(await client.wait('"error"'));
        client.socket.destroy();
        expectError("chat", answer, 431);
      }
    } finally {
      await plain.stop();
    }
  });

  test("that are no HTTP end the connection only", async () => {
    for (const bytes of [
      "hello\r\n\r\n",
      "\u0000\u0001\u0002",
      "POST / HTTP/9.9\r\n\r\n",
      "GET /v1/models HTTP/1.1\r\nbad header\r\n\r\n",
    ]) {
      const client = openRaw(stage.plexus.url, bytes);
      client.socket.end();
      await Promise.race([client.closed, Bun.sleep(300)]);
      client.socket.destroy();
    }
    expect((await fetch(`${stage.plexus.url}/healthz`)).status).toBe(200);
  });
});

describe("a path that is not served", () => {
  const cases: [string, Record<string, string>, "chat" | "messages" | "problem"][] = [
    ["/", {}, "chat"],
    ["/v1", {}, "chat"],
    ["/v1/nothing", {}, "chat"],
    ["/v1/nothing", { "anthropic-version": "2023-06-01" }, "messages"],
    ["/v1/messages/nothing", {}, "messages"],
    ["/v1/chat/completions/nothing", { "anthropic-version": "2023-06-01" }, "chat"],
    ["/api", {}, "problem"],
    ["/api/nothing", { "anthropic-version": "2023-06-01" }, "problem"],
    ["//", {}, "chat"],
    ["/%00%ff/..%2f..", {}, "chat"],
    ["/v1/chat/completions/", {}, "chat"],
    ["/V1/CHAT/COMPLETIONS", {}, "chat"],
  ];

  test.each(cases)("%s with %p is 404 in the right shape", async (path, headers, shape) => {
    const answer = await raw(rawRequest("GET", path, headers));
    if (shape === "problem") {
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
      expect(JSON.parse(answer.body)).toMatchObject({ status: 404, title: "not-found", detail: expect.any(String) });
      expect(answer.headers.get("x-request-id")).not.toBeNull();
    } else expectError(shape, answer, 404);
  });
});

describe("a method that a path does not take", () => {
  const cases: [string, string, string, "chat" | "messages" | "problem"][] = [
    ["GET", paths.chat, "POST", "chat"],
    ["PUT", paths.chat, "POST", "chat"],
    ["DELETE", paths.messages, "POST", "messages"],
    ["PATCH", paths.messages, "POST", "messages"],
    ["OPTIONS", paths.chat, "POST", "chat"],
    ["POST", "/v1/models", "GET, HEAD", "chat"],
    ["PUT", "/v1/models/some/model", "POST, GET, HEAD", "chat"],
    ["POST", "/healthz", "GET, HEAD", "chat"],
    ["DELETE", "/api/requests", "GET, HEAD", "problem"],
  ];

  test.each(cases)("%s %s is 405 and says that it takes %s", async (method, path, allow, shape) => {
    const answer = await raw(rawRequest(method, path, credential));
    expect(answer.headers.get("allow")).toBe(allow);
    if (shape === "problem") expect(JSON.parse(answer.body)).toMatchObject({ status: 405, title: "not-found" });
    else expectError(shape, answer, 405);
  });

  test("HEAD answers without a body where GET does", async () => {
    const head = async (path: string) => {
      const response = await fetch(stage.plexus.url + path, { method: "HEAD", headers: credential });
      return [response.status, await response.text(), response.headers.has("x-request-id")];
    };
    expect(await head("/healthz")).toEqual([200, "", true]);
    expect(await head("/readyz")).toEqual([200, "", true]);
    expect(await head("/")).toEqual([404, "", true]);
    expect(await head(paths.chat)).toEqual([405, "", true]);
    expect(await head("/nothing")).toEqual([404, "", true]);
  });

  test("HEAD is no way around the credential", async () => {
    for (const path of ["/v1/models", "/api/requests", "/v1/models/demo"]) {
      const response = await fetch(stage.plexus.url + path, { method: "HEAD" });
      expect([path, response.status]).toEqual([path, 401]);
    }
  });
});

test.each(["?", "?&&&=", "?%", "?%zz=%zz", "?key=%ff%fe", "?many", "?limit[]=1", "?a=\u00e9"])(
  "the query %p does no harm",
  async (name) => {
    const query = name === "?many" ? `?${"a=b&".repeat(2000)}` : encodeURI(name);
    const models = await raw(rawRequest("GET", `/v1/models${query}`, credential));
    expect(models.status).toBe(200);
    const chat = await raw(rawRequest("POST", `${paths.chat}${query}`, credential, "{"));
    expectError("chat", chat, 400);
  },
);

test.each(["limit=0", "limit=501", "limit=x", "limit=1.5", "limit=-1", "limit=", "after=nonsense", "after=%00"])(
  "GET /api/requests?%s is answered in words",
  async (query) => {
    const headers = { authorization: `Bearer ${stage.plexus.adminKey}` };
    const response = await fetch(`${stage.plexus.url}/api/requests?${query}`, { headers });
    expect([query, response.status]).toEqual([query, query.startsWith("limit") ? 400 : response.status]);
    expect([200, 400]).toContain(response.status);
    expect(await response.json()).toBeObject();
  },
);

test("a client that breaks off its body is a cancelled request", async () => {
  const client = openRaw(
    stage.plexus.url,
    rawRequest("POST", paths.chat, { ...credential, "x-client-request-id": "broken-off" }).replace(
      "content-length: 0",
      "content-length: 500",
    ),
  );
  client.socket.write('{"model":');
  await Bun.sleep(50);
  client.socket.destroy();
  for (let attempt = 0; attempt < 60; attempt++) {
    const { data } = (await stage.plexus.api("/api/requests?limit=500")) as { data: JsonObject[] };
    const row = data.find((one) => one.client_request_id === "broken-off");
    if (row) return expect(row).toMatchObject({ code: "cancelled", attempts: 0, model: null });
    await Bun.sleep(50);
  }
  throw new Error("there is no row of the request that was broken off");
});

test("memory stays flat over 2,000 bad requests", async () => {
  const pad = "x".repeat(20_000);
  const round = async (count: number) => {
    for (let at = 0; at < count; at += 20) {
      const many = Array.from({ length: 20 }, (_, index) => {
        const protocol = index % 2 === 0 ? "chat" : "messages";
        const bodies = [
          `{"model":"a","pad":"${pad}"`,
          ask(protocol, "nobody", { pad }),
          ask(protocol, `${protocol}/none`, { messages: pad }),
        ];
        return stage.send({ protocol, body: bodies[index % 3] ?? "", key: index % 7 === 0 ? "sk-wrong" : clientKey });
      });
      for (const response of await Promise.all(many)) {
        await response.text();
        expect([400, 401, 404]).toContain(response.status);
      }
    }
  };
  // Garbage gathers for a while before it is collected: what counts is that it then stays.
  await round(4000);
  const before = residentMb(stage.plexus.pid) ?? 0;
  await round(2000);
  expect((residentMb(stage.plexus.pid) ?? 0) - before).toBeLessThan(60);
});
