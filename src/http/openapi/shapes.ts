/** Schemas of what the management API takes and answers, as OpenAPI's components. */
import { publishSchema } from "../../config/json-schema.ts";
import { key } from "../../config/schema/key.ts";
import { configuration, type Section, sections, settingsSchema } from "../../config/schema.ts";
import type { Json, JsonObject } from "../../model/json.ts";

export const text: JsonObject = { type: "string" };
export const count: JsonObject = { type: "integer" };
export const amount: JsonObject = { type: "number" };
export const flag: JsonObject = { type: "boolean" };
export const time: JsonObject = { type: "string", format: "date-time" };
export const anything: JsonObject = {};
export const open: JsonObject = { type: "object" };

export function orNull(schema: JsonObject): JsonObject {
  return { anyOf: [schema, { type: "null" }] };
}

export function listOf(items: JsonObject): JsonObject {
  return { type: "array", items };
}

/** All fields are there, but for those whose names end in `?`; further ones may come with later versions. */
export function fields(members: Record<string, JsonObject>): JsonObject {
  const names = Object.keys(members);
  const required = names.filter((name) => !name.endsWith("?"));
  const properties = Object.fromEntries(
    names.map((name): [string, Json] => [name.replace("?", ""), members[name] ?? {}]),
  );
  return { type: "object", properties, required };
}

export function component(name: string): JsonObject {
  return { $ref: `#/components/schemas/${name}` };
}

export function pageOf(items: JsonObject): JsonObject {
  return fields({ data: listOf(items), next: orNull(text) });
}

export const componentNames: Record<Section, string> = {
  providers: "Provider",
  aliases: "Alias",
  keys: "Key",
  quotas: "Quota",
  mcp_servers: "McpServer",
};

const fault = fields({ path: text, message: text, "field?": text });

const toldChange = fields({
  section: text,
  name: text,
  action: { enum: ["create", "update", "delete"] },
  fields: listOf(fields({ path: text, before: anything, after: anything })),
});

/** A value as it comes out: secrets are `{ keep: "last4" }`, and nothing that was left out is filled in. */
const shownValue: JsonObject = { type: "object", description: 'secrets are shown as { keep: "last4" }' };

export const entityFields = {
  name: text,
  origin: { enum: ["file", "database"], description: "file: read-only" },
  version: orNull(count),
  updated_at: orNull(time),
  value: shownValue,
};

const plan = {
  version: count,
  changes: listOf(component("Change")),
  in_file: listOf(text),
  warnings: listOf(component("Fault")),
  text,
};

export function buildComponents(): JsonObject {
  const entities = Object.entries(componentNames).map(([section, name]): [string, Json] => [
    name,
    section === "keys" ? keySchema() : publishSchema(sections[section as Section].schema),
  ]);
  return {
    ...Object.fromEntries(entities),
    Settings: publishSchema(settingsSchema),
    Configuration: publishSchema(configuration),
    Entity: fields(entityFields),
    Fault: fault,
    Change: toldChange,
    Plan: fields(plan),
    Applied: fields({ ...plan, in_force: flag }),
    HistoryEntry: fields({
      ...{ id: text, version: count, at: time, by: { enum: ["api", "console", "cli", "start"] }, from: text },
      ...{ note: orNull(text), ...(toldChange.properties as Record<string, JsonObject>) },
    }),
    Problem: fields({
      ...{ type: text, title: text, status: count, detail: text, request_id: text },
      ...{ "errors?": listOf(component("Fault")), "seen_version?": count, "current_version?": orNull(count) },
      "current?": anything,
    }),
  };
}

/** A key without a secret gets one that is made for it, or keeps its own. */
function keySchema(): JsonObject {
  return { ...publishSchema(key), required: [] };
}
