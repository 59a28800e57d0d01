import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { JsonObject } from "../../src/model/json.ts";
import { residentMb } from "../support/plexus.ts";
import { openRaw, rawRequest } from "../support/raw-client.ts";
import type { Visit } from "../support/raw-upstream.ts";
import {
  ask,
  clientKey,
  endsWell,
  frame,
  framesOf,
  openStage,
  type ProtocolName,
  paths,
  provider,
  readFrames,
  readUntil,
  type Stage,
  textOf,
  until,
} from "./stage.ts";

const protocols = ["chat", "messages"] as const;
/** Client and provider: passed through and translated, in both protocols. */
const pairs = protocols.flatMap((client) => protocols.map((upstream) => [client, upstream] as const));
const heartbeats: Record<ProtocolName, RegExp> = {
  chat: /^: [^\n]*$/,
  messages: /^event: ping\ndata: \{"type": ?"ping"\}$/,
};

let stage: Stage;
beforeAll(async () => {
  stage = await openStage(
    (url) => ({
      providers: { brief: provider("chat", { url }, { timeout_s: 0.3 }) },
      settings: { heartbeat_s: 1, timeouts: { idle_s: 4 } },
    }),
    { LOG_LEVEL: "warn" },
  );
});
afterAll(() => stage.stop());

function isTerminalError(client: ProtocolName, text: string): void {
  expect(endsWell(client, text)).toBe(false);
  const last = readFrames(text).at(-1);
  expect(last?.data?.error).toMatchObject({ type: expect.any(String), message: expect.any(String) });
  if (client === "messages") {
    expect(last?.event).toBe("error");
    expect(last?.data?.type).toBe("error");
  } else expect(last?.event).toBeUndefined();
}

describe.each(pairs)("after the commit of a stream for %s from a provider of %s", (client, upstream) => {
  const frames = framesOf(upstream, "m");
  const breaks: [string, (visit: Visit) => void | Promise<void>][] = [
    ["a cut", (visit) => visit.cut()],
    ["an end without the terminal event", (visit) => visit.end()],
    [
      "an error event",
      (visit) =>
        visit.send(frame({ type: "error", error: { type: "overloaded_error", message: "busy" } }, "error")).end(),
    ],
    ["bytes that are no events", (visit) => visit.send("data: <html>not json</html>\n\n").end()],
    ["a cut inside a chunk's length", (visit) => visit.raw("fff").cut()],
  ];

  test.concurrent.each(breaks)("%s is an error in the client's grammar, never an end", async (name, broken) => {
    const model = `dies-${client}-${upstream}-${name.replace(/\W/g, "-")}`;
    const wordsCame = Promise.withResolvers<void>();
    stage.upstream.on(model, async (visit) => {
      visit.events().send(frames.opening + frames.text("some "));
      await Bun.sleep(30);
      visit.send(frames.text("words"));
      // What is still on its way when a connection is cut may be lost.
      await wordsCame.promise;
      await broken(visit);
    });
    const body = ask(client, `${upstream}/${model}`, { stream: true });
    const response = await stage.send({ protocol: client, body });
    expect(response.status).toBe(200);
    const reader = response.body!.getReader();
    const begun = await readUntil(reader, "words");
    wordsCame.resolve();
    const text = await readUntil(reader, "\u0000", begun);
    expect(textOf(client, readFrames(text))).toBe("some words");
    isTerminalError(client, text);
    const row = await stage.plexus.row(response.headers.get("x-request-id"));
    const code = name === "an error event" ? "overloaded" : "upstream-failed";
    expect(row).toMatchObject({ status: 200, code, attempts: 1, stream: true, interrupted: false });
    expect((row.tokens as JsonObject).estimated).toBe(true);
    expect((row.tokens as JsonObject).output).toBeGreaterThan(0);
  });

  test.concurrent("a connection that stays open after the terminal event does not hold the client", async () => {
    const model = `lingers-${client}-${upstream}`;
    stage.upstream.on(model, (visit) => {
      visit.events().send(frames.opening + frames.text("all") + frames.ending);
    });
    const body = ask(client, `${upstream}/${model}`, { stream: true });
    const began = performance.now();
    const text = await (await stage.send({ protocol: client, body })).text();
    expect(endsWell(client, text)).toBe(true);
    expect(performance.now() - began).toBeLessThan(3500);
  });
});

