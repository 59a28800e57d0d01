/** What the console is told of providers, and the requests that it makes with a client key. */
import { protocolKeys } from "../config/schema/provider.ts";
import type { OfferedPreset, Sent, Supply } from "../console/providers/supply.ts";
import type { Gateway } from "../gateway/gateway.ts";
import { handle } from "../gateway/handle.ts";
import type { RunTrial } from "../gateway/trial/trial.ts";
import { Content } from "../kit/content.ts";
import { uuidv7 } from "../kit/id.ts";
import type { ChatRequest } from "../model/chat.ts";
import { Notes } from "../model/note.ts";
import { defaultCapabilities } from "../model/target.ts";
import { type Preset, presets } from "../providers/presets.ts";
import { quirks } from "../providers/quirks.ts";
import type { Writer } from "../store/writer.ts";

export interface SupplyParts {
  gateway: Gateway;
  writer: Writer;
  runTrial: RunTrial;
  environment: Readonly<Record<string, string | undefined>>;
}

const mostTokens = 64;

export function openSupply({ gateway, writer, runTrial, environment }: SupplyParts): Supply {
  const known = [...gateway.protocols, ...gateway.embeddingWires].map(({ name }): string => name);
  const spoken = new Set<string>(protocolKeys.filter((name) => known.includes(name)));
  const offered = presets.filter(({ oauth }) => oauth === undefined);
  return {
    presets: offered.map((preset) => offer(preset, { spoken, environment })),
    protocols: [...spoken],
    quirks: Object.entries(quirks).map(([value, { words }]) => ({ value, words })),
    runTrial,
    environmentKey(id) {
      const preset = offered.find((one) => one.id === id);
      return preset && environment[variableOf(preset)];
    },
    send: async (ask) => {
      const sent = await send(gateway, ask);
      await writer.flush();
      return sent;
    },
  };
}

function offer(preset: Preset, around: { spoken: ReadonlySet<string>; environment: SupplyParts["environment"] }) {
  const { id, label, protocols, auth, query, headers, hosts, keyUrl = null } = preset;
  const variable = variableOf(preset);
  const needsKey = auth !== "none";
  const offered: OfferedPreset = {
    ...{ id, label, keyUrl, needsKey },
    protocols: Object.fromEntries(Object.entries(protocols).filter(([name]) => around.spoken.has(name))),
    value: {
      ...(auth === undefined ? {} : { auth }),
      ...(query === undefined ? {} : { query }),
      ...(headers === undefined ? {} : { headers }),
      // Of a host that is known they are in force without being configured.
      ...(hosts.length === 0 ? { quirks: [...preset.quirks] } : {}),
    },
    environment: needsKey && around.environment[variable] ? variable : null,
  };
  return offered;
}

/** The variable that others, too, read the key from. */
function variableOf({ id, keyVariable }: Preset): string {
  return keyVariable ?? `${id.toUpperCase().replace(/\W/g, "_")}_API_KEY`;
}

/** The way of every request, but that nobody has to prove who asks. */
async function send(gateway: Gateway, { key, model, address }: Parameters<Supply["send"]>[0]): Promise<Sent> {
  const protocol = gateway.protocols.at(-1);
  if (!protocol) throw new Error("no protocol is known");
  const facts = { provider: "plexus", model, scope: "plexus", can: defaultCapabilities };
  const built = protocol.buildRequest(hello(protocol.name, model), facts, new Notes());
  const requestId = uuidv7();
  const response = await handle(
    { ...gateway, authenticate: () => ({ key }) },
    {
      ...{ requestId, protocol, address, credentials: [], headers: new Headers() },
      place: { path: "", query: new URLSearchParams() },
      body: async () => Content.ofText(JSON.stringify(built.body)),
      signal: new AbortController().signal,
    },
  );
  const text = await response.text();
  return { requestId, status: response.status, message: response.ok ? "" : messageOf(text) };
}

function hello(protocol: string, model: string): ChatRequest {
  return {
    ...{ protocol, model, instructions: [], tools: [], sampling: { maxTokens: mostTokens }, stream: false },
    items: [{ type: "message", role: "user", blocks: [{ type: "text", text: "Say hello in one short sentence." }] }],
  };
}

/** An error's own words, whatever is around them. */
function messageOf(text: string): string {
  return /"message"\s*:\s*("(?:[^"\\]|\\.)*")/.exec(text)?.[1]?.replace(/^"|"$/g, "").replace(/\\"/g, '"') ?? text;
}
