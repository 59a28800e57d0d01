/** The audit's acts: `GET /api/acts`, and telling it what the management API did beside the configuration. */
import { type Section, sections } from "../config/schema.ts";
import type { JsonObject } from "../model/json.ts";
import { type Act, type ActKind, type Acts, operations, placeOf, type StoredAct, signIns } from "../store/acts.ts";
import { page } from "./admin.ts";
import { invalid } from "./config-requests.ts";
import { json } from "./problem.ts";
import type { HttpRoute, Incoming } from "./route.ts";

export interface ActDeps {
  acts: Pick<Acts, "add" | "list">;
}

export function tellAct({ acts }: ActDeps, { address }: Incoming, act: Omit<Act, "author">): Promise<void> {
  return acts.add({ ...act, author: { actor: "api", origin: address } });
}

/** What the audit's page calls them. */
const groups: Readonly<Record<string, readonly ActKind[]>> = { "sign-ins": signIns, operations };
const kinds: readonly ActKind[] = [...signIns, ...operations];

/** `?limit&after`, `kind` (one, or a group of them), `section` and `name` of the entity that it concerns. */
export function actRoute({ acts }: ActDeps): HttpRoute {
  return {
    ...{ method: "GET", path: "/api/acts", access: "admin" },
    async run(incoming) {
      const { limit, after } = page(incoming);
      const query = new URL(incoming.request.url).searchParams;
      const name = query.get("name");
      // One more than fits, to know whether there are more.
      const found = await acts.list({
        limit: limit + 1,
        ...(after === undefined ? {} : { after: placeNamed(after) }),
        ...kindsNamed(query.get("kind")),
        ...sectionNamed(query.get("section")),
        ...(name === null ? {} : { name }),
      });
      const data = found.slice(0, limit);
      const last = data.at(-1);
      const next = found.length > limit && last ? placeOf(last) : null;
      return json({ data: data.map(actToJson), next }, incoming.requestId);
    },
  };
}

function actToJson({ id, at, lastAt, times, kind, author, section, name, detail }: StoredAct): JsonObject {
  const time = (value: number) => new Date(value).toISOString();
  return {
    ...{ id, at: time(at), last_at: time(lastAt), times, by: author.actor, from: author.origin, kind },
    ...{ section: section ?? null, name: name ?? null, detail: detail ?? null },
  };
}

function placeNamed(text: string): string {
  if (/^\d{1,15}\.[\w-]{1,40}$/.test(text)) return text;
  throw invalid("after", "must be the next of the page before");
}

function kindsNamed(text: string | null): { kinds?: readonly ActKind[] } {
  if (text === null) return {};
  const named = Object.hasOwn(groups, text) ? groups[text] : kinds.filter((kind) => kind === text);
  if (named && named.length > 0) return { kinds: named };
  throw invalid("kind", `must be one of ${[...Object.keys(groups), ...kinds].join(", ")}`);
}

function sectionNamed(text: string | null): { section?: Section } {
  if (text === null) return {};
  const all = Object.keys(sections) as Section[];
  const section = all.find((one) => one === text);
  if (section) return { section };
  throw invalid("section", `must be one of ${all.join(", ")}`);
}