describe.each(pairs)("a client of %s that leaves a provider of %s", (client, upstream) => {
  const frames = framesOf(upstream, "m");
  const moments: [string, (visit: Visit) => void, (response: Promise<Response>) => Promise<unknown>][] = [
    ["before the headers", () => undefined, () => Bun.sleep(0)],
    ["before the commit", (visit) => visit.events().send(frames.opening), () => Bun.sleep(20)],
    [
      "in the middle",
      (visit) => visit.events().send(frames.opening + frames.text("begun")),
      async (response) => readUntil((await response).body!.getReader(), "begun"),
    ],
  ];

  test.concurrent.each(moments)("%s ends the call at once and leaves a row", async (name, begin, wait) => {
    const model = `left-${client}-${upstream}-${name.replaceAll(" ", "-")}`;
    let seen: Visit | undefined;
    stage.upstream.on(model, (visit) => {
      seen = visit;
      begin(visit);
    });
    const gone = new AbortController();
    const id = crypto.randomUUID();
    const sending = stage.send({
      protocol: client,
      body: ask(client, `${upstream}/${model}`, { stream: true }),
      headers: { "x-client-request-id": id },
      signal: gone.signal,
    });
    sending.catch(() => undefined);
    await until(() => seen !== undefined);
    await wait(sending);
    const left = performance.now();
    gone.abort();
    await seen?.left;
    expect(performance.now() - left).toBeLessThan(1000);
    const row = await rowOfClient(id);
    expect(row).toMatchObject({ code: "cancelled", attempts: 1, model: `${upstream}/${model}`, interrupted: false });
    expect(row.status).toBe(name === "in the middle" ? 200 : null);
  });
});

async function rowOfClient(id: string): Promise<JsonObject> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const { data } = (await stage.plexus.api("/api/requests?limit=500")) as { data: JsonObject[] };
    const row = data.find((one) => one.client_request_id === id);
    if (row) return row;
    await Bun.sleep(30);
  }
  throw new Error(`no row of the client's request ${id}`);
}

test("a client that leaves while it waits for a whole answer ends the call, too", async () => {
  let seen: Visit | undefined;
  stage.upstream.on("left-whole", (visit) => {
    seen = visit.head(200, { "content-type": "application/json" }).send('{"id":');
  });
  const gone = new AbortController();
  const id = crypto.randomUUID();
  const headers = { "x-client-request-id": id };
  const sending = stage.send({ body: ask("chat", "chat/left-whole"), headers, signal: gone.signal });
  sending.catch(() => undefined);
  await until(() => seen !== undefined);
  gone.abort();
  await seen?.left;
  expect(await rowOfClient(id)).toMatchObject({ code: "cancelled", status: null });
});

describe.each(pairs)("silence on a stream for %s from a provider of %s", (client, upstream) => {
  const frames = framesOf(upstream, "m");

  test.concurrent("is filled with heartbeats, which stand between frames only", async () => {
    const model = `silent-${client}-${upstream}`;
    stage.upstream.on(model, async (visit) => {
      const [first, rest] = [frames.text("second").slice(0, 30), frames.text("second").slice(30)];
      visit.events().send(frames.opening + frames.text("first ") + first);
      await Bun.sleep(2600);
      visit.send(rest + frames.ending).end();
    });
    const body = ask(client, `${upstream}/${model}`, { stream: true });
    const text = await (await stage.send({ protocol: client, body })).text();
    const beats = readFrames(text).filter(({ raw }) => heartbeats[client].test(raw));
    expect(beats.length).toBeGreaterThanOrEqual(1);
    expect(beats.length).toBeLessThanOrEqual(3);
    const others = readFrames(text).filter(({ raw }) => !heartbeats[client].test(raw));
    expect(textOf(client, others)).toBe("first second");
    expect(endsWell(client, text)).toBe(true);
  });

  test.concurrent("of more than idle_s is the provider's failure", async () => {
    const model = `idle-${client}-${upstream}`;
    let seen: Visit | undefined;
    stage.upstream.on(model, (visit) => {
      seen = visit.events().send(frames.opening + frames.text("begun"));
    });
    const began = performance.now();
    const body = ask(client, `${upstream}/${model}`, { stream: true });
    const response = await stage.send({ protocol: client, body });
    const text = await response.text();
    expect(performance.now() - began).toBeGreaterThan(3500);
    expect(performance.now() - began).toBeLessThan(6000);
    isTerminalError(client, text);
    await seen?.left;
    expect(await stage.plexus.row(response.headers.get("x-request-id"))).toMatchObject({ code: "upstream-timeout" });
  });
});

test("a provider that does not begin within its timeout_s is 504", async () => {
  let seen: Visit | undefined;
  stage.upstream.on("never", (visit) => {
    seen = visit;
  });
  const response = await stage.send({ body: ask("chat", "brief/never") });
  expect(response.status).toBe(504);
  await seen?.left;
  expect(await stage.plexus.row(response.headers.get("x-request-id"))).toMatchObject({ code: "upstream-timeout" });
});

function streamRequest(model: string, protocol: ProtocolName): string {
  const headers = { authorization: `Bearer ${clientKey}`, "content-type": "application/json" };
  return rawRequest("POST", paths[protocol], headers, JSON.stringify(ask(protocol, model, { stream: true })));
}

