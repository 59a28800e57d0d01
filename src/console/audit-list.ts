/** The audit's list: changes of the configuration, and what was done beside it, as one, newest first. */
import type { ActLine, AuditLine, ChangeLine } from "../../views/pages/audit.tsx";
import { entityHref } from "../../views/parts/address.ts";
import { type Section, sections } from "../config/schema.ts";
import { isKeep, type Part } from "../config/secret-places.ts";
import type { Json } from "../model/json.ts";
import { type ActKind, operations, placeOf, type StoredAct, signIns } from "../store/acts.ts";
import type { HistoryShown } from "../store/config-editor.ts";
import type { ConsoleDeps } from "./deps.ts";

const perPage = 50;
export const parts: readonly Part[] = ["providers", "aliases", "keys", "quotas", "mcp_servers", "settings"];
/** What is no part of the configuration. */
export const beside: Readonly<Record<string, readonly ActKind[]>> = { "sign-ins": signIns, operations };
/** Those whose entities have pages. */
const shownParts: ReadonlySet<string> = new Set(["providers", "aliases", "keys", "quotas"] satisfies Section[]);

/** What is asked for; empty texts ask for nothing. */
export interface Asked {
  part: string;
  name: string;
  /** Places in the two lists that the page is made of, where it is not the first. */
  after: string;
  acts: string;
}

export interface Listed {
  lines: AuditLine[];
  /** Where the next page begins. */
  next: Pick<Asked, "after" | "acts"> | null;
}

export function readAsked(query: URLSearchParams): Asked {
  const part = query.get("part") ?? "";
  const fits = (name: string, form: RegExp) => form.exec(query.get(name) ?? "")?.[0] ?? "";
  return {
    part: parts.some((one) => one === part) || Object.hasOwn(beside, part) ? part : "",
    name: (query.get("name") ?? "").trim(),
    after: fits("after", /^\d{1,15}\.\d{1,9}$/),
    acts: fits("acts", /^\d{1,15}\.[\w-]{1,40}$/),
  };
}

export async function listOf(deps: ConsoleDeps, asked: Asked): Promise<Listed> {
  const [changes, acts] = await Promise.all([changesOf(deps, asked), actsOf(deps, asked)]);
  const lines: AuditLine[] = [];
  let { after, acts: place } = asked;
  const [change, act] = [changes.values(), acts.values()];
  let [oneChange, oneAct] = [change.next(), act.next()];
  while (lines.length < perPage && !(oneChange.done && oneAct.done)) {
    if (!oneChange.done && (oneAct.done || oneChange.value.at >= oneAct.value.at)) {
      lines.push(changeLine(oneChange.value));
      after = oneChange.value.id;
      oneChange = change.next();
    } else if (!oneAct.done) {
      lines.push(actLine(deps, oneAct.value));
      place = placeOf(oneAct.value);
      oneAct = act.next();
    }
  }
  return { lines, next: oneChange.done && oneAct.done ? null : { after, acts: place } };
}

/** One more than fit, to know whether there are more. */
async function changesOf({ editor }: ConsoleDeps, { part, name, after }: Asked): Promise<HistoryShown[]> {
  if (Object.hasOwn(beside, part)) return [];
  const section = parts.find((one) => one === part);
  const { data } = await editor.history({
    limit: perPage + 1,
    ...(section === undefined ? {} : { part: section }),
    ...(name === "" ? {} : { name }),
    ...(after === "" ? {} : { after }),
  });
  return data;
}

async function actsOf({ acts }: ConsoleDeps, { part, name, acts: after }: Asked): Promise<StoredAct[]> {
  const kinds = beside[part];
  const section = Object.hasOwn(sections, part) ? (part as Section) : undefined;
  if (part === "settings") return [];
  return acts.list({
    limit: perPage + 1,
    ...(kinds === undefined ? {} : { kinds }),
    ...(section === undefined ? {} : { section }),
    ...(name === "" ? {} : { name }),
    ...(after === "" ? {} : { after }),
  });
}

export function changeLine({ id, at, author, note, section, name, action, fields }: HistoryShown): ChangeLine {
  const isSettings = section === "settings";
  const hasPage = action !== "delete" && shownParts.has(section);
  return {
    // The first setting that is set makes no settings: there were the defaults before.
    action: isSettings ? "update" : action,
    ...{ id, at, actor: author.actor, origin: author.origin, note },
    what: isSettings ? "settings" : `${section}: ${name}`,
    href: isSettings ? "/console/settings" : hasPage ? entityHref(`/console/${section}`, name) : null,
    fields: fields.map(({ path, before, after }) => ({ path, before: wordsOf(before), after: wordsOf(after) })),
  };
}

function actLine({ config }: ConsoleDeps, act: StoredAct): ActLine {
  const { at, lastAt, times, kind, author, section, name, detail } = act;
  const snapshot = config.current();
  const isThere =
    (section === "providers" || section === "keys" || section === "quotas") && snapshot[section].has(name ?? "");
  const isAdmins = kind === "signed in" || kind === "signed out";
  return {
    kind,
    tone: kind === "sign-in failed" ? "bad" : kind === "signed in" ? "ok" : "off",
    ...{ at, lastAt, times, actor: author.actor, origin: author.origin },
    what: section !== undefined ? `${section}: ${name}` : isAdmins ? "with the admin key" : null,
    href: isThere ? entityHref(`/console/${section}`, name ?? "") : null,
    detail: detail ?? null,
  };
}

const longest = 300;

/** Of a secret only how it ends. Null where there is nothing. */
function wordsOf(value: Json): string | null {
  if (value === null) return null;
  if (isKeep(value)) return `secret ending …${(value as { keep: string }).keep}`;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > longest ? `${text.slice(0, longest)}… (${text.length} characters)` : text;
}
