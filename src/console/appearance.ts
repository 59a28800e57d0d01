/** How the console looks in this browser: a cookie says it, so that the first paint is right. */
import { appearancePage } from "../../views/pages/appearance.tsx";
import type { ConsoleDeps } from "./deps.ts";
import { densities, type Look, lookOf, themes } from "./look.ts";
import { page, redirect } from "./page.ts";
import { settingsPath } from "./paths.ts";
import type { ConsoleRoute, Visit } from "./route.ts";
import { shellOf } from "./shell.ts";
import { readForm } from "./sign-in.ts";

const path = `${settingsPath}/appearance`;
const yearS = 31_536_000;

export function appearanceRoutes(deps: ConsoleDeps): ConsoleRoute[] {
  return [
    {
      ...{ method: "GET", path, access: "session" },
      run: (visit) => {
        const look = lookOf(visit.request);
        const shell = shellOf(deps, visit, settingsPath);
        return page(visit, appearancePage({ shell, csrf: visit.session?.csrf ?? "", action: path, ...look }));
      },
    },
    { method: "POST", path, access: "session", run: (visit) => save(deps, visit) },
  ];
}

async function save(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const form = await readForm(visit.request);
  const theme: Look["theme"] = themes.find((one) => one === form.get("theme")) ?? "auto";
  const density: Look["density"] = densities.find((one) => one === form.get("density")) ?? "auto";
  const keys = form.get("shortcuts") === "on" ? "on" : "off";
  const safe = visit.origin.startsWith("https:") ? "; Secure" : "";
  const cookie = `plexus-look=${theme}.${density}.${keys}; Path=/console; Max-Age=${yearS}; HttpOnly; SameSite=Strict${safe}`;
  deps.notices.tell(visit, { tone: "ok", text: "This browser shows the console like this from now on." });
  return redirect(visit, path, { "set-cookie": cookie });
}