describe.each(pairs)("a client of %s that does not read, before a provider of %s", (client, upstream) => {
  const frames = framesOf(upstream, "m");

  test("slows the provider; the gateway's memory stays flat", async () => {
    const model = `pours-${client}-${upstream}`;
    let written = 0;
    let seen: Visit | undefined;
    const piece = frames.text("x".repeat(60_000));
    stage.upstream.on(model, async (visit) => {
      seen = visit.events().send(frames.opening);
      while (!visit.hasLeft && written < 300_000_000) {
        await visit.sendSlowly(piece);
        written += piece.length;
      }
    });
    const before = residentMb(stage.plexus.pid) ?? 0;
    const { socket } = openRaw(stage.plexus.url, streamRequest(`${upstream}/${model}`, client));
    socket.pause();
    await until(() => written > 0);
    let last = -1;
    // It has stopped when nothing more was taken for a while.
    for (let still = 0; still < 5; last = written) {
      await Bun.sleep(100);
      still = written === last ? still + 1 : 0;
    }
    expect(written).toBeLessThan(60_000_000);
    expect((residentMb(stage.plexus.pid) ?? 0) - before).toBeLessThan(80);
    socket.destroy();
    await seen?.left;
  });
});

test("300 open streams do not wait for each other", async () => {
  const open: Visit[] = [];
  const frames = framesOf("chat", "many");
  stage.upstream.on("many", (visit) => {
    open.push(visit.events().send(frames.opening + frames.text("hello")));
  });
  // Plain sockets: the runtime of this test has the limit of 256 itself.
  const clients = Array.from({ length: 300 }, () => openRaw(stage.plexus.url, streamRequest("chat/many", "chat")));
  await Promise.all(clients.map((client) => client.wait("hello", 3500)));
  expect(open).toHaveLength(300);
  for (const visit of open) visit.send(frames.ending).end();
  await Promise.all(clients.map((client) => client.wait("[DONE]", 3500)));
  for (const { socket } of clients) socket.destroy();
}, 30_000);

describe.each(pairs)("a stream for %s that a provider of %s does not commit within 10 s", (client, upstream) => {
  const frames = framesOf(upstream, "m");

  /** Opens the stream and returns what came before the provider said anything, and a way to read on. */
  async function opened(model: string) {
    const body = ask(client, `${upstream}/${model}`, { stream: true });
    const began = performance.now();
    const response = await stage.send({ protocol: client, body });
    const waited = performance.now() - began;
    expect(waited).toBeGreaterThan(9500);
    expect(waited).toBeLessThan(12_000);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    expect(response.headers.get("x-plexus-target")).toBeNull();
    expect(response.headers.get("x-request-id")).not.toBeNull();
    const reader = response.body!.getReader();
    const first = await readUntil(reader, client === "messages" ? "ping" : ": ");
    return { response, reader, first };
  }

  function startsOnce(text: string): void {
    const all = readFrames(text);
    const isOpening = ({ data }: { data: JsonObject | undefined }) =>
      client === "messages"
        ? data?.type === "message_start"
        : ((data?.choices as JsonObject[] | undefined)?.[0]?.delta as JsonObject | undefined)?.role !== undefined;
    expect(all.filter(isOpening)).toHaveLength(1);
    expect(isOpening(all[0] ?? { data: undefined })).toBe(true);
  }

  test.concurrent("is opened, kept alive, and goes on as if nothing had been", async () => {
    const model = `late-${client}-${upstream}`;
    let seen: Visit | undefined;
    stage.upstream.on(model, (visit) => {
      seen = visit;
    });
    const { response, reader, first } = await opened(model);
    seen
      ?.events()
      .send(frames.opening + frames.text("at ") + frames.text("last") + frames.ending)
      .end();
    const text = await readUntil(reader, "\u0000", first);
    startsOnce(text);
    expect(textOf(client, readFrames(text))).toBe("at last");
    expect(endsWell(client, text)).toBe(true);
    if (client === "chat") expect(text.trimEnd().endsWith("data: [DONE]")).toBe(true);
    const row = await stage.plexus.row(response.headers.get("x-request-id"));
    expect(row).toMatchObject({ status: 200, code: null, target: `${upstream}/${model}`, finish: "stop" });
  }, 20_000);

  test.concurrent("tells a failure inside the stream", async () => {
    const model = `late-failure-${client}-${upstream}`;
    let seen: Visit | undefined;
    stage.upstream.on(model, (visit) => {
      seen = visit;
    });
    const { response, reader, first } = await opened(model);
    seen?.answer(500, { error: { message: "it broke at last", type: "server_error" } });
    const text = await readUntil(reader, "\u0000", first);
    startsOnce(text);
    isTerminalError(client, text);
    expect(text).toContain("it broke at last");
    const row = await stage.plexus.row(response.headers.get("x-request-id"));
    expect(row).toMatchObject({ status: 200, code: "upstream-failed" });
  }, 20_000);

  test.concurrent("can be left like any other", async () => {
    const model = `late-left-${client}-${upstream}`;
    let seen: Visit | undefined;
    stage.upstream.on(model, (visit) => {
      seen = visit;
    });
    const { response, reader } = await opened(model);
    await reader.cancel();
    await seen?.left;
    const row = await stage.plexus.row(response.headers.get("x-request-id"));
    expect(row).toMatchObject({ code: "cancelled", attempts: 1 });
  }, 20_000);
});
