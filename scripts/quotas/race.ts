// Many requests at once on a small limit: exactly as many as it allows may pass.
import { newFolder, type Plexus, removeFolder, startPlexus } from "../../test/support/plexus.ts";
import { startRawUpstream } from "../../test/support/raw-upstream.ts";

export interface RaceOptions {
  rounds: number;
  /** Of a database that all processes share; SQLite for one process when absent. */
  databaseUrl?: string;
  processes: number;
  say(line: string): void;
}

export const parallel = 200;
export const limit = 50;

/** How many passed in each round. Each round has a key of its own, which begins with nothing used. */
export async function race({ rounds, databaseUrl, processes, say }: RaceOptions): Promise<number[]> {
  const upstream = await startRawUpstream();
  upstream.on("m", async (visit) => {
    await Bun.sleep(Math.random() * 5);
    const choices = [{ index: 0, message: { role: "assistant", content: "hi" }, finish_reason: "stop" }];
    const usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };
    visit.answer(200, { id: "chatcmpl-1", object: "chat.completion", created: 1, model: "m", choices, usage });
  });
  const names = Array.from({ length: rounds }, (_, at) => `key-${at}`);
  const config = {
    providers: { up: { protocols: { chat: `${upstream.url}/v1` }, api_key: "up-of-the-races-0123456789" } },
    quotas: { fifty: { unit: "requests", limit, window: "monthly" } },
    keys: Object.fromEntries(names.map((name) => [name, { secret: secretOf(name), quotas: ["fifty"] }])),
  };
  const running: { plexus: Plexus; folder: string }[] = [];
  const passed: number[] = [];
  try {
    for (let at = 0; at < processes; at++) {
      const folder = newFolder();
      const environment: Record<string, string> = databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl };
      running.push({ folder, plexus: await startPlexus({ folder, config, environment }) });
    }
    const urls = running.map(({ plexus }) => plexus.url);
    for (const name of names) {
      const statuses = await Promise.all(
        Array.from({ length: parallel }, (_, at) => statusOf(urls[at % urls.length] ?? "", name)),
      );
      const odd = statuses.find((status) => status !== 200 && status !== 429);
      if (odd !== undefined) throw new Error(`a request was answered with ${odd}`);
      passed.push(statuses.filter((status) => status === 200).length);
      say(`round ${passed.length} of ${rounds}: ${passed.at(-1)} of ${parallel} passed`);
    }
  } finally {
    for (const { plexus, folder } of running) {
      await plexus.stop({ signal: "SIGKILL", keep: true });
      removeFolder(folder);
    }
    upstream.stop();
  }
  return passed;
}

function secretOf(name: string): string {
  return `sk-of-the-race-${name}-0123456789`;
}

async function statusOf(url: string, name: string): Promise<number> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${secretOf(name)}` },
    body: JSON.stringify({ model: "up/m", messages: [{ role: "user", content: "hi" }] }),
  });
  await response.text();
  return response.status;
}
