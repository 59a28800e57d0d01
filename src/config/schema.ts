/** The whole configuration: one schema for the file, the API, export and import, and the forms of the console. */
import { type Static, Type } from "@sinclair/typebox";
import { alias } from "./schema/alias.ts";
import { closed, idPattern } from "./schema/common.ts";
import { anyKey, key } from "./schema/key.ts";
import { mcpServer, quota } from "./schema/limits.ts";
import { provider } from "./schema/provider.ts";
import { settings } from "./schema/settings.ts";

const id = Type.String({ pattern: idPattern });
const name = Type.String({ minLength: 1, maxLength: 128 });

export const configuration = Type.Object(
  {
    $schema: Type.Optional(Type.String()),
    providers: Type.Optional(Type.Record(id, provider)),
    aliases: Type.Optional(Type.Record(name, alias)),
    keys: Type.Optional(Type.Record(name, key)),
    quotas: Type.Optional(Type.Record(id, quota)),
    mcp_servers: Type.Optional(Type.Record(id, mcpServer)),
    settings: Type.Optional(settings),
  },
  closed,
);
export type Configuration = Static<typeof configuration>;

/** The sections that hold named entities, with the kind that the database calls them. */
export const sections = {
  providers: { kind: "provider", schema: provider },
  aliases: { kind: "alias", schema: alias },
  keys: { kind: "key", schema: anyKey },
  quotas: { kind: "quota", schema: quota },
  mcp_servers: { kind: "mcp_server", schema: mcpServer },
} as const;
export type Section = keyof typeof sections;
export type EntityKind = (typeof sections)[Section]["kind"];

export { settings as settingsSchema };
