/**
 * The set-up: from nothing to the first request. Where somebody stands is seen from what is there, so that it can be left
 * and gone on with at any time.
 */
import { type SetupProps, setupPage, type Waiting, waitingPart } from "../../views/pages/setup.tsx";
import { demoId } from "../config/compile/provider.ts";
import { ConfigFaults } from "../config/faults.ts";
import { fieldsOf } from "../config/fields.ts";
import type { Key, Provider } from "../config/snapshot.ts";
import { GatewayError } from "../model/error.ts";
import type { RequestRecord } from "../model/record.ts";
import type { ConsoleDeps } from "./deps.ts";
import { authorOf, saveEntity, type Unsaved } from "./forms/edits.ts";
import { page, part, redirect } from "./page.ts";
import {
  cardsOf,
  custom,
  freeName,
  kindOf,
  type Posted,
  presetIn,
  readPosted,
  showForm,
  tryPosted,
} from "./providers/form.ts";
import type { ConsoleRoute, Visit } from "./route.ts";
import { shellOf } from "./shell.ts";
import { readForm } from "./sign-in.ts";

const path = "/console/setup";
const mostKeys = 50;

/** Is the set-up the first page to be seen? */
export async function isSetupDue({ config, setup }: ConsoleDeps): Promise<boolean> {
  // Where the database does not answer, the overview says so.
  return ownProviders({ config }).length === 0 && !(await setup.isSkipped().catch(() => true));
}

export function setupRoutes(deps: ConsoleDeps): ConsoleRoute[] {
  const post = (step: string, run: (visit: Visit, form: URLSearchParams) => Promise<Response>): ConsoleRoute => ({
    ...{ method: "POST", path: `${path}/${step}`, access: "session" },
    run: async (visit) => run(visit, await readForm(visit.request)),
  });
  return [
    { method: "GET", path, access: "session", run: (visit) => show(deps, visit, {}) },
    { method: "GET", path: `${path}/first`, access: "session", run: (visit) => firstPart(deps, visit) },
    post("provider", (visit, form) => postProvider(deps, visit, form)),
    post("models", (visit, form) => postModels(deps, visit, form)),
    post("key", (visit, form) => postKey(deps, visit, form)),
    post("send", (visit, form) => send(deps, visit, form)),
    post("skip", async (visit) => {
      await deps.setup.skip();
      return redirect(visit, "/console");
    }),
  ];
}

type Step = SetupProps["step"];

function ownProviders({ config }: Pick<ConsoleDeps, "config">): Provider[] {
  return [...config.current().providers.values()].filter(({ id }) => id !== demoId);
}

function ownAliases({ config }: ConsoleDeps): string[] {
  const aliases = [...new Set(config.current().aliases.values())];
  return aliases.filter(({ origin }) => origin !== "builtin").map(({ name }) => name);
}

function usableKeys({ config }: ConsoleDeps): Key[] {
  return [...config.current().keys.values()].filter(({ enabled }) => enabled);
}

/** Did a provider of one's own answer lately? */
async function wasServed({ listRequests }: ConsoleDeps): Promise<boolean> {
  const { data } = await listRequests({ limit: 50, result: "success" });
  return data.some(({ provider }) => provider !== null && provider !== demoId);
}

async function doneOf(deps: ConsoleDeps): Promise<Record<Step, boolean>> {
  return {
    provider: ownProviders(deps).length > 0,
    models: ownAliases(deps).length > 0,
    key: usableKeys(deps).length > 0,
    request: await wasServed(deps),
  };
}

interface Showing {
  step?: Step;
  posted?: Posted;
  unsaved?: Unsaved | undefined;
  /** Told once, on the answer to the POST that made it. */
  fresh?: { name: string; secret: string };
  problem?: string;
  waiting?: Waiting;
  chosen?: { model: string; key: string };
}

