/** What failed of what, as Markdown for people elsewhere: counts, times, names and ids; no bodies, no words of anybody. */
import { causeOf } from "./diagnosis.tsx";
import type { Filters } from "./filters.tsx";
import { type Clock, whole } from "./format.ts";

/** Requests of one name, null for those without one. */
export interface Counted {
  name: string | null;
  count: number;
}

export interface SummedCause {
  provider: string | null;
  code: string;
  upstreamStatus: number | null;
  count: number;
  /** Epoch milliseconds. */
  firstAt: number;
  lastAt: number;
  keys: readonly Counted[];
  aliases: readonly Counted[];
  targets: readonly Counted[];
  /** Id of the newest. */
  newest: string;
}

export interface Summed {
  causes: readonly SummedCause[];
  /** How many there are, and failures in all of them. */
  groups: number;
  failures: number;
  /** In words, where not all were counted. */
  bounds: readonly string[];
  filters: Filters;
  clock: Clock;
}

const mostNames = 4;

/** With the year, without parts of a second. */
export function timeOf(clock: Clock, at: number): string {
  return clock.long(at).replace(/\.\d+$/, "");
}

/** `web (300), cron (12) and 3 more`; nothing where none has a name. */
function fewOf(names: readonly Counted[], none: string, show = (name: string) => name): string | null {
  if (names.every(({ name }) => name === null)) return null;
  const told = names
    .slice(0, mostNames)
    .map(({ name, count }) => `${name === null ? none : show(name)} (${whole(count)})`);
  const rest = names.length - told.length;
  return `${told.join(", ")}${rest > 0 ? ` and ${whole(rest)} more` : ""}`;
}

/** Whom it hit, as far as that has names. */
export function whomOf(
  { keys, aliases, targets }: SummedCause,
  show?: (name: string) => string,
): { name: string; few: string }[] {
  const all = [
    { name: "Keys", few: fewOf(keys, "without a key", show) },
    { name: "Aliases", few: fewOf(aliases, "without an alias", show) },
    { name: "Models", few: fewOf(targets, "none", show) },
  ];
  return all.flatMap(({ name, few }) => (few === null ? [] : [{ name, few }]));
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${whole(count)} ${count === 1 ? one : many}`;
}

export function incidentSummary({ causes, groups, failures, bounds, filters, clock }: Summed): string {
  const title = `# ${plural(failures, "failed request")}, ${plural(groups, "cause")}`;
  if (causes.length === 0) return `${title}\n`;
  const first = Math.min(...causes.map(({ firstAt }) => firstAt));
  const last = Math.max(...causes.map(({ lastAt }) => lastAt));
  const lines = [
    title,
    "",
    `- ${timeOf(clock, first)} to ${timeOf(clock, last)} (${clock.zone})`,
    ...narrowed(filters),
    ...bounds.map((words) => `- ${words}`),
    ...causes.flatMap((cause, at) => ["", ...sectionOf(cause, at, clock)]),
  ];
  const more = groups - causes.length;
  return `${[...lines, ...(more > 0 ? ["", `And ${plural(more, "cause")} with fewer failures.`] : [])].join("\n")}\n`;
}

/** What somebody looked for may be anything, so it is not told. */
function narrowed({ group: _group, q, ...filters }: Filters): string[] {
  const told = Object.entries(filters).flatMap(([name, value]) => (value ? [`${name} ${code(value)}`] : []));
  const all = [...told, ...(q ? ["a query"] : [])];
  return all.length === 0 ? [] : [`- Narrowed down by ${all.join(", ")}`];
}

function sectionOf(cause: SummedCause, at: number, clock: Clock): string[] {
  const { provider, upstreamStatus, count, firstAt, lastAt } = cause;
  const status = upstreamStatus === null ? "" : `, the provider answered ${upstreamStatus}`;
  const who = provider === null ? "before any provider" : code(provider);
  const means = causeOf(cause.code)?.means;
  return [
    `## ${at + 1}. ${who}: ${cause.code}${status}`,
    "",
    `- ${plural(count, "failure")}, ${timeOf(clock, firstAt)} to ${timeOf(clock, lastAt)}`,
    ...(means === undefined ? [] : [`- ${means}`]),
    ...whomOf(cause, code).map(({ name, few }) => `- ${name}: ${few}`),
    `- Newest request: ${code(cause.newest)}`,
  ];
}

/** A name may be spelled in any way, and must not be Markdown. */
function code(text: string): string {
  return `\`${text.replace(/[`\p{Cc}]/gu, "'")}\``;
}
