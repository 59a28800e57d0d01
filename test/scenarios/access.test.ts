import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Visit } from "../support/raw-upstream.ts";
import { ask, clientKey, openStage, paths, provider, type Stage, until, wholeAnswer } from "./stage.ts";

const secrets = {
  test: clientKey,
  listed: "sk-listed-0123456789abc",
  provided: "sk-provided-0123456789a",
  disabled: "sk-disabled-0123456789a",
  expired: "sk-expired-0123456789ab",
  near: "sk-near-0123456789abcde",
  single: "sk-single-0123456789abc",
  rotated: "sk-rotated-0123456789ab",
};
const previous = "sk-previous-0123456789a";
const outdated = "sk-outdated-0123456789a";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage((url) => ({
    providers: {
      a: provider("chat", { url }),
      b: provider("chat", { url }),
      narrow: provider("chat", { url }, { max_concurrency: 1 }),
    },
    aliases: {
      open: { targets: ["a/open-model"], also: ["open-too"] },
      other: { targets: ["a/open-model"] },
      "only-b": { targets: ["b/open-model"] },
      both: { targets: [{ provider: "b", model: "both-model", weight: 1000 }, "a/open-model"] },
      narrow: { targets: ["narrow/narrow-model"] },
      "narrow-or-a": { selector: "in_order", targets: ["narrow/narrow-model", "a/open-model"] },
      waiting: { targets: ["a/waiting-model"] },
    },
    settings: { trusted_proxies: ["127.0.0.0/8"] },
    keys: {
      listed: { secret: secrets.listed, aliases: ["open", "a/direct-model"] },
      provided: { secret: secrets.provided, providers: ["a"] },
      disabled: { secret: secrets.disabled, enabled: false },
      expired: { secret: secrets.expired, expires_at: "2020-01-01T00:00:00Z" },
      near: { secret: secrets.near, ips: ["192.0.2.0/24", "2001:db8::/32"] },
      single: { secret: secrets.single, max_concurrency: 1 },
      rotated: { secret: secrets.rotated, previous: { secret: previous, until: "2999-01-01T00:00:00Z" } },
      stale: { secret: "sk-stale-0123456789abcd", previous: { secret: outdated, until: "2020-01-01T00:00:00Z" } },
    },
  }));
  for (const model of ["open-model", "direct-model", "both-model"]) {
    stage.upstream.on(model, (visit) => visit.answer(200, wholeAnswer("chat", model)));
  }
});
afterAll(() => stage.stop());

async function statusOf(key: string | null, model = "open", headers: Record<string, string> = {}): Promise<number> {
  const response = await stage.send({ key, body: ask("chat", model), headers });
  await response.text();
  return response.status;
}

describe("the lists of a key", () => {
  test("of names: what is listed goes under each of its names, what exists beside it is 403, the rest 404", async () => {
    const names = ["open", "open-too", "a/direct-model", "other", "a/open-model", "b/direct-model", "nothing"];
    const statuses = await Promise.all(names.map((name) => statusOf(secrets.listed, name)));
    expect(Object.fromEntries(names.map((name, at) => [name, statuses[at] ?? 0]))).toEqual({
      ...{ open: 200, "open-too": 200, "a/direct-model": 200 },
      ...{ other: 403, "a/open-model": 403, "b/direct-model": 403, nothing: 404 },
    });
  });

  test("of providers: others are never used, and a name that only they have is 403", async () => {
    expect(await statusOf(secrets.provided, "only-b")).toBe(403);
    expect(await statusOf(secrets.provided, "b/open-model")).toBe(403);
    for (let at = 0; at < 10; at++) expect(await statusOf(secrets.provided, "both")).toBe(200);
    expect(stage.upstream.visits("both-model")).toHaveLength(0);
  });

  test("rule the lists of models, in every shape", async () => {
    const list = async (headers: Record<string, string>) =>
      (await (await fetch(`${stage.plexus.url}/v1/models`, { headers })).json()) as { data: { id: string }[] };
    const names = ({ data }: { data: { id: string }[] }) => data.map(({ id }) => id).sort();
    expect(names(await list({ authorization: `Bearer ${secrets.listed}` }))).toEqual(["open", "open-too"]);
    const messages = { "x-api-key": secrets.listed, "anthropic-version": "2023-06-01" };
    expect(names(await list(messages))).toEqual(["open", "open-too"]);
    expect(names(await list({ "x-api-key": secrets.provided }))).not.toContain("only-b");
    const one = await fetch(`${stage.plexus.url}/v1/models/other`, { headers: { "x-api-key": secrets.listed } });
    expect(one.status).toBe(404);
  });

  test("a refusal says so in the client's shape and leaves a row", async () => {
    const response = await stage.send({ key: secrets.listed, protocol: "messages", body: ask("messages", "other") });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ type: "error", error: { type: "permission_error" } });
    const row = await stage.plexus.row(response.headers.get("x-request-id"));
    expect(row).toMatchObject({ key: "listed", status: 403, code: "forbidden", attempts: 0, model: "other" });
  });
});

