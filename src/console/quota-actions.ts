/** What is done with a quota beside changing it: counted anew, given to keys, looked at before a limit holds. */
import { confirmPage } from "../../views/pages/confirm.tsx";
import type { QuotaCard } from "../../views/pages/quotas.tsx";
import { type Fields, fieldsOf, mergePatch } from "../config/fields.ts";
import { GatewayError } from "../model/error.ts";
import { quotaRecounted } from "../store/act-words.ts";
import type { ConsoleDeps } from "./deps.ts";
import { authorOf } from "./forms/edits.ts";
import { entityPath, nameOf } from "./forms/pages.ts";
import { page, redirect } from "./page.ts";
import { quotasPath } from "./paths.ts";
import type { ConsoleRoute, Visit } from "./route.ts";
import { shellOf } from "./shell.ts";
import { readForm } from "./sign-in.ts";

const recounts = {
  reset: {
    to: "nothing",
    go: "Reset it",
    done: "is counted from nothing now",
    effects: ["What was counted in its present window is forgotten, for all of its keys.", "The sums of usage stay."],
  },
  recompute: {
    to: "rows",
    go: "Recompute it",
    done: "is counted anew from the requests of its keys",
    effects: [
      "What it counts becomes what the stored requests of its keys say, for its present window.",
      "A reset within that window is undone by this.",
    ],
  },
} as const;

export function quotaActionRoutes(deps: ConsoleDeps): ConsoleRoute[] {
  const one = `${quotasPath}/:name`;
  const recountRoutes = (["reset", "recompute"] as const).flatMap((action): ConsoleRoute[] => [
    { method: "GET", path: `${one}/${action}`, access: "session", run: (visit) => ask(deps, visit, action) },
    { method: "POST", path: `${one}/${action}`, access: "session", run: (visit) => recount(deps, visit, action) },
  ]);
  return [
    ...recountRoutes,
    { method: "POST", path: `${one}/keys`, access: "session", run: (visit) => assign(deps, visit) },
  ];
}

function quotaIn({ config }: ConsoleDeps, visit: Visit) {
  const name = nameOf(visit);
  const quota = config.current().quotas.get(name);
  if (quota) return quota;
  throw new GatewayError("not-found", `There is no quota ${JSON.stringify(name)}.`);
}

function ask(deps: ConsoleDeps, visit: Visit, action: keyof typeof recounts): Response {
  const { name } = quotaIn(deps, visit);
  const own = entityPath(quotasPath, name);
  const body = confirmPage({
    shell: shellOf(deps, visit, quotasPath),
    csrf: visit.session?.csrf ?? "",
    title: `${action === "reset" ? "Reset" : "Recompute"} the quota ${name}?`,
    ...{ effects: recounts[action].effects, go: recounts[action].go, isDangerous: action === "reset" },
    ...{ action: `${own}/${action}`, back: own },
  });
  return page(visit, body);
}

async function recount(deps: ConsoleDeps, visit: Visit, action: keyof typeof recounts): Promise<Response> {
  const quota = quotaIn(deps, visit);
  const { to, done } = recounts[action];
  await deps.operations.recount(quota, to);
  await deps.acts.add({ ...quotaRecounted(quota.name, { to }), author: authorOf(visit) });
  deps.log.info(`a quota was ${action === "reset" ? "reset" : "recomputed"} in the console`, {
    ...{ quota: quota.name, address: visit.address, request: visit.requestId },
  });
  deps.notices.tell(visit, { tone: "ok", text: `The quota ${quota.name} ${done}.` });
  return redirect(visit, entityPath(quotasPath, quota.name));
}

/** The keys that are ticked have the quota, the others have it no more. Those of the file stay as they are. */
async function assign(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const { name } = quotaIn(deps, visit);
  const form = await readForm(visit.request);
  const ticked = new Set(form.getAll("key"));
  const shown = new Set(form.getAll("shown"));
  let changed = 0;
  for (const key of deps.config.current().keys.values()) {
    const has = key.quotas.includes(name);
    // Keys that the page did not show are nobody's choice.
    if (key.origin !== "database" || !shown.has(key.name) || has === ticked.has(key.name)) continue;
    const quotas = has ? key.quotas.filter((one) => one !== name) : [...key.quotas, name];
    await deps.editor.patch({ part: "keys", name: key.name }, { quotas }, authorOf(visit));
    changed++;
  }
  const text =
    changed === 0 ? "No key was changed." : `${changed === 1 ? "One key was" : `${changed} keys were`} changed.`;
  deps.notices.tell(visit, { tone: changed === 0 ? "warn" : "ok", text });
  return redirect(visit, entityPath(quotasPath, name));
}

/** What a change of the limit would do now, in words. */
export async function previewOf(
  deps: ConsoleDeps,
  name: string,
  change: { stored: unknown; patch: Fields },
): Promise<string> {
  const card = (await deps.quotas()).find((quota) => quota.name === name);
  if (!card) return "The quota is not in force yet.";
  const before = fieldsOf(change.stored);
  const after = fieldsOf(mergePatch(before, change.patch));
  const isOther = (["unit", "window", "period", "shared"] as const).some((field) => before[field] !== after[field]);
  if (isOther) {
    return "Counted in another way, the quota begins anew: nobody would be blocked at once. Recompute it afterwards to count what was used before.";
  }
  const limit = Number(after.limit) * (card.unit === "cost" ? 1e9 : 1);
  if (!(limit > 0)) return "A limit is a number above 0.";
  return blockedWords(card, limit);
}

function blockedWords({ counters, keys }: QuotaCard, limit: number): string {
  const over = counters.filter(({ used, reserved }) => used + reserved >= limit);
  const isShared = counters.some(({ key }) => key === null);
  const blocked = isShared && over.length > 0 ? keys : over.flatMap(({ key }) => (key === null ? [] : [key]));
  const named = blocked.length === 0 ? "" : `: ${blocked.slice(0, 20).join(", ")}${blocked.length > 20 ? ", …" : ""}`;
  return `With this limit, ${blocked.length} of ${keys.length} ${keys.length === 1 ? "key" : "keys"} would be blocked now${named}.`;
}
