// Clients that ask all the time, and what each of them saw.
import type { RawUpstream } from "../../test/support/raw-upstream.ts";

export const clientKey = "sk-of-the-crashes-0123456789";

/** What a client knows of one request whose head it got. */
export interface Sight {
  model: string;
  status: number;
  /** When the head came, on performance.now(). */
  at: number;
  /** The whole answer came. */
  isWhole: boolean;
}

/** By request id. */
export type Sights = Map<string, Sight>;

const head = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "m" };

function chunk(delta: object, finish: string | null = null): string {
  return `data: ${JSON.stringify({ ...head, choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
}

/** Models that answer whole, in a stream, with an error, and one that begins and never ends. */
export function teach(upstream: RawUpstream): void {
  const message = { role: "assistant", content: "hello" };
  const choices = [{ index: 0, message, finish_reason: "stop" }];
  const usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };
  upstream.on("whole", (visit) => visit.answer(200, { ...head, object: "chat.completion", choices, usage }));
  upstream.on("fail", (visit) => visit.answer(400, { error: { message: "no", type: "invalid_request_error" } }));
  upstream.on("stream", async (visit) => {
    visit.events();
    for (let at = 0; at < 5; at++) {
      visit.send(chunk({ content: `piece ${at} ` }));
      await Bun.sleep(Math.random() * 12);
    }
    visit.send(`${chunk({}, "stop")}data: [DONE]\n\n`).end();
  });
  upstream.on("endless", (visit) => void visit.events().send(chunk({ content: "begun" })));
}

const models = ["whole", "stream", "stream", "fail"];

export interface Load {
  sights: Sights;
  /** Resolves when every client has given up. */
  stop(): Promise<void>;
}

/** `clients` that send one request after the other and, unless it is said otherwise, two whose streams never end. */
export function startLoad(url: string, clients: number, { endless = true } = {}): Load {
  const sights: Sights = new Map();
  let isOver = false;
  const busy = async () => {
    while (!isOver) await ask(url, models[Math.floor(Math.random() * models.length)] ?? "whole", sights);
  };
  const running = Array.from({ length: clients }, busy);
  if (endless) running.push(ask(url, "endless", sights), ask(url, "endless", sights));
  return {
    sights,
    async stop() {
      isOver = true;
      await Promise.all(running);
    },
  };
}

async function ask(url: string, model: string, sights: Sights): Promise<void> {
  const stream = model === "stream" || model === "endless";
  try {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${clientKey}` },
      body: JSON.stringify({ model: `up/${model}`, stream, messages: [{ role: "user", content: "hi" }] }),
    });
    const sight: Sight = { model, status: response.status, at: performance.now(), isWhole: false };
    sights.set(response.headers.get("x-request-id") ?? "", sight);
    const text = await response.text();
    sight.isWhole = stream && response.ok ? text.includes("[DONE]") : text.endsWith("}");
  } catch {
    // The gateway was killed, or is not there yet.
    await Bun.sleep(5);
  }
}
