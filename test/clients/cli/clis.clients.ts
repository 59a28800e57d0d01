/** Command line clients over the compiled binary, with every provider protocol: a text turn and a tool turn. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Gateway, startGateway } from "../../support/gateway.ts";
import { startChat } from "../../support/upstream/chat.ts";
import { startGemini } from "../../support/upstream/gemini.ts";
import { startMessages } from "../../support/upstream/messages.ts";
import { startResponses } from "../../support/upstream/responses.ts";
import type { Counts } from "../../support/upstream/script.ts";
import { fieldsOf } from "../../support/upstream/shape.ts";
import { newHome, type Program, runTurn } from "./program.ts";
import { programs } from "./programs.ts";

const upstreams = {
  chat: startChat({ router: false }),
  messages: startMessages(),
  responses: startResponses(),
  gemini: startGemini(),
};
type Provider = keyof typeof upstreams;
const providers = Object.keys(upstreams) as Provider[];
const turnKinds = ["text", "tool"] as const;

const counts: Counts = { input: 900, cached: 100, written: 0, visible: 40, reasoning: 0 };
const secret = "the heron sleeps at 4711";

/** One turn of one client with one provider: aliases of its own, so that nobody else's requests get among its own. */
interface Play {
  program: Program;
  provider: Provider;
  kind: (typeof turnKinds)[number];
  alias: string;
  model: string;
  side: string;
}

const plays: Play[] = programs.flatMap((program) =>
  providers.flatMap((provider) =>
    turnKinds.map((kind) => {
      const alias = `${program.name}-${provider}-${kind}`;
      const model = upstreams[provider].script(alias, []);
      const side = upstreams[provider].script(
        `${alias}-side`,
        Array.from({ length: 3 }, () => ({ text: "A title", counts })),
      );
      return { program, provider, kind, alias, model, side };
    }),
  ),
);

let gateway: Gateway;

beforeAll(async () => {
  const entry = (name: Provider) => [
    name,
    { protocols: { [name]: upstreams[name].url }, api_key: upstreams[name].key, cooldown: false },
  ];
  const aliases = plays.flatMap(({ provider, alias, model, side }) => [
    [alias, { targets: [`${provider}/${model}`] }],
    [`${alias}-side`, { targets: [`${provider}/${side}`] }],
  ]);
  gateway = await startGateway({
    config: { providers: Object.fromEntries(providers.map(entry)), aliases: Object.fromEntries(aliases) },
  });
});

afterAll(async () => {
  expect(await gateway.stop()).toBe(0);
  await Promise.all(Object.values(upstreams).map((upstream) => upstream.stop()));
});

async function play({ program, provider, kind, alias, model }: Play): Promise<void> {
  const upstream = upstreams[provider];
  const home = newHome();
  try {
    const path = join(home.work, "hello.txt");
    writeFileSync(path, `${secret}\n`);
    const text = kind === "text" ? "Hello from the script." : `It says: ${secret}.`;
    const call = { id: `${provider === "messages" ? "toolu" : "call"}_01read`, ...program.reading(path) };
    if (kind === "tool") upstream.add(model, { calls: [call], counts });
    upstream.add(model, { text, counts });
    const prompt = kind === "text" ? "Say hello" : "Read hello.txt and tell me what it says";
    const door = { url: gateway.url, key: gateway.clientKey };
    const turn = program.launch({ ...door, model: alias, sideModel: `${alias}-side`, prompt });
    const { code, out, error } = await runTurn(home, turn);
    const shown = `${out}\n${error}`.slice(-3000);
    expect(upstream.violations(model), shown).toEqual([]);
    expect(code, shown).toBe(0);
    expect(program.answer(out), shown).toBe(text);
    const seen = upstream.seen(model);
    expect(seen.length).toBe(kind === "text" ? 1 : 2);
    expect(seen[0]?.said.join("\n")).toContain(prompt);
    if (kind === "tool") {
      expect(seen[1]?.calls).toEqual([call]);
      expect(seen[1]?.results.map(({ id }) => id)).toEqual([call.id]);
      expect(seen[1]?.results[0]?.text).toContain(secret);
    }
    await checkRows(alias, `${provider}/${model}`, seen.length);
  } finally {
    home.remove();
  }
}

/** Rows are stored in the background: they may come a moment after the client has ended. */
async function checkRows(alias: string, target: string, count: number): Promise<void> {
  const until = Date.now() + 3000;
  for (;;) {
    const rows = (await gateway.requests()).filter(({ model, tokens }) => model === alias && tokens);
    if (rows.length >= count || Date.now() > until) {
      const tokens = { input: counts.input + counts.cached, output: counts.visible, cache_read: counts.cached };
      const answers = rows.filter((row) => fieldsOf(row.tokens).output !== null);
      expect(answers.length).toBe(count);
      for (const row of answers) expect(row).toMatchObject({ target, status: 200, code: null, tokens });
      return;
    }
    await Bun.sleep(20);
  }
}

for (const each of plays) {
  test(`${each.program.name} -> ${each.provider} provider: a ${each.kind} turn`, () => play(each), 120_000);
}