describe("a key", () => {
  test("that is disabled, expired, unknown or rotated out is 401", async () => {
    for (const key of [secrets.disabled, secrets.expired, outdated, "sk-nobody-0123456789abc", "", ":", ":label"]) {
      expect([key, await statusOf(key)]).toEqual([key, 401]);
    }
    expect(await statusOf(null)).toBe(401);
  });

  test("and its predecessor are both taken while it is rotated", async () => {
    expect(await statusOf(secrets.rotated)).toBe(200);
    expect(await statusOf(previous)).toBe(200);
  });

  test("is not the admin key, nor the other way round", async () => {
    expect(await statusOf(stage.plexus.adminKey)).toBe(401);
    const headers = { authorization: `Bearer ${clientKey}` };
    expect((await fetch(`${stage.plexus.url}/api/requests`, { headers })).status).toBe(401);
  });

  test("with addresses is held to them, as a trusted proxy tells them", async () => {
    const from = (address: string) => statusOf(secrets.near, "open", { "x-forwarded-for": address });
    expect(await statusOf(secrets.near)).toBe(403);
    expect(await from("192.0.2.7")).toBe(200);
    expect(await from("2001:db8::5")).toBe(200);
    expect(await from("198.51.100.1")).toBe(403);
    // What a client writes before its proxy does is not believed.
    expect(await from("192.0.2.7, 198.51.100.1")).toBe(403);
    expect(await from("198.51.100.1, 192.0.2.7")).toBe(200);
    expect(await from("nonsense")).toBe(403);
  });
});