async function show(deps: ConsoleDeps, visit: Visit, showing: Showing): Promise<Response> {
  const done = await doneOf(deps);
  const wanted = visit.query.has("preset") ? "provider" : visit.query.get("step");
  const step = showing.step ?? stepOf(wanted, done);
  const { fresh, waiting, unsaved, problem } = showing;
  const body = setupPage({
    shell: shellOf(deps, visit, "/console"),
    csrf: visit.session?.csrf ?? "",
    ...{ step, done, problem: problem ?? null },
    isEncrypted: deps.facts.isEncrypted,
    provider: step === "provider" ? providerStep(deps, visit, showing) : null,
    models: step === "models" ? modelsStep(deps) : null,
    keys: usableKeys(deps).map(({ name }) => name),
    fresh: fresh ?? null,
    first: step === "request" ? await firstStep(deps, visit, { waiting, chosen: showing.chosen }) : null,
  });
  const status = unsaved?.status ?? (problem === undefined ? 200 : 422);
  return page(visit, body, { status, ...(fresh ? { headers: { "cache-control": "no-store" } } : {}) });
}

/** What was asked for, else the first that is not done. */
function stepOf(wanted: string | null, done: Record<Step, boolean>): Step {
  const steps = Object.keys(done) as Step[];
  return steps.find((step) => step === wanted) ?? steps.find((step) => !done[step]) ?? "request";
}

function providerStep(deps: ConsoleDeps, visit: Visit, { posted, unsaved }: Showing): SetupProps["provider"] {
  const id = posted?.typed.get("preset") ?? visit.query.get("preset");
  const preset = presetIn(deps, id);
  if (!preset) return { cards: cardsOf(deps), form: null };
  const frame = {
    ...{ action: `${path}/provider`, csrf: visit.session?.csrf ?? "", seen: 0, back: path },
    save: "Save and go on",
  };
  const form = showForm(deps, {
    ...{ kind: kindOf(preset, true), frame, unsaved },
    name: preset === custom ? "" : freeName(deps, preset.id),
    ...(posted ? { posted } : {}),
  });
  return { cards: [], form };
}

/** Models of all providers that have no alias of their name yet. */
function modelsStep(deps: ConsoleDeps): SetupProps["models"] {
  const { aliases } = deps.config.current();
  return ownProviders(deps).flatMap(({ id, models }) =>
    [...models.keys()].filter((model) => !aliases.has(model)).map((model) => ({ provider: id, model })),
  );
}

async function postProvider(deps: ConsoleDeps, visit: Visit, typed: URLSearchParams): Promise<Response> {
  const kind = kindOf(presetIn(deps, typed.get("preset")) ?? custom, true);
  const posted = readPosted(deps, visit, typed, kind);
  const again = { step: "provider", posted } as const;
  if (posted.isTest) return show(deps, visit, { ...again, unsaved: await tryPosted(deps, posted) });
  const place = { part: "providers" as const, name: posted.name, seen: 0 };
  const change = { patch: posted.value, faults: posted.faults, author: authorOf(visit) };
  const saving = await saveEntity(deps.editor, place, change);
  if ("unsaved" in saving) return show(deps, visit, { ...again, unsaved: saving.unsaved });
  deps.drafts.drop(posted.draft);
  const models = Object.keys(fieldsOf(posted.value.models));
  await addAliases(
    deps,
    visit,
    models.map((model) => ({ provider: posted.name, model })),
  );
  return redirect(visit, `${path}?step=${models.length > 0 ? "key" : "models"}`);
}

/** Aliases of the same names; one that is there stays as it is. */
async function addAliases(deps: ConsoleDeps, visit: Visit, targets: readonly { provider: string; model: string }[]) {
  const failed: string[] = [];
  for (const { provider, model } of targets) {
    if (deps.config.current().aliases.has(model)) continue;
    try {
      await deps.editor.create({ part: "aliases", name: model }, { targets: [{ provider, model }] }, authorOf(visit));
    } catch (error) {
      if (!(error instanceof ConfigFaults) && !(error instanceof GatewayError)) throw error;
      failed.push(`${model}: ${error.message}`);
    }
  }
  if (failed.length > 0)
    deps.notices.tell(visit, { tone: "warn", text: `Not every alias was made. ${failed.join("; ")}` });
}

