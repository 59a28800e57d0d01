/** The settings: what each is, and changing those of one topic. */
import { settingsPage, settingsTopicPage } from "../../views/pages/settings.tsx";
import type { FieldState } from "../../views/parts/form.tsx";
import { fieldsOf, memberAt } from "../config/fields.ts";
import { settings as schema, settingsNotInForce } from "../config/schema/settings.ts";
import type { Fault } from "../config/snapshot.ts";
import { GatewayError } from "../model/error.ts";
import type { ShownSettings } from "../store/config-editor.ts";
import { appearanceRoutes } from "./appearance.ts";
import type { ConsoleDeps } from "./deps.ts";
import { authorOf, saveEntity, seenIn, tellProblems, type Unsaved } from "./forms/edits.ts";
import { readFields, showFields } from "./forms/fields.ts";
import { savedNotice } from "./forms/pages.ts";
import { page, redirect } from "./page.ts";
import { settingsPath } from "./paths.ts";
import { priceRoutes } from "./prices.ts";
import type { ConsoleRoute, Visit } from "./route.ts";
import { type Topic, topicsOf } from "./settings-topics.ts";
import { shellOf } from "./shell.ts";
import { readForm } from "./sign-in.ts";

export function settingsRoutes(deps: ConsoleDeps): ConsoleRoute[] {
  const one = `${settingsPath}/:topic`;
  return [
    { method: "GET", path: settingsPath, access: "session", run: (visit) => index(deps, visit) },
    ...appearanceRoutes(deps),
    ...priceRoutes(deps),
    { method: "GET", path: one, access: "session", run: (visit) => show(deps, visit) },
    { method: "POST", path: one, access: "session", run: (visit) => save(deps, visit) },
  ];
}

function topics({ config }: ConsoleDeps): Topic[] {
  const { aliases, settings } = config.current();
  const timezones = new Set(["UTC", ...Intl.supportedValuesOf("timeZone"), settings.timezone]);
  return topicsOf({ aliases: [...aliases.keys()].sort(), timezones: [...timezones] });
}

async function index(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const shown = await deps.editor.settings();
  const body = settingsPage({
    shell: shellOf(deps, visit, settingsPath),
    topics: topics(deps).map(({ name, title, about, specs }) => ({
      ...{ name, title, about },
      isInForce: specs.some(({ path }) => isInForce(path)),
      set: specs.filter(({ path }) => sourceOf(shown, path) !== "default").map(({ label }) => label),
    })),
  });
  return page(visit, body);
}

function topicIn(deps: ConsoleDeps, { parameters }: Visit): Topic {
  const found = topics(deps).find(({ name }) => name === parameters.topic);
  if (found) return found;
  throw new GatewayError("not-found", "There are no settings of this name.");
}

type Source = "file" | "database" | "default";

function sourceOf({ value, file }: ShownSettings, path: string): Source {
  const at = path.split(".");
  if (memberAt(file, at) !== undefined) return "file";
  return memberAt(value, at) === undefined ? "default" : "database";
}

async function show(
  deps: ConsoleDeps,
  visit: Visit,
  again?: { typed: URLSearchParams; unsaved: Unsaved },
): Promise<Response> {
  const { name, title, about, specs } = topicIn(deps, visit);
  const settings = await deps.editor.settings();
  const { typed, unsaved } = again ?? {};
  const shown = {
    schema,
    value: fieldsOf(settings.value),
    fixed: settings.file,
    ...(typed ? { typed } : {}),
    ...unsaved,
  };
  const fields = showFields(specs, shown).map((field) => withSource(field, settings));
  const body = settingsTopicPage({
    shell: shellOf(deps, visit, settingsPath),
    frame: {
      action: `${settingsPath}/${name}`,
      csrf: visit.session?.csrf ?? "",
      seen: unsaved?.seen ?? settings.version ?? 0,
      problems: unsaved ? tellProblems(unsaved, fields) : [],
      save: "Save",
      back: settingsPath,
    },
    ...{ title, about, fields },
  });
  return page(visit, body, { status: unsaved?.status ?? 200 });
}

/** Is a setting, or a group of settings, meant by a warning's path? */
function isOf(setting: string, warned: string): boolean {
  return `settings.${setting}.`.startsWith(`${warned}.`) || warned.startsWith(`settings.${setting}.`);
}

function isInForce(path: string): boolean {
  return !Object.keys(settingsNotInForce).some((one) => path === one || path.startsWith(`${one}.`));
}

/** Each field says what holds without it, and who set it. */
function withSource(field: FieldState, settings: ShownSettings): FieldState {
  const normal = field.limits.placeholder ?? "nothing";
  const said = field.kind === "switch" ? (normal === "true" ? "on" : "off") : normal;
  const source = { file: "", database: " Set here or through the API.", default: " Not set." }[
    sourceOf(settings, field.name)
  ];
  const mark = isInForce(field.name) ? "" : "Accepted and kept, but not in force yet. ";
  return { ...field, help: `${mark}${field.help === undefined ? "" : `${field.help} `}Default: ${said}.${source}` };
}

async function save(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const { name, title, specs } = topicIn(deps, visit);
  const typed = await readForm(visit.request);
  const { value, file } = await deps.editor.settings();
  const faults: Fault[] = [];
  const patch = readFields(specs, typed, { schema, value: fieldsOf(value), fixed: file }, faults);
  const place = { part: "settings" as const, name: "settings", seen: seenIn(typed) };
  const saving = await saveEntity(deps.editor, place, { patch, faults, author: authorOf(visit) });
  if ("unsaved" in saving) return show(deps, visit, { typed, unsaved: saving.unsaved });
  // Of settings all warnings are told, whichever was changed: here are those of this page.
  const { plan, ...rest } = saving.saved;
  const warnings = plan.warnings.filter((warning) => specs.some(({ path }) => isOf(path, warning.path)));
  deps.notices.tell(visit, savedNotice(title, { ...rest, plan: { ...plan, warnings } }));
  return redirect(visit, `${settingsPath}/${name}`);
}
