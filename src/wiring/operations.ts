/** What the console does beside the configuration, with the functions that the management API uses, too. */
import type { Key } from "../config/snapshot.ts";
import type { DryRun, Explained, Operations, Permission, RecomputeState } from "../console/operations.ts";
import { explain } from "../gateway/explain.ts";
import type { Gateway } from "../gateway/gateway.ts";
import type { RequestEvents } from "../gateway/request-events.ts";
import type { PricesDeps } from "../http/prices.ts";
import type { ChatRequest } from "../model/chat.ts";
import { toGatewayError } from "../model/error.ts";
import { Notes } from "../model/note.ts";
import { defaultCapabilities } from "../model/target.ts";
import { permit } from "../routing/resolve.ts";
import type { Database, Reader } from "../store/database.ts";
import { listPrices } from "../store/prices.ts";
import { databaseVitals, madeMigrations } from "../store/vitals.ts";
import type { Writer } from "../store/writer.ts";

export interface OperationParts {
  gateway: Gateway;
  database: Database;
  reader: Reader;
  writer: Writer;
  prices: PricesDeps["prices"];
  requestEvents: RequestEvents;
}

export function openOperations(parts: OperationParts): Operations {
  const { gateway, reader, writer, prices } = parts;
  return {
    explain: (run) => dryRun(gateway, run),
    permissions: (key) => permissions(gateway, key),
    async recount(quota, to) {
      await writer.flush();
      await gateway.quotas.recount(gateway.config.current(), quota, { to });
    },
    prices: {
      lists: async () => {
        const { in_force } = await prices.list();
        return { inForce: (in_force as string[]) ?? [], loaded: await listPrices(reader.sql) };
      },
      find: prices.find,
      recompute: async (ask) => stateOf(await prices.recompute(ask)),
      job: () => stateOf(prices.job()),
    },
    system: () => systemOf(parts),
    running: gateway.running,
  };
}

/** The job's state is made in one place, for the API (store/recompute-job.ts). */
function stateOf(state: ReturnType<PricesDeps["prices"]["job"]>): RecomputeState {
  return state as unknown as RecomputeState;
}

const charactersPerToken = 4;
/** More makes no difference to any target. */
const mostTokens = 4_000_000;
const onePixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

async function dryRun(gateway: Gateway, run: DryRun): Promise<Explained> {
  const protocol = gateway.protocols.find(({ name }) => name === run.protocol) ?? gateway.protocols[0];
  if (!protocol) throw new Error("no protocol is known");
  const facts = {
    provider: "plexus",
    model: run.model,
    scope: "plexus",
    can: { ...defaultCapabilities, vision: true },
  };
  const built = protocol.buildRequest(requestOf(run, protocol.name), facts, new Notes());
  const door = protocol.routes.find(({ operation }) => operation === "generate")?.path ?? "";
  // Where the path says the model, it does so in the same way to us and to a provider.
  const called = built.path.split("?")[0] ?? "";
  const path = door.endsWith("*") ? door.slice(0, -1) + called.slice(called.indexOf("/", 1) + 1) : door;
  const explained = await explain(gateway, {
    ...{ requestId: "dry-run", protocol, path, body: JSON.stringify(built.body), headers: new Headers() },
    ...(run.key === undefined ? {} : { key: run.key }),
    ...(run.selector === undefined ? {} : { selector: run.selector }),
  });
  return explained as unknown as Explained;
}

function requestOf(run: DryRun, protocol: string): ChatRequest {
  const { model, tokens, hasTools, hasImages, isStream } = run;
  const text = "word ".repeat(Math.ceil((Math.min(tokens, mostTokens) * charactersPerToken) / 5)) || "word";
  const image = { type: "media", kind: "image", source: { type: "bytes", data: onePixel }, mime: "image/png" } as const;
  const tool = { kind: "function", name: "look_up", schema: { type: "object", properties: {} } } as const;
  return {
    ...{ protocol, model, instructions: [], sampling: { maxTokens: 1024 }, stream: isStream },
    items: [{ type: "message", role: "user", blocks: [{ type: "text", text }, ...(hasImages ? [image] : [])] }],
    tools: hasTools ? [tool] : [],
  };
}

function permissions({ config, routing }: Gateway, key: Key): Permission[] {
  const snapshot = config.current();
  const aliases = [...new Set(snapshot.aliases.values())];
  return aliases.map(({ name, also }) => {
    try {
      const route = permit(routing.resolve(snapshot, name), name, key);
      const denied = route.groups.flatMap((group) => group.denied ?? []).map((candidate) => candidate.name);
      const listed = key.aliases === null ? "Every model is allowed." : "Its list of models names it.";
      const without =
        denied.length === 0 ? "" : ` Not at ${[...new Set(denied)].join(", ")}: the provider is not on its list.`;
      return { alias: name, also, isAllowed: true, rule: `${listed}${without}` };
    } catch (thrown) {
      const isListed = key.aliases === null || key.aliases.has(name);
      const known = isListed
        ? "None of its providers is on the list of providers."
        : "Its list of models does not name it.";
      const error = toGatewayError(thrown);
      return { alias: name, also, isAllowed: false, rule: error.code === "forbidden" ? known : error.message };
    }
  });
}

const turns = 5;

async function systemOf({ gateway, database, reader, writer, requestEvents }: OperationParts) {
  let loopMs = 0;
  for (let turn = 0; turn < turns; turn++) {
    const from = performance.now();
    await new Promise((resolve) => setImmediate(resolve));
    loopMs = Math.max(loopMs, performance.now() - from);
  }
  const { rss, heapUsed } = process.memoryUsage();
  return {
    memory: { resident: rss, heap: heapUsed },
    ...{ loopMs, running: gateway.running.count, waiting: writer.waiting(), listeners: requestEvents.listening },
    database: await databaseVitals(database, reader),
    migrations: await madeMigrations(reader),
  };
}
