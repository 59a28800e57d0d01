/** What on the overview needs somebody: one line each, with its number and the one thing to do. */
import type { AttentionLine } from "../../views/parts/attention.tsx";
import { listAddress } from "../../views/parts/filters.tsx";
import { type Clock, percent, whole } from "../../views/parts/format.ts";
import type { UsageSum } from "../model/usage-sum.ts";
import type { ConsoleDeps } from "./deps.ts";
import { mendingOf, spotOf } from "./mending.ts";
import type { Overview } from "./overview.ts";

type Known = Pick<ConsoleDeps, "cooldowns" | "quotas" | "refusals" | "facts" | "config">;

export interface Attentive {
  known: Known;
  overview: Overview;
  clock: Clock;
}

/** Of one kind; more of them are counted. */
const mostOfKind = 5;
/** Fewer requests say nothing of a share. */
const leastRequests = 10;
/** Below that, errors are everyday life. */
const leastShare = 0.05;
const timesNorm = 2;

/** `failed` names what could not be looked at. */
export async function attentionOf(asking: Attentive): Promise<{ lines: AttentionLine[]; failed: string[] }> {
  const kinds: [string, (asking: Attentive) => AttentionLine[] | Promise<AttentionLine[]>][] = [
    ["the configuration", notInForce],
    ["cooldowns", cooling],
    ["error rates", failing],
    ["quotas", spending],
    ["prices", unpriced],
    ["refused parameters", refused],
    ["warnings of the configuration", warned],
    ["secrets", unencrypted],
  ];
  const failed: string[] = [];
  const found = await Promise.all(
    kinds.map(async ([name, look]) => {
      try {
        return await look(asking);
      } catch {
        failed.push(name);
        return [];
      }
    }),
  );
  return { lines: found.flat(), failed };
}

function limited(lines: AttentionLine[], rest: (count: number) => AttentionLine): AttentionLine[] {
  if (lines.length <= mostOfKind) return lines;
  return [...lines.slice(0, mostOfKind), rest(lines.length - mostOfKind)];
}

function notInForce({ known }: Attentive): AttentionLine[] {
  const faults = known.config.refused();
  if (faults.length === 0) return [];
  return [
    {
      tone: "bad",
      text: "The newest configuration is not valid, so the one before it holds",
      number: faults.length === 1 ? "1 fault" : `${whole(faults.length)} faults`,
      action: { href: "/console/system#refused", words: "See what is wrong" },
    },
  ];
}

function warned({ known }: Attentive): AttentionLine[] {
  const snapshot = known.config.current();
  return limited(
    snapshot.warnings.map(({ path, message }) => ({
      tone: "warn",
      text: `${path}: ${message}`,
      number: spotOf(snapshot, path)?.origin === "file" ? "in the file" : "configuration",
      action: mendingOf(snapshot, path),
    })),
    (count) => ({
      tone: "warn",
      text: "The configuration warns of more",
      number: whole(count),
      action: { href: "/console/system#warnings", words: "See the warnings" },
    }),
  );
}

function cooling({ known, clock }: Attentive): AttentionLine[] {
  const action = { href: "/console/cooldowns", words: "See the cooldown" };
  const lines = known.cooldowns.list().filter(({ state }) => state === "cooled");
  return limited(
    lines.map(({ scope, provider, model, until, reason }) => ({
      tone: "warn",
      text: `${scope === "model" ? `${provider}/${model ?? ""}` : provider} is cooling down (${reason})`,
      number: `until ${clock.short(Date.parse(until))}`,
      action,
    })),
    (count) => ({
      tone: "warn",
      text: "Other targets are cooling down",
      number: whole(count),
      action: { ...action, words: "See the cooldowns" },
    }),
  );
}

function share({ failed, requests }: UsageSum): number {
  return requests === 0 ? 0 : failed / requests;
}

async function failing({ overview }: Attentive): Promise<AttentionLine[]> {
  const [days, norm] = await Promise.all([overview.providerDays(), overview.norm()]);
  return days.flatMap(({ name, lastHour }): AttentionLine[] => {
    const usual = norm.get(name);
    const before = usual === undefined ? 0 : share(usual);
    const isMore = share(lastHour) > Math.max(leastShare, timesNorm * before);
    if (name === "" || lastHour.requests < leastRequests || !isMore) return [];
    const was = usual === undefined ? "" : `, ${percent(usual.failed, usual.requests)} in the week before`;
    return [
      {
        tone: "bad",
        text: `${name} fails more often than usual`,
        number: `${percent(lastHour.failed, lastHour.requests)} in the last hour${was}`,
        action: {
          href: listAddress({ provider: name, result: "failed", range: "1h", group: "cause" }),
          words: "See the causes",
        },
      },
    ];
  });
}

async function spending({ known }: Attentive): Promise<AttentionLine[]> {
  const quotas = await known.quotas();
  const lines = quotas.flatMap(({ name, counters }) =>
    counters.flatMap(({ key, level, used, reserved, limit }): AttentionLine[] => {
      if (level === "ok") return [];
      const whose = key === null ? `The keys of ${name}` : `The key ${key}`;
      const text =
        level === "spent" ? `${whose} used up the quota ${name}` : `${whose} nearly used up the quota ${name}`;
      const action = { href: `/console/quotas/${encodeURIComponent(name)}`, words: "See the quota" };
      const number = percent(Math.min(used + reserved, limit), limit);
      return [{ tone: level === "spent" ? "bad" : "warn", text, number, action }];
    }),
  );
  return limited(lines, (count) => ({
    tone: "warn",
    text: "Other keys have nearly used up a quota, or wholly",
    number: whole(count),
    action: { href: "/console/quotas", words: "See the quotas" },
  }));
}

async function unpriced({ overview }: Attentive): Promise<AttentionLine[]> {
  const models = await overview.unpriced();
  const [first] = models;
  if (!first) return [];
  const requests = models.reduce((sum, one) => sum + one.sum.unpriced, 0);
  const text = models.length === 1 ? `${first.name} has no price` : `${whole(models.length)} models have no price`;
  return [
    {
      tone: "warn",
      text: `${text}, so costs are not fully known`,
      number: `${whole(requests)} ${requests === 1 ? "request" : "requests"} in 24 h`,
      action: { href: "/console/usage?by=model&range=24h&measure=requests", words: "See the models" },
    },
  ];
}

function refused({ known }: Attentive): AttentionLine[] {
  const all = known.refusals();
  const [first] = all;
  if (!first) return [];
  const { provider, model, parameter } = first;
  return [
    {
      tone: "warn",
      text:
        all.length === 1
          ? `${provider}/${model} refuses the parameter ${parameter}, so requests go there without it`
          : "Targets refuse parameters, so requests go there without them",
      number: whole(all.length),
      action: { href: "/console/cooldowns#refused", words: "See what is left out" },
    },
  ];
}

/** Secrets of the configuration file are in the file anyway. */
function unencrypted({ known }: Attentive): AttentionLine[] {
  if (known.facts.isEncrypted) return [];
  const stored = [...known.config.current().providers.values()].filter(
    ({ origin, apiKey }) => origin === "database" && apiKey !== undefined,
  );
  if (stored.length === 0) return [];
  return [
    {
      tone: "warn",
      text: "Keys of providers are stored without encryption",
      number: stored.length === 1 ? "1 provider" : `${whole(stored.length)} providers`,
      action: { href: "#state", words: "See how to turn it on" },
    },
  ];
}
