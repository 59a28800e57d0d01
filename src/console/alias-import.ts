/** Aliases made of the models that providers list: each is called as its model. */
import { aliasImportPage } from "../../views/pages/alias-import.tsx";
import { ConfigFaults } from "../config/faults.ts";
import { GatewayError } from "../model/error.ts";
import type { ConsoleDeps } from "./deps.ts";
import { authorOf } from "./forms/edits.ts";
import { page, redirect } from "./page.ts";
import { aliasesPath } from "./paths.ts";
import type { ConsoleRoute, Visit } from "./route.ts";
import { shellOf } from "./shell.ts";
import { readForm } from "./sign-in.ts";

const path = `${aliasesPath}/import`;
const mostAtOnce = 200;

export function aliasImportRoutes(deps: ConsoleDeps): ConsoleRoute[] {
  return [
    { method: "GET", path, access: "session", run: (visit) => show(deps, visit) },
    { method: "POST", path, access: "session", run: (visit) => make(deps, visit) },
  ];
}

function show(deps: ConsoleDeps, visit: Visit): Response {
  const { providers, aliases } = deps.config.current();
  const lists = [...providers.values()].flatMap(({ id, origin, models }) => {
    if (origin === "builtin" || models.size === 0) return [];
    return [{ provider: id, models: [...models.keys()].map((model) => ({ model, isKnown: aliases.has(model) })) }];
  });
  const shell = shellOf(deps, visit, aliasesPath);
  return page(visit, aliasImportPage({ shell, csrf: visit.session?.csrf ?? "", lists }));
}

async function make(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const { providers, aliases } = deps.config.current();
  const wanted = new Map<string, string[]>();
  for (const target of (await readForm(visit.request)).getAll("model").slice(0, mostAtOnce)) {
    const slash = target.indexOf("/");
    const model = target.slice(slash + 1);
    if (!providers.get(target.slice(0, slash))?.models.has(model) || aliases.has(model)) continue;
    wanted.set(model, [...(wanted.get(model) ?? []), target]);
  }
  const left: string[] = [];
  for (const [name, targets] of wanted) {
    const words = await makeOne(deps, visit, { name, targets });
    if (words !== null) left.push(`${name}: ${words}`);
  }
  const made = wanted.size - left.length;
  const text = `${made === 1 ? "One alias was" : `${made} aliases were`} made.`;
  if (left.length > 0) deps.notices.tell(visit, { tone: "warn", text: `${text} Left out: ${left.join("; ")}` });
  else deps.notices.tell(visit, { tone: made > 0 ? "ok" : "warn", text: made > 0 ? text : "No model was ticked." });
  return redirect(visit, made > 0 ? aliasesPath : path);
}

/** Resolves with why it could not be made. */
async function makeOne({ editor }: ConsoleDeps, visit: Visit, alias: { name: string; targets: string[] }) {
  try {
    await editor.create({ part: "aliases", name: alias.name }, { targets: alias.targets }, authorOf(visit));
    return null;
  } catch (error) {
    if (error instanceof ConfigFaults) return error.faults.map(({ message }) => message).join(", ");
    if (error instanceof GatewayError && error.code === "conflict") return error.message;
    throw error;
  }
}
