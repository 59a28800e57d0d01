/**
 * The management API of the configuration: entities at `/api/config/{section}[/{name}]`, the settings, the whole of it at
 * `/api/config`, its history. An ETag is a version; `If-Match` refuses stale edits. Secrets come in and never go out, but
 * for one that was made by the request itself.
 */
import type { LiveConfig } from "../config/live.ts";
import { parseConfig } from "../config/parse.ts";
import { planToJson } from "../config/plan.ts";
import { type Section, sections } from "../config/schema.ts";
import type { Part } from "../config/secret-places.ts";
import type { Sweep } from "../kit/sweep.ts";
import { GatewayError } from "../model/error.ts";
import type { Json, JsonObject } from "../model/json.ts";
import type { ConfigEditor, Edited, HistoryShown, Shown } from "../store/config-editor.ts";
import type { Author } from "../store/config-history.ts";
import { page } from "./admin.ts";
import { parseObject, readBody } from "./body.ts";
import { namingFaults } from "./faults.ts";
import { json } from "./problem.ts";
import type { HttpRoute, Incoming } from "./route.ts";

export interface ConfigDeps {
  configEditor: ConfigEditor;
}

interface Reading {
  config: LiveConfig;
  sweep: Sweep;
}

type Run = HttpRoute["run"];

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

type Plain = [HttpRoute["method"], string, Run];

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

function settingsRoutes(editor: ConfigEditor, reading: Reading): Plain[] {
  const path = "/api/config/settings";
  const place = (incoming: Incoming) => ({ part: "settings", name: "settings", ...seenOf(incoming) }) as const;
  const shown = async (requestId: string, inForce?: boolean) => {
    const { version, updatedAt, value, file } = await editor.settings();
    const force = inForce === undefined ? {} : { in_force: inForce };
    const body = { version, updated_at: timeOf(updatedAt), value: value as Json, file: file as Json, ...force };
    return tagged(json(body, requestId), version ?? 0);
  };
  return [
    ["GET", path, ({ requestId }) => shown(requestId)],
    [
      "PUT",
      path,
      async (incoming) => {
        const value = await objectIn(incoming, reading);
        const { isInForce } = await editor.replace(place(incoming), value, authorOf(incoming));
        return shown(incoming.requestId, isInForce);
      },
    ],
    [
      "PATCH",
      path,
      async (incoming) => {
        const { isInForce } = await editor.patch(
          place(incoming),
          await objectIn(incoming, reading),
          authorOf(incoming),
        );
        return shown(incoming.requestId, isInForce);
      },
    ],
    [
      "DELETE",
      path,
      async (incoming) => {
        const { isInForce } = await editor.remove(place(incoming), authorOf(incoming));
        return shown(incoming.requestId, isInForce);
      },
    ],
  ];
}

/** An entity is `{ name, origin, version, updated_at, value }`; what was made or changed says `in_force` beside it. */
function entityRoutes(editor: ConfigEditor, reading: Reading, section: Section): Plain[] {
  const list = `/api/config/${section}`;
  const one = `${list}/:name`;
  const place = (incoming: Incoming) => ({ part: section, name: nameIn(incoming), ...seenOf(incoming) });
  const answer = async (incoming: Incoming, name: string, made: Edited & { status?: number }) => {
    const entity = await editor.find(section, name);
    const { secret } = made;
    const told = { in_force: made.isInForce, ...(secret === undefined ? {} : { secret }) };
    const warnings = made.plan.warnings.map((warning) => ({ ...warning }));
    const body = { ...(entity ? entityToJson(entity) : { name }), ...told, warnings };
    return tagged(json(body, incoming.requestId, made.status ?? 200), entity?.version ?? made.version);
  };
  return [
    ["GET", list, async ({ requestId }) => json({ data: (await editor.list(section)).map(entityToJson) }, requestId)],
    [
      "POST",
      list,
      async (incoming) => {
        const { name, value } = newIn(await objectIn(incoming, reading));
        const made = await editor.create({ part: section, name }, value, authorOf(incoming));
        return answer(incoming, name, { ...made, status: 201 });
      },
    ],
    [
      "GET",
      one,
      async (incoming) => {
        const name = nameIn(incoming);
        const entity = await editor.find(section, name);
        if (!entity)
          throw new GatewayError("not-found", `There is nothing named ${JSON.stringify(name)} in ${section}.`);
        const answered = json(entityToJson(entity), incoming.requestId);
        return entity.version === null ? answered : tagged(answered, entity.version);
      },
    ],
    [
      "PUT",
      one,
      async (incoming) => {
        const value = await objectIn(incoming, reading);
        const made = await editor.replace(place(incoming), value, authorOf(incoming));
        const isNew = made.plan.changes[0]?.action === "create";
        return answer(incoming, nameIn(incoming), { ...made, status: isNew ? 201 : 200 });
      },
    ],
    [
      "PATCH",
      one,
      async (incoming) => {
        const made = await editor.patch(place(incoming), await objectIn(incoming, reading), authorOf(incoming));
        return answer(incoming, nameIn(incoming), made);
      },
    ],
    [
      "DELETE",
      one,
      async (incoming) => {
        const { isInForce } = await editor.remove(place(incoming), authorOf(incoming));
        return json({ deleted: true, in_force: isInForce }, incoming.requestId);
      },
    ],
  ];
}

