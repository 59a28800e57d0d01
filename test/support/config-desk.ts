/** The management API of the configuration over a real database, without a server. */
import { compile } from "../../src/config/compile.ts";
import { createLiveConfig } from "../../src/config/live.ts";
import { resolveReferences } from "../../src/config/resolve.ts";
import { configRoutes } from "../../src/http/config.ts";
import { problem } from "../../src/http/problem.ts";
import type { HttpRoute } from "../../src/http/route.ts";
import { createSweep } from "../../src/kit/sweep.ts";
import { toGatewayError } from "../../src/model/error.ts";
import { createPlainSealer, type Sealer } from "../../src/secrets/seal.ts";
import { type ConfigEditor, openConfigEditor } from "../../src/store/config-editor.ts";
import type { Database } from "../../src/store/database.ts";
import { type Dialect, withMigrated } from "./databases.ts";

export const names = { protocols: ["chat", "messages"], quirks: [], demoProtocols: ["chat"] };

export interface Answer {
  status: number;
  etag: string | null;
  /** As it went out. */
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests reach into answers of every shape
  body: any;
}

export interface Desk {
  url: string;
  database: Database;
  editor: ConfigEditor;
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Every text that went out. */
  told: string[];
}

export interface DeskOptions {
  dialect?: Dialect;
  /** The configuration file, as it is written. */
  file?: unknown;
  sealer?: Sealer;
  /** What values of the database may read. */
  environment?: Record<string, string>;
}

export async function withDesk(options: DeskOptions, work: (desk: Desk) => Promise<void>): Promise<void> {
  await withMigrated(options.dialect ?? "sqlite", async ({ database, url }) => {
    const { desk, close } = openDesk(database, options);
    try {
      await work({ ...desk, url });
    } finally {
      close();
    }
  });
}

/** As another process would have it, where the database is opened once more. */
export function openDesk(database: Database, options: DeskOptions = {}) {
  const { file, sealer = createPlainSealer(), environment = {} } = options;
  const around = { environment, folder: "/", only: new Set(Object.keys(environment)) };
  const editor = openConfigEditor({
    ...{ database, sealer, file: () => file },
    compile: (stored) => {
      const { value, faults } = resolveReferences(stored.database, around);
      const fixed = resolveReferences(file, { environment, folder: "/" }).value;
      return compile({ ...(file === undefined ? {} : { file: fixed }), database: value }, names, faults);
    },
    resolve: (text) => String(resolveReferences(text, around).value),
    putInForce: async () => true,
  });
  const told: string[] = [];
  const sweep = createSweep();
  const routes = configRoutes({ configEditor: editor }, { config: createLiveConfig(compile({}, names)), sweep });
  return { desk: { database, editor, told, ask: asking(routes, told) }, close: () => sweep.stop() };
}

function asking(routes: HttpRoute[], told: string[]): Desk["ask"] {
  return async (method, path, body, headers = {}) => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const request = new Request(`http://localhost${path}`, {
      ...{ method, headers },
      ...(body === undefined ? {} : { body: text }),
    });
    const { pathname } = new URL(request.url);
    const found = routes.map((route) => ({ route, parameters: match(route, method, pathname) }));
    const { route, parameters } = found.find((one) => one.parameters !== undefined) ?? {};
    if (!route || !parameters) throw new Error(`no route takes ${method} ${pathname}`);
    const incoming = { request, requestId: "r", path: pathname, parameters, address: "192.0.2.7", peer: "192.0.2.7" };
    const response = await Promise.resolve()
      .then(() => route.run(incoming))
      .catch((error: unknown) => {
        const known = toGatewayError(error);
        if (known.code === "internal") throw error;
        return problem(known, "r");
      });
    const answer = await response.text();
    told.push(answer);
    return { status: response.status, etag: response.headers.get("etag"), text: answer, body: JSON.parse(answer) };
  };
}

/** Plain words win over parameters, as in the server. */
function match(route: HttpRoute, method: string, path: string): Record<string, string> | undefined {
  const [wanted, parts] = [route.path.split("/"), path.split("/")];
  if (route.method !== method || wanted.length !== parts.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [at, word] of wanted.entries()) {
    if (word.startsWith(":")) parameters[word.slice(1)] = parts[at] ?? "";
    else if (word !== parts[at]) return undefined;
  }
  return parameters;
}
