/** The first page: is it fine, what changed, and how do I send a request? */
import { badges } from "../../views/layout.tsx";
import { type HomeProps, homePage, overviewParts } from "../../views/pages/home.tsx";
import { listAddress } from "../../views/parts/filters.tsx";
import { clockOf, money } from "../../views/parts/format.ts";
import { demoId } from "../config/compile/provider.ts";
import type { Snapshot } from "../config/snapshot.ts";
import { nextTurn } from "../kit/turn.ts";
import { attentionOf } from "./attention.ts";
import type { ConsoleDeps } from "./deps.ts";
import { createOverview, type Named, type Overview, type OverviewRange, overviewRanges } from "./overview.ts";
import { barsOf, figuresOf, stripOf } from "./overview-cards.ts";
import { page, part, redirect, wantsPart } from "./page.ts";
import { hourMs } from "./range.ts";
import type { ConsoleRoute, Visit } from "./route.ts";
import { isSetupDue } from "./setup.ts";
import { shellOf } from "./shell.ts";

const setupPath = "/console/setup";
const mostTop = 5;
const mostRecent = 8;

export interface HomeDeps extends ConsoleDeps {
  /** Is there such a page? */
  hasPage(path: string): boolean;
}

export function homeRoutes(deps: HomeDeps): ConsoleRoute[] {
  const overview = createOverview(deps);
  return [
    { method: "GET", path: "/console", access: "session", run: (visit) => home(deps, overview, visit) },
    { method: "GET", path: "/console/badges", access: "session", run: (visit) => part(visit, badges(deps.badges())) },
  ];
}

async function home(deps: HomeDeps, overview: Overview, visit: Visit): Promise<Response> {
  if (!wantsPart(visit) && (await isSetupDue(deps))) return redirect(visit, setupPath);
  const { facts, protocols } = deps;
  const config = deps.config.current();
  const chosen = overviewRanges.find(({ value }) => value === visit.query.get("range")) ?? overviewRanges[1];
  const live = await liveOf(deps, overview, chosen);
  if (wantsPart(visit)) return part(visit, overviewParts(live));
  // What was found is worked on in one turn, and printed in another.
  await nextTurn();
  const body = homePage({
    ...live,
    shell: shellOf(deps, visit, "/console"),
    ranges: overviewRanges,
    version: facts.version,
    uptimeMs: Date.now() - facts.startedAt,
    database: facts.database,
    isEncrypted: facts.isEncrypted,
    providers: [...config.providers.keys()].filter((id) => id !== demoId).length,
    setup: deps.hasPage(setupPath) ? setupPath : null,
    baseUrl: visit.origin,
    model: firstModel(config),
    // The list ends with the one that most clients speak.
    protocols: protocols.toReversed(),
  });
  return page(visit, body);
}

type Live = Parameters<typeof overviewParts>[0];

/** Each card by itself: what cannot be loaded is null, and says so in its place. */
async function liveOf(deps: HomeDeps, overview: Overview, chosen: (typeof overviewRanges)[number]): Promise<Live> {
  const zone = deps.config.current().settings.timezone;
  const clock = clockOf(zone);
  const range: OverviewRange = chosen.value;
  const card = <T>(made: Promise<T>) => made.catch((error: unknown) => failed(deps, error));
  const [attention, whole, keys, aliases, days, recent] = await Promise.all([
    attentionOf({ known: deps, overview, clock }),
    card(overview.whole(range)),
    card(overview.top("key", range)),
    card(overview.top("alias", range)),
    card(overview.providerDays()),
    card(deps.listRequests({ limit: mostRecent })),
  ]);
  return {
    ...{ zone, range, rangeWords: chosen.words, running: deps.operations.running.count },
    attention: { ...attention, at: clock.short(Date.now()) },
    figures: whole && figuresOf(whole, chosen.words),
    bars: whole && barsOf(whole, clock, deps.usage.dayOf),
    tops: [
      topOf("key", keys, range),
      topOf("alias", aliases, range),
      topOf("provider", whole?.providers ?? null, range),
    ],
    strip: days && stripOf(days, { providers: deps.config.current().providers, cooled: deps.cooldowns.list(), clock }),
    recent: recent?.data ?? null,
  };
}

function failed({ log }: HomeDeps, error: unknown): null {
  log.error("a card of the overview could not be loaded", { error });
  return null;
}

const titles = { key: "Keys", alias: "Aliases", provider: "Providers" } as const;

function topOf(
  by: keyof typeof titles,
  named: readonly Named[] | null,
  range: OverviewRange,
): HomeProps["tops"][number] {
  const from = new Date(Date.now() - spans[range]).toISOString();
  const lines = named?.slice(0, mostTop).map(({ name, sum }) => ({
    ...{ name, requests: sum.requests, href: listAddress({ [by]: name === "" ? "-" : name, from }) },
    cost: sum.costNano === 0 && sum.unpriced > 0 ? money(null) : money(sum.costNano),
  }));
  // The page of usage has no last hour.
  const href = `/console/usage?by=${by}&range=${range === "1h" ? "24h" : range}`;
  return { title: `${titles[by]} by cost`, href, lines: lines ?? null };
}

const spans: Record<OverviewRange, number> = {
  "1h": hourMs,
  "24h": 24 * hourMs,
  "7d": 7 * 24 * hourMs,
  "30d": 30 * 24 * hourMs,
};

/** `demo` where it is listed, else any alias. */
export function firstModel(config: Snapshot): string {
  const [first] = config.aliases.keys();
  return config.aliases.has("demo") ? "demo" : (first ?? "demo");
}
