/** `GET /api/events` of the running binary. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { ask, clientKey, openStage, type Stage, wholeAnswer } from "../scenarios/stage.ts";

const otherKey = "sk-another-of-the-scenarios-0123456789";
let stage: Stage;
beforeAll(async () => {
  stage = await openStage(() => ({ keys: { other: { secret: otherKey } } }));
  stage.upstream.on("model", (visit) => visit.answer(200, wholeAnswer("chat", "model")));
});
afterAll(() => stage.stop());

interface Heard {
  /** All that came so far. */
  text(): string;
  /** Waits until it holds the words. */
  until(words: string): Promise<string>;
  end(): void;
}

async function hear(query = "", headers: Record<string, string> = {}): Promise<Heard> {
  const abort = new AbortController();
  const response = await fetch(`${stage.plexus.url}/api/events${query}`, {
    headers: { authorization: `Bearer ${stage.plexus.adminKey}`, ...headers },
    signal: abort.signal,
  });
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
  let text = "";
  const read = async () => {
    for await (const bytes of response.body ?? []) text += new TextDecoder().decode(bytes);
  };
  read().catch(() => undefined);
  const until = async (words: string) => {
    const late = Date.now() + 3000;
    while (!text.includes(words)) {
      if (Date.now() > late) throw new Error(`never heard ${words}: ${text}`);
      await Bun.sleep(5);
    }
    return text;
  };
  await until(": listening");
  return { text: () => text, until, end: () => abort.abort() };
}

async function request(key = clientKey): Promise<string> {
  const response = await stage.send({ body: ask("chat", "chat/model"), key });
  await response.text();
  return response.headers.get("x-request-id") ?? "";
}

test("requests are told as they open and close", async () => {
  const heard = await hear();
  const id = await request();
  const text = await heard.until("event: closed");
  const data = [...text.matchAll(/^event: (\w+)\ndata: (.*)$/gm)].map(([, type, json = ""]) => [
    type,
    JSON.parse(json),
  ]);
  expect(data.map(([type, { id: of }]) => [type, of])).toEqual([
    ["opened", id],
    ["closed", id],
  ]);
  expect(data[1]?.[1]).toMatchObject({
    key: "test",
    target: "chat/model",
    status: 200,
    tokens: { input: 5, output: 2 },
  });
  heard.end();
});

test("of one key only, and going on after the last event that was seen", async () => {
  const heard = await hear("?key=other");
  await request();
  const id = await request(otherKey);
  const text = await heard.until("event: closed");
  expect([text.match(/^event: /gm)?.length, text.includes(id)]).toEqual([1, true]);
  heard.end();
  const last = /^id: (.*)$/m.exec(text)?.[1] ?? "";
  const [boot, number] = last.split(".");
  const missed = await request();
  const again = await hear("", { "last-event-id": last });
  const replayed = await again.until(missed);
  expect([replayed.includes(id), replayed.includes("resync")]).toEqual([false, false]);
  again.end();
  for (const strange of ["other.1", `${boot}.${Number(number) + 1000}`, "nonsense"]) {
    const behind = await hear("", { "last-event-id": strange });
    await behind.until("event: resync");
    behind.end();
  }
});

test("listeners are bounded, and places become free", async () => {
  const all = await Promise.all(Array.from({ length: 64 }, () => hear()));
  const headers = { authorization: `Bearer ${stage.plexus.adminKey}` };
  const refused = await fetch(`${stage.plexus.url}/api/events`, { headers });
  expect([refused.status, ((await refused.json()) as { title: string }).title]).toEqual([503, "overloaded"]);
  for (const one of all) one.end();
  const late = Date.now() + 5000;
  for (;;) {
    const abort = new AbortController();
    const { status } = await fetch(`${stage.plexus.url}/api/events`, { headers, signal: abort.signal });
    abort.abort();
    if (status === 200) break;
    if (Date.now() > late) throw new Error("no place became free");
    await Bun.sleep(20);
  }
  const odd = await fetch(`${stage.plexus.url}/api/events?colour=1`, { headers });
  expect(odd.status).toBe(400);
});
