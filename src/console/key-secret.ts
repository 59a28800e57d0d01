/** Secrets of client keys: shown once when they are made, made anew, and the former one ended. */
import { revokePage, rotatePage, secretPage as view } from "../../views/pages/key-secret.tsx";
import { fieldsOf } from "../config/fields.ts";
import { GatewayError } from "../model/error.ts";
import type { ConsoleDeps } from "./deps.ts";
import { authorOf, seenIn } from "./forms/edits.ts";
import { entityIn, entityPath } from "./forms/pages.ts";
import { page, redirect } from "./page.ts";
import { keysPath } from "./paths.ts";
import { hourMs } from "./range.ts";
import type { ConsoleRoute, Visit } from "./route.ts";
import { shellOf } from "./shell.ts";
import { readForm } from "./sign-in.ts";

export function keySecretRoutes(deps: ConsoleDeps): ConsoleRoute[] {
  const one = `${keysPath}/:name`;
  return [
    { method: "GET", path: `${one}/rotate`, access: "session", run: (visit) => askRotation(deps, visit) },
    { method: "POST", path: `${one}/rotate`, access: "session", run: (visit) => rotate(deps, visit) },
    { method: "GET", path: `${one}/revoke`, access: "session", run: (visit) => askRevocation(deps, visit) },
    { method: "POST", path: `${one}/revoke`, access: "session", run: (visit) => revoke(deps, visit) },
  ];
}

export interface Fresh {
  name: string;
  secret: string;
  /** When the former one ends; null when there is none that works. */
  until: number | null;
  isNew: boolean;
}

/** The only time that the secret is seen: the answer to the POST itself, which nobody keeps. */
export function secretPage(deps: ConsoleDeps, visit: Visit, fresh: Fresh): Response {
  const body = view({
    ...{ shell: shellOf(deps, visit, keysPath), zone: deps.config.current().settings.timezone, ...fresh },
    back: entityPath(keysPath, fresh.name),
  });
  return page(visit, body, { headers: { "cache-control": "no-store" } });
}

async function changeable(deps: ConsoleDeps, visit: Visit) {
  const entity = await entityIn(deps, visit, "keys");
  if (entity.origin === "database") return entity;
  throw new GatewayError("conflict", "The configuration file defines this key, so its secret is changed there.");
}

async function askRotation(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const { name, version } = await changeable(deps, visit);
  const own = entityPath(keysPath, name);
  const last4 = deps.config.current().keys.get(name)?.last4 ?? "";
  const shell = shellOf(deps, visit, keysPath);
  return page(visit, rotatePage({ shell, csrf: visit.session?.csrf ?? "", seen: version ?? 0, name, last4, own }));
}

const mostHours = 168;

async function rotate(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const form = await readForm(visit.request);
  const { name } = await changeable(deps, visit);
  const hours = Number(form.get("hours") || Number.NaN);
  if (!(hours >= 0 && hours <= mostHours)) {
    throw new GatewayError("invalid-request", `The former secret may go on for 0 to ${mostHours} hours.`);
  }
  const until = Date.now() + hours * hourMs;
  const { secret = "" } = await deps.editor.rotate({ name, seen: seenIn(form) }, until, authorOf(visit));
  deps.log.info("a key got a new secret in the console", {
    key: name,
    address: visit.address,
    request: visit.requestId,
  });
  return secretPage(deps, visit, { name, secret, until: hours === 0 ? null : until, isNew: false });
}

async function askRevocation(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const { name, version } = await changeable(deps, visit);
  const shell = shellOf(deps, visit, keysPath);
  const own = entityPath(keysPath, name);
  return page(visit, revokePage({ shell, csrf: visit.session?.csrf ?? "", seen: version ?? 0, name, own }));
}

async function revoke(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const form = await readForm(visit.request);
  const { name, value } = await changeable(deps, visit);
  if (fieldsOf(value).previous) {
    const place = { part: "keys" as const, name, seen: seenIn(form) };
    await deps.editor.patch(place, { previous: null }, authorOf(visit));
  }
  deps.notices.tell(visit, { tone: "ok", text: `The former secret of ${name} is refused from now on.` });
  return redirect(visit, entityPath(keysPath, name));
}
