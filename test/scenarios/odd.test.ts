import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openRaw, rawRequest } from "../support/raw-client.ts";
import type { Visit } from "../support/raw-upstream.ts";
import {
  ask,
  clientKey,
  endsWell,
  frame,
  framesOf,
  openStage,
  paths,
  provider,
  readFrames,
  type Stage,
  textOf,
  upstreamKey,
  wholeAnswer,
} from "./stage.ts";

const protocols = ["chat", "messages"] as const;
const pairs = protocols.flatMap((client) => protocols.map((upstream) => [client, upstream] as const));
const singleKey = "sk-single-0123456789abcdef";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage((url) => ({
    providers: { few: provider("chat", { url }, { max_concurrency: 4 }) },
    keys: { single: { secret: singleKey, max_concurrency: 4 } },
  }));
});
afterAll(() => stage.stop());

describe.each(pairs)("a client of %s before a provider of %s", (client, upstream) => {
  test("that asks for a whole answer gets one from a provider that streams nevertheless", async () => {
    const frames = framesOf(upstream, "m");
    const model = `streams-${client}-${upstream}`;
    stage.upstream.on(model, (visit) =>
      visit
        .events()
        .send(frames.opening + frames.text("all ") + frames.text("of it") + frames.ending)
        .end(),
    );
    const response = await stage.send({ protocol: client, body: ask(client, `${upstream}/${model}`) });
    expect(response.headers.get("content-type")).toBe("application/json");
    expect([response.status, await response.text()]).toEqual([200, expect.stringContaining("all of it")]);
    const row = await stage.plexus.row(response.headers.get("x-request-id"));
    expect(row).toMatchObject({ stream: false, finish: "stop", tokens: { input: 5, output: 2 } });
  });

  test("that asks for a stream gets one from a provider that answers whole", async () => {
    const model = `whole-${client}-${upstream}`;
    stage.upstream.on(model, (visit) => visit.answer(200, wholeAnswer(upstream, model, "all of it")));
    const response = await stage.send({
      protocol: client,
      body: ask(client, `${upstream}/${model}`, { stream: true }),
    });
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    const text = await response.text();
    expect(textOf(client, readFrames(text))).toBe("all of it");
    expect(endsWell(client, text)).toBe(true);
  });

  test("gets a stream that comes without its content type, in one byte at a time, with CRLF and comments", async () => {
    const frames = framesOf(upstream, "m");
    const model = `bytes-${client}-${upstream}`;
    const sent = `: hello\r\n\r\n${frames.opening}${frames.text("größe 😀")}${frames.ending}`.replaceAll(
      /\r?\n/g,
      "\r\n",
    );
    stage.upstream.on(model, async (visit) => {
      visit.head(200, { "content-type": "text/plain" });
      for (const [at, byte] of Buffer.from(sent).entries()) {
        visit.send(Uint8Array.of(byte));
        if (at % 16 === 0) await Bun.sleep(0);
      }
      visit.end();
    });
    const response = await stage.send({
      protocol: client,
      body: ask(client, `${upstream}/${model}`, { stream: true }),
    });
    const text = (await response.text()).replaceAll("\r\n", "\n");
    expect(textOf(client, readFrames(text))).toBe("größe 😀");
    expect(endsWell(client, text)).toBe(true);
  });

  test("gets a single frame of 5 MB", async () => {
    const frames = framesOf(upstream, "m");
    const model = `large-${client}-${upstream}`;
    const bulk = "0123456789".repeat(500_000);
    stage.upstream.on(model, async (visit) => {
      visit.events();
      await visit.sendSlowly(frames.opening + frames.text(bulk) + frames.ending);
      visit.end();
    });
    const response = await stage.send({
      protocol: client,
      body: ask(client, `${upstream}/${model}`, { stream: true }),
    });
    const text = await response.text();
    expect(textOf(client, readFrames(text)) === bulk).toBe(true);
    expect(endsWell(client, text)).toBe(true);
  });
});