const usualOverlapS = 86_400;

/** `{ overlap_s? }`: how long the former secret goes on (a day unless said, 0: not at all). Answers with the new one, once. */
async function rotate(editor: ConfigEditor, reading: Reading, incoming: Incoming): Promise<Response> {
  const text = await textOf(incoming, reading);
  const { overlap_s = usualOverlapS, ...unknown } = text.trim() === "" ? {} : parseObject(text);
  const [strange] = Object.keys(unknown);
  if (strange !== undefined) throw invalid(strange, "is not known; there is overlap_s");
  if (typeof overlap_s !== "number" || overlap_s < 0 || overlap_s > 366 * 86_400) {
    throw invalid("overlap_s", "must be a number of seconds from 0 to 31622400");
  }
  const name = nameIn(incoming);
  const place = { name, ...seenOf(incoming) };
  const made = await editor.rotate(place, Date.now() + overlap_s * 1000, authorOf(incoming));
  const entity = await editor.find("keys", name);
  const told = { secret: made.secret, in_force: made.isInForce };
  return tagged(json({ ...(entity ? entityToJson(entity) : {}), ...told }, incoming.requestId), made.version);
}

function entityToJson({ name, origin, version, updatedAt, value }: Shown): JsonObject {
  return { name, origin, version, updated_at: timeOf(updatedAt), value: value as Json };
}

function entryToJson({ id, version, at, author, note, section, name, action, fields }: HistoryShown): JsonObject {
  const who = { by: author.actor, from: author.origin };
  return { id, version, at: timeOf(at), ...who, note, section, name, action, fields };
}

function timeOf(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

function partNamed(name: string): Part {
  const part = [...configSections, "settings" as const].find((one) => one === name);
  if (part) return part;
  throw invalid("section", `must be one of ${configSections.join(", ")}, settings`);
}

function authorOf({ address }: Incoming): Author {
  return { actor: "api", origin: address };
}

function newIn(body: JsonObject): { name: string; value: unknown } {
  const { name, value, ...unknown } = body;
  const [strange] = Object.keys(unknown);
  if (strange !== undefined) throw invalid(strange, "is not known; there are name and value");
  if (typeof name !== "string") throw invalid("name", "is what the new entity is to be called");
  return { name, value };
}

function nameIn({ path }: Incoming): string {
  return decoded(path.split("/")[4] ?? "");
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new GatewayError("invalid-request", `${JSON.stringify(part)} is not percent-encoded as it should be.`);
  }
}

/** `If-Match` is the version that was seen, `If-None-Match: *` says that there must be none. */
function seenIn({ request }: Incoming): number | undefined {
  if (request.headers.get("if-none-match")?.trim() === "*") return 0;
  const tag = request.headers.get("if-match")?.trim();
  if (tag === undefined || tag === "*") return undefined;
  const version = /^(?:W\/)?"?(\d{1,15})"?$/.exec(tag)?.[1];
  if (version !== undefined) return Number(version);
  throw invalid("if-match", 'must be the ETag of an earlier answer, such as "12"');
}

function seenOf(incoming: Incoming): { seen?: number } {
  const seen = seenIn(incoming);
  return seen === undefined ? {} : { seen };
}

function tagged(response: Response, version: number): Response {
  response.headers.set("etag", `"${version}"`);
  return response;
}

function withheld(response: Response): Response {
  response.headers.set("cache-control", "no-store");
  return response;
}

async function textOf({ request }: Incoming, { config, sweep }: Reading): Promise<string> {
  return (await readBody(request, sweep, config.current().settings.limits.bodyBytes)).text;
}

async function objectIn(incoming: Incoming, reading: Reading): Promise<JsonObject> {
  return parseObject(await textOf(incoming, reading));
}

async function configIn(incoming: Incoming, reading: Reading): Promise<unknown> {
  const text = await textOf(incoming, reading);
  const isYaml = /\byaml\b/i.test(incoming.request.headers.get("content-type") ?? "");
  return isYaml ? parseConfig(text, "yaml") : parseObject(text);
}

function invalid(param: string, words: string): GatewayError {
  return new GatewayError("invalid-request", `${param} ${words}.`, { param });
}
