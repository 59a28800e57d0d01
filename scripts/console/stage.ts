// A gateway to look at: the binary on a seeded database, with a provider of ours behind it.
import { newFolder, type Plexus, startPlexus } from "../../test/support/plexus.ts";
import { plant } from "../seed/plant.ts";
import { seedConfig } from "../seed/world.ts";

export interface Stage {
  plexus: Plexus;
  /** Of the key `web-app`, which may call `fast`. */
  clientKey: string;
  /** Sends one request of that key; resolves to its status when it is answered. */
  send(): Promise<number>;
  stop(): Promise<void>;
}

export interface StageOptions {
  /** 0: the database is filled already. */
  rows: number;
  /** SQLite in a folder of its own where there is none. */
  databaseUrl?: string | undefined;
  environment?: Record<string, string>;
  say(line: string): void;
}

const secretOf = (name: string) => `sk-of-the-stage-${name}-0123456789`;

export async function openStage({ rows, databaseUrl, environment: more, say }: StageOptions): Promise<Stage> {
  const upstream = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: answer });
  const stopUpstream = () => upstream.stop(true);
  const folder = newFolder();
  const config = { upstream: `http://127.0.0.1:${upstream.port}`, secretOf };
  const environment: Record<string, string> = {
    ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
    ...more,
  };
  try {
    if (rows > 0) await planted({ rows, data: `${folder}/data`, databaseUrl, config, say });
    // In the file, so that a database which was filled before has the same providers and keys.
    const plexus = await startPlexus({ folder, config: seedConfig(config), environment });
    const clientKey = secretOf("web-app");
    return {
      ...{ plexus, clientKey },
      send: () => send(plexus.url, clientKey),
      async stop() {
        await plexus.stop();
        await stopUpstream();
      },
    };
  } catch (error) {
    await stopUpstream();
    throw error;
  }
}

interface Planting {
  rows: number;
  data: string;
  databaseUrl: string | undefined;
  config: Parameters<typeof seedConfig>[0];
  say(line: string): void;
}

async function planted({ rows, data, databaseUrl, config, say }: Planting): Promise<void> {
  const progress = (done: number, all: number) => {
    if (Math.floor((4 * done) / all) > Math.floor((4 * (done - 2000)) / all)) say(`${done} of ${all} rows`);
  };
  const where = databaseUrl === undefined ? { data } : { database: databaseUrl };
  const options = { ...config, ...where, rows, seed: 1, until: Date.now(), force: false, progress };
  await plant({ ...options, environment: { DATA_DIR: data }, say: () => undefined });
}

/** Gemini is busy, so that there is a cooldown to see; the others answer a Chat request. */
async function answer(request: Request): Promise<Response> {
  if (request.url.includes("/v1beta/")) {
    const error = {
      code: 429,
      message: "Resource has been exhausted (e.g. check quota).",
      status: "RESOURCE_EXHAUSTED",
    };
    return Response.json({ error }, { status: 429, headers: { "retry-after": "1800" } });
  }
  const { model } = (await request.json()) as { model: string };
  return Response.json({
    ...{ id: "chatcmpl-1", object: "chat.completion", created: 1_800_000_000, model },
    choices: [{ index: 0, message: { role: "assistant", content: "Hello!" }, finish_reason: "stop" }],
    usage: { prompt_tokens: 900, completion_tokens: 120, total_tokens: 1020 },
  });
}

const body = JSON.stringify({ model: "fast", messages: [{ role: "user", content: "Hello!" }] });

async function send(url: string, key: string): Promise<number> {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const response = await fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body });
  await response.arrayBuffer();
  return response.status;
}