describe("credentials", () => {
  const wrong = "sk-wrong-0123456789abcd";
  const sending = async (headers: Record<string, string>, path = paths.chat, query = "") => {
    const response = await fetch(`${stage.plexus.url}${path}${query}`, {
      method: "POST",
      headers,
      body: JSON.stringify(ask("chat", "open")),
    });
    await response.text();
    return response;
  };

  test("may stand in three headers; the first that is a known key wins", async () => {
    const forms: [Record<string, string>, string][] = [
      [{ "x-api-key": secrets.rotated }, "rotated"],
      [{ "x-goog-api-key": secrets.rotated }, "rotated"],
      [{ authorization: `Bearer ${secrets.rotated}` }, "rotated"],
      [{ authorization: `bearer   ${secrets.rotated}` }, "rotated"],
      [{ authorization: secrets.rotated }, "rotated"],
      [{ "x-api-key": wrong, authorization: `Bearer ${secrets.rotated}` }, "rotated"],
      [{ "x-api-key": "", authorization: `Bearer ${secrets.rotated}` }, "rotated"],
      [{ "x-api-key": secrets.provided, authorization: `Bearer ${secrets.rotated}` }, "provided"],
      [{ "x-api-key": wrong, "x-goog-api-key": clientKey, authorization: `Bearer ${secrets.rotated}` }, "test"],
    ];
    for (const [headers, key] of forms) {
      const response = await sending(headers);
      expect([headers, response.status]).toEqual([headers, 200]);
      const row = await stage.plexus.row(response.headers.get("x-request-id"));
      expect(row.key).toBe(key);
    }
  });

  test("in the query count on the paths of models only", async () => {
    expect((await sending({}, paths.chat, `?key=${clientKey}`)).status).toBe(401);
    const list = await fetch(`${stage.plexus.url}/v1/models?key=${clientKey}`);
    expect(list.status).toBe(200);
    expect((await fetch(`${stage.plexus.url}/v1/models?key=${wrong}`)).status).toBe(401);
  });

  test("may end in a label, which is stored; one of another form is dropped", async () => {
    const labels: [string, string | null][] = [
      ["agent-7", "agent-7"],
      ["a:b.c_d", "a:b.c_d"],
      ["x".repeat(64), "x".repeat(64)],
      ["x".repeat(65), null],
      ["no blanks", null],
      ["<script>", null],
      ["", null],
    ];
    const rows = await Promise.all(
      labels.map(async ([label]) => {
        const response = await sending({ "x-api-key": `${clientKey}:${label}` });
        expect([label, response.status]).toEqual([label, 200]);
        return stage.plexus.row(response.headers.get("x-request-id"));
      }),
    );
    expect(rows.map((row) => row.label)).toEqual(labels.map(([, stored]) => stored));
    expect(rows.every((row) => row.key === "test")).toBe(true);
  });
});

describe("limits of concurrency", () => {
  /** Holds requests for a model until they are let go. */
  function holding(model: string): Visit[] {
    const held: Visit[] = [];
    stage.upstream.on(model, (visit) => void held.push(visit));
    return held;
  }

  test("of a key: the request too many is told to come back in a second, and the next one may", async () => {
    const held = holding("waiting-model");
    const first = stage.send({ key: secrets.single, body: ask("chat", "waiting") });
    await until(() => held.length === 1);
    const second = await stage.send({ key: secrets.single, body: ask("chat", "open") });
    expect(second.status).toBe(429);
    expect(second.headers.get("retry-after")).toBe("1");
    expect(await second.json()).toMatchObject({ error: { type: expect.any(String), message: expect.any(String) } });
    const row = await stage.plexus.row(second.headers.get("x-request-id"));
    expect(row).toMatchObject({ code: "quota-exceeded", attempts: 0 });
    held[0]?.answer(200, wholeAnswer("chat", "waiting-model"));
    expect((await first).status).toBe(200);
    expect(await statusOf(secrets.single)).toBe(200);
  });

  test("of a key: a client that leaves gives its slot back", async () => {
    const held = holding("waiting-model");
    const gone = new AbortController();
    const first = stage.send({ key: secrets.single, body: ask("chat", "waiting"), signal: gone.signal });
    await until(() => held.length === 1);
    gone.abort();
    await first.catch(() => undefined);
    await held[0]?.left;
    const left = performance.now();
    while ((await statusOf(secrets.single)) !== 200) expect(performance.now() - left).toBeLessThan(1000);
  });

  test("of a provider: a full one is passed over, and with no other the answer is 503 for a second", async () => {
    const held = holding("narrow-model");
    const first = stage.send({ body: ask("chat", "narrow") });
    await until(() => held.length === 1);
    const refused = await stage.send({ body: ask("chat", "narrow") });
    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).toBe("1");
    const row = await stage.plexus.row(refused.headers.get("x-request-id"));
    expect(row).toMatchObject({ code: "no-target", attempts: 0 });
    const other = await stage.send({ body: ask("chat", "narrow-or-a") });
    expect(other.headers.get("x-plexus-target")).toBe("a/open-model");
    held[0]?.answer(200, wholeAnswer("chat", "narrow-model"));
    expect((await first).status).toBe(200);
    const again = stage.send({ body: ask("chat", "narrow") });
    await until(() => held.length === 2);
    held[1]?.answer(200, wholeAnswer("chat", "narrow-model"));
    expect((await again).status).toBe(200);
  });
});
