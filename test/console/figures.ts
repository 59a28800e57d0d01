/** A gateway with something to show: a target that is cooled, one that answers for money, quotas, and images in words. */
import { openVisits, type Visits } from "./visits.ts";

export const webKey = "sk-web-of-the-console-tests";

export interface Figures extends Visits {
  /** Sends one chat request as the key `web`; resolves to its id. */
  send(model: string, more?: object, headers?: Record<string, string>): Promise<string>;
  /** The model `late` answers when this is called, and keeps the next one waiting. */
  letGo(): void;
}

function answerTo(model: string): Response {
  if (model === "busy") {
    const error = { message: "Too many requests for this teapot", type: "rate_limit_error" };
    return Response.json({ error }, { status: 429, headers: { "retry-after": "600" } });
  }
  return Response.json({
    ...{ id: "chatcmpl-1", object: "chat.completion", created: 1_800_000_000, model },
    choices: [{ index: 0, message: { role: "assistant", content: "A red square." }, finish_reason: "stop" }],
    usage: { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 },
  });
}

export async function openFigures(): Promise<Figures> {
  let late = Promise.withResolvers<void>();
  const upstream = Bun.serve({
    port: 0,
    fetch: async (request) => {
      const { model } = (await request.json()) as { model: string };
      if (model === "late") await late.promise;
      return answerTo(model);
    },
  });
  const base = { protocols: { chat: `http://127.0.0.1:${upstream.port}/v1` }, api_key: "sk-upstream" };
  const price = { input: 2, output: 10 };
  const visits = await openVisits({
    providers: {
      busy: base,
      paid: { ...base, models: { good: { price }, blind: { price, vision: false }, sees: { price, vision: true } } },
      off: { ...base, enabled: false },
    },
    aliases: {
      mix: { selector: "in_order", targets: ["off/none", "busy/busy", "paid/good"] },
      blind: { targets: ["paid/blind"], vision_fallthrough: true },
      eye: { targets: ["paid/sees"] },
    },
    quotas: {
      spend: { unit: "cost", limit: 0.01, window: "daily" },
      calls: { unit: "requests", limit: 1000, window: "rolling", period: "1h", shared: true },
      unused: { unit: "tokens", limit: 5, window: "monthly" },
    },
    keys: {
      web: { secret: webKey, quotas: ["calls"] },
      tight: { secret: "sk-tight-of-the-tests", quotas: ["spend"] },
      elsewhere: { secret: "sk-else-of-the-tests", ips: ["192.0.2.0/24"] },
    },
    settings: { vision: { descriptor: "eye" } },
  });
  const { url, request: row } = visits.gateway;
  return {
    ...visits,
    async send(model, more = {}, headers = {}) {
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${webKey}`, "content-type": "application/json", ...headers },
        body: JSON.stringify({ model, messages: [{ role: "user", content: "Hello!" }], ...more }),
      });
      await response.text();
      const id = response.headers.get("x-request-id") ?? "";
      await row(id);
      return id;
    },
    letGo() {
      late.resolve();
      late = Promise.withResolvers();
    },
    async stop() {
      late.resolve();
      await visits.stop();
      await upstream.stop(true);
    },
  };
}
