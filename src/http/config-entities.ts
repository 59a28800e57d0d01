/** The management API of entities and settings: list, read, create, replace, patch, delete, and a key's rotation. */
import type { Section } from "../config/schema.ts";
import { GatewayError } from "../model/error.ts";
import type { Json, JsonObject } from "../model/json.ts";
import type { ConfigEditor, Edited, Shown } from "../store/config-editor.ts";
import { parseObject } from "./body.ts";
import {
  authorOf,
  invalid,
  nameIn,
  objectIn,
  type Plain,
  type Reading,
  seenOf,
  tagged,
  textOf,
  timeOf,
} from "./config-requests.ts";
import { json } from "./problem.ts";
import type { Incoming } from "./route.ts";

export function settingsRoutes(editor: ConfigEditor, reading: Reading): Plain[] {
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
export function entityRoutes(editor: ConfigEditor, reading: Reading, section: Section): Plain[] {
  const list = `/api/config/${section}`;
  return [...readRoutes(editor, { list, section }), ...writeRoutes(editor, reading, { list, section })];
}

function readRoutes(editor: ConfigEditor, { list, section }: At): Plain[] {
  return [
    ["GET", list, async ({ requestId }) => json({ data: (await editor.list(section)).map(entityToJson) }, requestId)],
    [
      "GET",
      `${list}/:name`,
      async (incoming) => {
        const name = nameIn(incoming);
        const entity = await editor.find(section, name);
        if (!entity)
          throw new GatewayError("not-found", `There is nothing named ${JSON.stringify(name)} in ${section}.`);
        const answered = json(entityToJson(entity), incoming.requestId);
        return entity.version === null ? answered : tagged(answered, entity.version);
      },
    ],
  ];
}

interface At {
  list: string;
  section: Section;
}

function writeRoutes(editor: ConfigEditor, reading: Reading, { list, section }: At): Plain[] {
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
export async function rotate(editor: ConfigEditor, reading: Reading, incoming: Incoming): Promise<Response> {
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

function newIn(body: JsonObject): { name: string; value: unknown } {
  const { name, value, ...unknown } = body;
  const [strange] = Object.keys(unknown);
  if (strange !== undefined) throw invalid(strange, "is not known; there are name and value");
  if (typeof name !== "string") throw invalid("name", "is what the new entity is to be called");
  return { name, value };
}
