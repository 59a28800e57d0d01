/**
 * The management API of the configuration: entities at `/api/config/{section}[/{name}]`, the settings, the whole of it at
 * `/api/config`, its history. An ETag is a version; `If-Match` refuses stale edits. Secrets come in and never go out, but
 * for one that was made by the request itself.
 */
import { planToJson } from "../config/plan.ts";
import { type Section, sections } from "../config/schema.ts";
import type { Part } from "../config/secret-places.ts";
import type { JsonObject } from "../model/json.ts";
import type { ConfigEditor, HistoryShown } from "../store/config-editor.ts";
import { page } from "./admin.ts";
import { entityRoutes, rotate, settingsRoutes } from "./config-entities.ts";
import {
  authorOf,
  configIn,
  decoded,
  invalid,
  type Plain,
  type Reading,
  type Run,
  seenIn,
  tagged,
  timeOf,
} from "./config-requests.ts";
import { namingFaults } from "./faults.ts";
import { json } from "./problem.ts";
import type { HttpRoute } from "./route.ts";

export interface ConfigDeps {
  configEditor: ConfigEditor;
}

export const configSections = Object.keys(sections) as Section[];

export function configRoutes({ configEditor: editor }: ConfigDeps, reading: Reading): HttpRoute[] {
  const admin = (method: HttpRoute["method"], path: string, run: Run): HttpRoute => ({
    ...{ method, path, access: "admin" },
    run: async (incoming) => withheld(await namingFaults(() => run(incoming), incoming)),
  });
  return [
    ...wholeRoutes(editor, reading).map(([method, path, run]) => admin(method, path, run)),
    ...historyRoutes(editor).map(([method, path, run]) => admin(method, path, run)),
    ...settingsRoutes(editor, reading).map(([method, path, run]) => admin(method, path, run)),
    ...configSections.flatMap((section) =>
      entityRoutes(editor, reading, section).map(([method, path, run]) => admin(method, path, run)),
    ),
    admin("POST", "/api/config/keys/:name/rotate", (incoming) => rotate(editor, reading, incoming)),
  ];
}

/** `PUT` applies: sections that are given become what is given, others stay. JSON, or YAML by its content type. */
function wholeRoutes(editor: ConfigEditor, reading: Reading): Plain[] {
  return [
    [
      "GET",
      "/api/config",
      async ({ requestId }) => {
        const { version, config } = await editor.whole();
        return tagged(json(config, requestId), version);
      },
    ],
    [
      "PUT",
      "/api/config",
      async (incoming) => {
        const given = await configIn(incoming, reading);
        const { plan, ...edited } = await editor.apply(given, authorOf(incoming), seenIn(incoming));
        const body = { ...planToJson(plan), version: edited.version, in_force: edited.isInForce };
        return tagged(json(body, incoming.requestId), edited.version);
      },
    ],
    [
      "POST",
      "/api/config/plan",
      async (incoming) => json(planToJson(await editor.plan(await configIn(incoming, reading))), incoming.requestId),
    ],
  ];
}

/** `?limit&after`, `section` and `name`; `POST …/revert` takes `?force=true`. Ids are `12.0`; `12` is all of version 12. */
function historyRoutes(editor: ConfigEditor): Plain[] {
  return [
    [
      "GET",
      "/api/config/history",
      async (incoming) => {
        const query = new URL(incoming.request.url).searchParams;
        const section = query.get("section");
        const name = query.get("name");
        const part = section === null ? {} : { part: partNamed(section) };
        const { data, next } = await editor.history({ ...page(incoming), ...part, ...(name === null ? {} : { name }) });
        return json({ data: data.map(entryToJson), next }, incoming.requestId);
      },
    ],
    [
      "POST",
      "/api/config/history/:id/revert",
      async (incoming) => {
        const isForced = new URL(incoming.request.url).searchParams.get("force") === "true";
        const id = decoded(incoming.parameters.id ?? "");
        const { plan, version, isInForce } = await editor.revert(id, authorOf(incoming), isForced);
        return json({ ...planToJson(plan), version, in_force: isInForce }, incoming.requestId);
      },
    ],
  ];
}

function entryToJson({ id, version, at, author, note, section, name, action, fields }: HistoryShown): JsonObject {
  const who = { by: author.actor, from: author.origin };
  return { id, version, at: timeOf(at), ...who, note, section, name, action, fields };
}

function partNamed(name: string): Part {
  const part = [...configSections, "settings" as const].find((one) => one === name);
  if (part) return part;
  throw invalid("section", `must be one of ${configSections.join(", ")}, settings`);
}

function withheld(response: Response): Response {
  response.headers.set("cache-control", "no-store");
  return response;
}
