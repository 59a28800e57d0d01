/** Which page mends what the configuration warns of. */
import { entityHref } from "../../views/parts/address.ts";
import { type Section, sections } from "../config/schema.ts";
import type { Origin, Snapshot } from "../config/snapshot.ts";
import { settingsPath, systemPath } from "./paths.ts";
import { topicsOf } from "./settings-topics.ts";

/** Where a path of the configuration leads. */
export interface Spot {
  section: Section | "settings";
  /** Of the entity; `settings` for those. */
  name: string;
  /** Within it: `aliases.0`; empty for the entity itself. */
  field: string;
  /** Unknown for a setting, of which some may come from the file. */
  origin: Origin | null;
}

/** What no form shows, for it is not in force: it can be taken out of the configuration. */
const unshown: Partial<Record<Spot["section"], readonly string[]>> = {
  providers: ["oauth", "allowance", "raw", "capture"],
  aliases: ["capture"],
  keys: ["allow_raw", "capture"],
  mcp_servers: [""],
};

export const takeOutPath = `${systemPath}/take-out`;

export function spotOf(snapshot: Snapshot, path: string): Spot | null {
  if (path.startsWith("settings."))
    return { section: "settings", name: "settings", field: path.slice(9), origin: null };
  const section = (Object.keys(sections) as Section[]).find((one) => path.startsWith(`${one}.`));
  if (section === undefined) return null;
  const within = path.slice(section.length + 1);
  const entities = { ...snapshot, mcp_servers: snapshot.mcpServers }[section];
  // Names hold dots, too: the longest that fits is meant.
  const names = [...entities.keys()].filter((name) => within === name || within.startsWith(`${name}.`));
  const name = names.sort((one, other) => other.length - one.length)[0];
  if (name === undefined) return null;
  return { section, name, field: within.slice(name.length + 1), origin: entities.get(name)?.origin ?? null };
}

/** The one thing to do about a warning. */
export function mendingOf(snapshot: Snapshot, path: string): { href: string; words: string } {
  const spot = spotOf(snapshot, path);
  if (spot === null) return { href: `${systemPath}#warnings`, words: "See the warnings" };
  const { section, name, field, origin } = spot;
  if (section === "settings") return { href: settingHref(field), words: "See the setting" };
  if (canTakeOut(spot)) return { href: `${takeOutPath}?${new URLSearchParams({ path })}`, words: "Take it out" };
  const words = origin === "file" ? "See it" : "Mend it";
  if (section === "mcp_servers") return { href: `${systemPath}#warnings`, words: "See the warnings" };
  const own = entityHref(`/console/${section}`, name);
  const page = section !== "providers" ? "" : field.startsWith("models.") ? "/models" : "/settings";
  return { href: `${own}${page}`, words };
}

export function canTakeOut({ section, field, origin }: Spot): boolean {
  return origin === "database" && (unshown[section]?.includes(field.split(".")[0] ?? "") ?? false);
}

function settingHref(field: string): string {
  const topics = topicsOf({ aliases: [], timezones: [] });
  const topic = topics.find(({ specs }) =>
    specs.some(({ path }) => path === field || path.startsWith(`${field}.`) || field.startsWith(`${path}.`)),
  );
  return topic === undefined ? settingsPath : `${settingsPath}/${topic.name}`;
}