async function postModels(deps: ConsoleDeps, visit: Visit, typed: URLSearchParams): Promise<Response> {
  const targets = typed.getAll("models").map((name) => {
    const slash = name.indexOf("/");
    return { provider: name.slice(0, slash), model: name.slice(slash + 1) };
  });
  const byHand = (typed.get("by_hand") ?? "").split(/\s+/).filter((model) => model !== "");
  const [first] = ownProviders(deps);
  const others = first ? byHand.map((model) => ({ provider: first.id, model })) : [];
  if (targets.length + others.length === 0) {
    return show(deps, visit, { step: "models", problem: "Tick a model, or type the name of one in." });
  }
  await addAliases(deps, visit, [...targets, ...others]);
  return redirect(visit, `${path}?step=key`);
}

async function postKey(deps: ConsoleDeps, visit: Visit, typed: URLSearchParams): Promise<Response> {
  const name = (typed.get("name") ?? "").trim();
  const place = { part: "keys" as const, name, seen: 0 };
  const saving = await saveEntity(deps.editor, place, { patch: {}, faults: [], author: authorOf(visit) });
  if ("unsaved" in saving) {
    const problem = saving.unsaved.problems.map(({ message }) => message).join("; ");
    return show(deps, visit, { step: "key", problem });
  }
  deps.log.info("a key was made in the console", { key: name, address: visit.address, request: visit.requestId });
  const chosen = { model: ownAliases(deps)[0] ?? demoId, key: name };
  return show(deps, visit, { step: "request", fresh: { name, secret: saving.saved.secret ?? "" }, chosen });
}

async function firstStep(
  deps: ConsoleDeps,
  visit: Visit,
  { waiting, chosen }: { waiting: Waiting | undefined; chosen: Showing["chosen"] },
): Promise<SetupProps["first"]> {
  const models = ownAliases(deps);
  const { publicUrl } = deps.config.current().settings;
  const keys = usableKeys(deps)
    .map(({ name }) => name)
    .slice(0, mostKeys);
  return {
    ...{ models, keys, baseUrl: publicUrl ?? visit.origin, protocols: deps.protocols.toReversed() },
    model: chosen?.model ?? models[0] ?? demoId,
    key: chosen?.key ?? keys[0] ?? "",
    waiting: waiting ?? (await waitingNow(deps)),
  };
}

/** The newest request that the built-in provider has not answered. */
async function waitingNow({ listRequests }: ConsoleDeps): Promise<Waiting> {
  const { data } = await listRequests({ limit: 50 });
  const shown = data.find(({ provider }) => provider !== demoId);
  return { request: shown ? lineOf(shown) : null };
}

function lineOf(record: RequestRecord): NonNullable<Waiting["request"]> {
  const { id, status, code, attempts, interrupted, totalMs, costNano, target, errors } = record;
  return {
    ...{ id, status, code, attempts, interrupted, totalMs, costNano, target },
    message: errors.at(-1)?.message ?? null,
  };
}

async function firstPart(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  return part(visit, waitingPart(await waitingNow(deps)));
}

async function send(deps: ConsoleDeps, visit: Visit, typed: URLSearchParams): Promise<Response> {
  const key = deps.config.current().keys.get(typed.get("key") ?? "") ?? usableKeys(deps)[0];
  const model = typed.get("model") ?? ownAliases(deps)[0] ?? demoId;
  if (!key)
    return show(deps, visit, { step: "key", problem: "There is no key yet that a request could be made with." });
  const { requestId, message } = await deps.supply.send({ key, model, address: visit.address });
  const record = await deps.findRequest(requestId);
  const chosen = { model, key: key.name };
  if (!record) return show(deps, visit, { step: "request", problem: message || "The request left no row.", chosen });
  return show(deps, visit, { step: "request", waiting: { request: lineOf(record) }, chosen });
}
