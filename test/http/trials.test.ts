/** `POST /api/providers/test` over a real database: what is not saved is tried out, with the secrets that are. */
import { afterAll, expect, test } from "bun:test";
import { compile } from "../../src/config/compile.ts";
import { createLiveConfig } from "../../src/config/live.ts";
import type { Gateway } from "../../src/gateway/gateway.ts";
import { createTrials } from "../../src/gateway/trial/trial.ts";
import { trialRoute } from "../../src/http/trials.ts";
import { createSweep } from "../../src/kit/sweep.ts";
import { toGatewayError } from "../../src/model/error.ts";
import { embeddingWires, protocols } from "../../src/protocols/index.ts";
import { fetchTransport } from "../../src/providers/call.ts";
import { createTargetFacts } from "../../src/providers/facts.ts";
import { type Desk, names, withDesk } from "../support/config-desk.ts";

const key = "up-secret-0123456789";
const seen: string[] = [];
const upstream = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch(request) {
    seen.push(`${new URL(request.url).pathname} ${request.headers.get("authorization")}`);
    return Response.json({ data: [{ id: "m" }] });
  },
});
afterAll(() => upstream.stop(true));
const url = `http://127.0.0.1:${upstream.port}/v1`;

interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: reached into as the JSON that it is
  body: any;
}

async function post({ editor }: Desk, body: unknown): Promise<Answer> {
  const config = createLiveConfig(compile({}, names));
  const gateway = {
    ...{ protocols, embeddingWires, config, transport: () => fetchTransport, targetFacts: createTargetFacts() },
  } as unknown as Gateway;
  const runTrial = createTrials({
    gateway,
    compile: (name, value) => editor.tryOut({ part: "providers", name }, value),
  });
  const sweep = createSweep();
  try {
    const request = new Request("http://localhost/api/providers/test", { method: "POST", body: JSON.stringify(body) });
    const incoming = { request, requestId: "r", path: "", parameters: {}, address: "", peer: "" };
    const response = await trialRoute({ runTrial }, { config, sweep }).run(incoming);
    return { status: response.status, body: await response.json() };
  } catch (thrown) {
    const error = toGatewayError(thrown);
    return { status: error.status, body: { message: error.message, ...error.detail.members } };
  } finally {
    sweep.stop();
  }
}

test("a configuration that is not saved is tried out, and stays unsaved", () =>
  withDesk({}, async (desk) => {
    const { status, body } = await post(desk, { value: { protocols: { chat: url }, api_key: key } });
    expect(status).toBe(200);
    expect(body.models).toMatchObject([{ id: "m", state: "new", price: null, suggested: true, protocols: ["chat"] }]);
    expect(body.stages.map(({ name }: { name: string }) => name)).toContain("models");
    expect(await desk.editor.list("providers")).toEqual([]);
    expect(JSON.stringify(body)).not.toContain(key);
  }));

test("a kept secret is the one that is stored, and only under its name", () =>
  withDesk({}, async (desk) => {
    const author = { actor: "api", origin: "" } as const;
    const value = { protocols: { chat: url }, api_key: key };
    await desk.editor.create({ part: "providers", name: "up" }, value, author);
    seen.length = 0;
    const kept = { protocols: { chat: `${url}/moved` }, api_key: { keep: "6789" } };
    expect((await post(desk, { name: "up", value: kept })).status).toBe(200);
    expect(seen[0]).toBe(`/v1/moved/models Bearer ${key}`);
    const other = await post(desk, { name: "other", value: kept });
    expect([other.status, other.body.errors[0].path]).toEqual([422, "providers.other.api_key"]);
  }));

test("what is asked for wrongly is told", () =>
  withDesk({ file: { providers: { fixed: { protocols: { chat: url } } } } }, async (desk) => {
    expect((await post(desk, {})).body.message).toContain("name or value");
    expect((await post(desk, { name: "up", modells: [] })).body.message).toContain("modells is not known");
    expect((await post(desk, { name: "up", models: "m" })).body.message).toContain("list of the names");
    expect((await post(desk, { name: "nowhere" })).status).toBe(404);
    expect((await post(desk, { name: "fixed", value: { protocols: { chat: url } } })).status).toBe(409);
    const faulty = await post(desk, { value: { protocols: { chat: "nonsense" } } });
    expect([faulty.status, faulty.body.errors[0].path]).toEqual([422, "providers.new-provider.protocols.chat"]);
  }));
