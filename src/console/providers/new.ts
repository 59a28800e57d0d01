/** Adding a provider: of a family, of none, or like another. */
import { choosePage, newProviderPage } from "../../../views/pages/provider-new.tsx";
import { type Fields, fieldsOf, mapFields } from "../../config/fields.ts";
import { isKeep } from "../../config/secret-places.ts";
import type { ConsoleDeps } from "../deps.ts";
import { authorOf, saveEntity, seenIn, type Unsaved } from "../forms/edits.ts";
import { entityPath, savedNotice } from "../forms/pages.ts";
import { page, redirect } from "../page.ts";
import type { ConsoleRoute, Visit } from "../route.ts";
import { shellOf } from "../shell.ts";
import { readForm } from "../sign-in.ts";
import {
  cardsOf,
  custom,
  freeName,
  type Kind,
  kindOf,
  type Posted,
  presetIn,
  readPosted,
  showForm,
  tryPosted,
} from "./form.ts";
import { providersPath } from "./paths.ts";

const path = `${providersPath}/new`;

export function newProviderRoutes(deps: ConsoleDeps): ConsoleRoute[] {
  return [
    { method: "GET", path, access: "session", run: (visit) => begin(deps, visit) },
    { method: "POST", path, access: "session", run: (visit) => posted(deps, visit) },
  ];
}

async function begin(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const from = visit.query.get("from");
  const model = from === null ? undefined : await deps.editor.find("providers", from);
  if (model) {
    const value = withoutSecrets(fieldsOf(model.value));
    const kind = { preset: { ...custom, label: `Like ${model.name}` }, isShort: false, value };
    return show(deps, visit, { kind, from: model.name });
  }
  const preset = presetIn(deps, visit.query.get("preset"));
  if (preset) return show(deps, visit, { kind: kindOf(preset, false), from: null });
  return page(visit, choosePage({ shell: shellOf(deps, visit, providersPath), cards: cardsOf(deps) }));
}

/** Of a copy, secrets are typed in anew. */
function withoutSecrets(value: Fields): Fields {
  const kept = Object.entries(value).filter(([, member]) => !isKeep(member));
  return mapFields(Object.fromEntries(kept), (member) =>
    typeof member === "object" && member !== null && !Array.isArray(member) ? withoutSecrets(fieldsOf(member)) : member,
  );
}

interface Shown {
  kind: Kind;
  from: string | null;
  posted?: Posted;
  unsaved?: Unsaved | undefined;
}

function show(deps: ConsoleDeps, visit: Visit, { kind, from, posted, unsaved }: Shown): Response {
  const { preset } = kind;
  const frame = { action: path, csrf: visit.session?.csrf ?? "", seen: 0, save: "Add provider", back: providersPath };
  const wanted = from ?? (preset === custom ? "" : preset.id);
  const form = showForm(deps, {
    ...{ kind, frame, unsaved, name: wanted === "" ? "" : freeName(deps, wanted) },
    ...(posted ? { posted } : {}),
  });
  const body = newProviderPage({ shell: shellOf(deps, visit, providersPath), form: withModels(form, kind), from });
  return page(visit, body, { status: unsaved?.status ?? 200 });
}

/** A copy begins with the models of what it is a copy of. */
function withModels(form: ReturnType<typeof showForm>, { value }: Kind): ReturnType<typeof showForm> {
  const names = Array.isArray(value.models) ? value.models.map(String) : Object.keys(fieldsOf(value.models));
  if (form.draft !== "" || names.length === 0) return form;
  return { ...form, byHand: { ...form.byHand, values: [names.join("\n")] } };
}

/** The order of the fields is that of the protocols, which counts. */
function postedKind(deps: ConsoleDeps, typed: URLSearchParams): Kind {
  const kind = kindOf(presetIn(deps, typed.get("preset")) ?? custom, false);
  if (kind.preset !== custom) return kind;
  const filled = [...typed].filter(([name, url]) => name.startsWith("protocols.") && url.trim() !== "");
  return { ...kind, value: { protocols: Object.fromEntries(filled.map(([name, url]) => [name.slice(10), url])) } };
}

async function posted(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const typed = await readForm(visit.request);
  const kind = postedKind(deps, typed);
  const read = readPosted(deps, visit, typed, kind);
  const again = { kind, from: null, posted: read };
  if (read.isTest) return show(deps, visit, { ...again, unsaved: await tryPosted(deps, read) });
  const place = { part: "providers" as const, name: read.name, seen: seenIn(typed) };
  const { value, faults } = read;
  const saving = await saveEntity(deps.editor, place, { patch: value, faults, author: authorOf(visit) });
  if ("unsaved" in saving) return show(deps, visit, { ...again, unsaved: saving.unsaved });
  deps.drafts.drop(read.draft);
  deps.notices.tell(visit, savedNotice(read.name, saving.saved));
  return redirect(visit, entityPath(providersPath, read.name));
}
