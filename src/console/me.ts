/** The pages of a key's holder: what the key is and may do, how to connect with it, its new secret. */
import { connectPage } from "../../views/pages/connect.tsx";
import { mePage } from "../../views/pages/me.tsx";
import { ownSecretPage, rotateOwnPage } from "../../views/pages/rotate-own.tsx";
import { sha256Hex } from "../kit/hash.ts";
import { GatewayError } from "../model/error.ts";
import { addSum, emptySum } from "../model/usage-sum.ts";
import type { HolderDeps } from "./holder.ts";
import { ownRequestRoutes } from "./me-requests.ts";
import { ownUsageRoutes } from "./me-usage.ts";
import { page } from "./page.ts";
import { holderOf } from "./principal.ts";
import { hourMs } from "./range.ts";
import type { ConsoleRoute, Visit } from "./route.ts";
import { type Holder, sessionCookie, sessionId } from "./session.ts";
import { shellOf } from "./shell.ts";
import { readForm } from "./sign-in.ts";
import { lineFields } from "./usage-figures.ts";
import { whenceOf } from "./whence.ts";

export function holderRoutes(deps: HolderDeps): ConsoleRoute[] {
  const get = (path: string, run: (visit: Visit, holder: Holder) => Promise<Response> | Response): ConsoleRoute => ({
    ...{ method: "GET", path, access: "holder" },
    run: (visit) => run(visit, holderOf(visit)),
  });
  return [
    get("/console/me", (visit, holder) => overview(deps, visit, holder)),
    get("/console/me/connect", (visit, holder) => connect(deps, visit, holder)),
    get("/console/me/rotate", (visit, holder) => askRotation(deps, visit, holder)),
    {
      ...{ method: "POST", path: "/console/me/rotate", access: "holder" },
      run: (visit) => rotate(deps, visit, holderOf(visit)),
    },
    ...ownRequestRoutes(deps),
    ...ownUsageRoutes(deps),
  ];
}

async function overview(deps: HolderDeps, visit: Visit, holder: Holder): Promise<Response> {
  const { own } = deps;
  const now = Date.now();
  const sums = await own.usage(holder, {
    ...{ by: "none", from: now - 24 * hourMs, to: now },
    ...{ isPlain: true, fields: lineFields },
  });
  const body = mePage({
    shell: shellOf(deps, visit, "/console/me"),
    zone: deps.zone(),
    now,
    own: own.key(holder),
    day: sums.reduce((sum, one) => addSum(sum, one.sum), emptySum()),
    quotas: await own.quotas(holder),
    models: own.models(holder),
  });
  return page(visit, body);
}

function connect(deps: HolderDeps, visit: Visit, holder: Holder): Response {
  const names = deps.own.models(holder).map(({ name }) => name);
  const asked = visit.query.get("model") ?? "";
  const model = names.includes(asked) ? asked : names.includes("demo") ? "demo" : (names[0] ?? null);
  const body = connectPage({
    shell: shellOf(deps, visit, "/console/me/connect"),
    baseUrl: deps.publicUrl() ?? visit.origin,
    models: names,
    model,
    // The list ends with the one that most clients speak.
    protocols: deps.protocols.toReversed(),
  });
  return page(visit, body);
}

function askRotation(deps: HolderDeps, visit: Visit, holder: Holder): Response {
  const shell = shellOf(deps, visit, "/console/me");
  const { name, last4, isFixed } = deps.own.key(holder);
  return page(visit, rotateOwnPage({ shell, csrf: visit.session?.csrf ?? "", name, last4, isFixed }));
}

const mostHours = 168;

/** The session was that of the former secret: it ends, and one of the new secret begins. */
async function rotate(deps: HolderDeps, visit: Visit, holder: Holder): Promise<Response> {
  const hours = Number((await readForm(visit.request)).get("hours") ?? Number.NaN);
  if (!(hours >= 0 && hours <= mostHours)) {
    throw new GatewayError("invalid-request", `The former secret may go on for 0 to ${mostHours} hours.`);
  }
  const until = Date.now() + hours * hourMs;
  const secret = await deps.own.rotate(holder, until, visit.address);
  deps.log.info("a key's holder made a new secret", { key: holder.key, request: visit.requestId });
  const former = sessionId(visit.request, visit.origin);
  if (former) deps.sessions.end(former);
  const id = deps.sessions.start({ ...holder, secretHash: sha256Hex(secret) }, whenceOf(visit));
  const renewed = { ...visit, session: deps.sessions.find(id) };
  const shell = shellOf(deps, renewed, "/console/me");
  const body = ownSecretPage({ shell, secret, until: hours === 0 ? null : until, zone: deps.zone() });
  const headers = { "cache-control": "no-store", "set-cookie": sessionCookie(visit.origin, id) };
  return page(renewed, body, { headers });
}
