/** Two accounts of each vendor behind one gateway, which may be started again in the middle. */
import type { JsonObject } from "../../src/model/json.ts";
import { newFolder, type Plexus, removeFolder, startPlexus } from "../support/plexus.ts";
import { startChat } from "../support/upstream/chat.ts";
import { startGemini } from "../support/upstream/gemini.ts";
import { startMessages } from "../support/upstream/messages.ts";
import { startResponses } from "../support/upstream/responses.ts";
import type { Upstream } from "../support/upstream/server.ts";
import type { Outbound, ProtocolName } from "./clients/client.ts";

const clientKey = "sk-of-the-transcripts-0123456789";

export interface Account {
  name: string;
  protocol: ProtocolName;
  upstream: Upstream;
  /** It shows its reasoning, with a proof. */
  shows: boolean;
}

export interface World {
  accounts: Account[];
  /** As the one client of the gateway. */
  post(request: Outbound): Promise<Response>;
  /** What was answered is to be known to the next process, also when this one is killed. */
  restart(signal: NodeJS.Signals): Promise<void>;
  stop(): Promise<void>;
}

const starters: Record<ProtocolName, (at: number) => Upstream> = {
  chat: (at) => startChat({ router: at === 1 }),
  messages: startMessages,
  gemini: startGemini,
  responses: startResponses,
};
/** The store writes within 100 ms. */
const settleMs = 300;

export async function startWorld(): Promise<World> {
  const accounts = (["chat", "messages", "gemini", "responses"] as const).flatMap((protocol) =>
    [1, 2].map((at): Account => {
      // The second one that speaks Chat is OpenAI, the first one a router.
      const shows = protocol !== "chat" || at === 1;
      return { name: `${protocol}-${at}`, protocol, shows, upstream: starters[protocol](at) };
    }),
  );
  const providers: JsonObject = {};
  for (const { name, protocol, upstream } of accounts) {
    providers[name] = { protocols: { [protocol]: upstream.url }, api_key: upstream.key };
  }
  const config = {
    providers,
    keys: { agent: { secret: clientKey } },
    settings: { cooldown: { initial_s: 0, max_s: 0 } },
  };
  const folder = newFolder();
  let plexus: Plexus = await startPlexus({ folder, config });
  return {
    accounts,
    post: ({ path, headers = {}, body }) =>
      fetch(`${plexus.url}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${clientKey}`, ...headers },
        body: JSON.stringify(body),
      }),
    async restart(signal) {
      if (signal === "SIGKILL") await Bun.sleep(settleMs);
      await plexus.stop({ signal, keep: true });
      plexus = await startPlexus({ folder, config });
    },
    async stop() {
      await plexus.stop({ keep: true });
      await Promise.all(accounts.map(({ upstream }) => upstream.stop()));
      removeFolder(folder);
    },
  };
}