test("slots come back whatever becomes of the requests that had them", async () => {
  stage.upstream.on("shaky", async (visit) => {
    const frames = framesOf("chat", "shaky");
    const chance = Math.random();
    await Bun.sleep(chance * 10);
    if (chance < 0.2) return visit.cut();
    if (chance < 0.4) return visit.answer(500, { error: { message: "no" } });
    visit.events().send(frames.opening + frames.text("a"));
    await Bun.sleep(chance * 20);
    if (chance < 0.7) visit.cut();
    else visit.send(frames.ending).end();
  });
  const attempt = async (at: number) => {
    const gone = new AbortController();
    setTimeout(() => gone.abort(), Math.random() * 40);
    const body = ask("chat", "few/shaky", { stream: at % 2 === 0 });
    const sent = stage.send({ body, key: at % 3 === 0 ? clientKey : singleKey, signal: gone.signal });
    await sent.then((response) => response.text()).catch(() => undefined);
  };
  for (let round = 0; round < 10; round++) {
    await Promise.all(Array.from({ length: 20 }, (_, at) => attempt(at)));
  }
  await Bun.sleep(200);
  stage.upstream.on("steady", async (visit) => {
    await Bun.sleep(100);
    visit.answer(200, wholeAnswer("chat", "steady"));
  });
  const together = await Promise.all(
    Array.from({ length: 4 }, () => stage.send({ body: ask("chat", "few/steady"), key: singleKey })),
  );
  expect(together.map((response) => response.status)).toEqual([200, 200, 200, 200]);
});

test("one connection carries many requests, refused ones among them", async () => {
  stage.upstream.on("kept", (visit) => visit.answer(200, wholeAnswer("chat", "kept")));
  const headers = { authorization: `Bearer ${clientKey}` };
  const client = openRaw(stage.plexus.url);
  const answers = () => client.text().split("HTTP/1.1 ").length - 1;
  const bodies = [
    "{",
    JSON.stringify(ask("chat", "chat/kept")),
    JSON.stringify(ask("chat", "nobody")),
    JSON.stringify(ask("chat", "chat/kept")),
  ];
  for (const [at, body] of bodies.entries()) {
    client.socket.write(rawRequest("POST", paths.chat, headers, body));
    for (let wait = 0; wait < 400 && answers() <= at; wait++) await Bun.sleep(5);
  }
  const statuses = [...client.text().matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1]);
  expect(statuses).toEqual(["400", "200", "404", "200"]);
  client.socket.destroy();
});

test("a client that waits for 100 Continue is answered", async () => {
  stage.upstream.on("expected", (visit) => visit.answer(200, wholeAnswer("chat", "expected")));
  const body = JSON.stringify(ask("chat", "chat/expected"));
  const request = rawRequest(
    "POST",
    paths.chat,
    { authorization: `Bearer ${clientKey}`, expect: "100-continue" },
    body,
  );
  const client = openRaw(stage.plexus.url, request.slice(0, -body.length));
  await Promise.race([client.wait("100 Continue", 1000).catch(() => undefined), Bun.sleep(1000)]);
  client.socket.write(body);
  expect(await client.wait("Hi there")).toContain("HTTP/1.1 200");
  client.socket.destroy();
});

test.each(pairs)(
  "a credential that a provider repeats in an error reaches nobody (%s from %s)",
  async (client, upstream) => {
    const credential = (visit: Visit) => visit.headers.authorization ?? visit.headers["x-api-key"] ?? "";
    const error = (visit: Visit) => ({
      type: "error",
      error: { message: `no to ${credential(visit)}`, type: "server_error" },
    });
    const frames = framesOf(upstream, "m");
    const ways: [string, (visit: Visit) => void][] = [
      ["refused", (visit) => visit.answer(400, error(visit))],
      ["failed", (visit) => visit.answer(500, error(visit))],
      ["hidden", (visit) => visit.answer(200, error(visit))],
      [
        "late",
        (visit) =>
          visit
            .events()
            .send(frames.opening + frames.text("a") + frame(error(visit), "error"))
            .end(),
      ],
    ];
    for (const [name, script] of ways) {
      const model = `echoes-${name}-${client}-${upstream}`;
      stage.upstream.on(model, script);
      const response = await stage.send({
        protocol: client,
        body: ask(client, `${upstream}/${model}`, { stream: name === "late" }),
      });
      const text = await response.text();
      expect(text).toContain("no to");
      const row = await stage.plexus.row(response.headers.get("x-request-id"));
      for (const said of [text, JSON.stringify(row), stage.plexus.error()]) expect(said).not.toContain(upstreamKey);
    }
  },
);
