/** All providers: how each is, what it did, and a switch. */
import { type ProviderLine, providersPage } from "../../../views/pages/providers.tsx";
import { protocolWords } from "../../../views/parts/protocol-names.ts";
import { providerStates } from "../../../views/parts/provider-state.tsx";
import { demoId } from "../../config/compile/provider.ts";
import type { ConsoleDeps } from "../deps.ts";
import { page } from "../page.ts";
import type { Visit } from "../route.ts";
import { shellOf } from "../shell.ts";
import { providersPath } from "./paths.ts";
import { stateOf, usesOf } from "./states.ts";

export async function listProviders(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const { query } = visit;
  const form = {
    state: query.get("state") ?? "",
    protocol: query.get("protocol") ?? "",
    text: (query.get("text") ?? "").trim().slice(0, 200),
  };
  const now = Date.now();
  const uses = await usesOf(deps, now);
  const { providers, settings } = deps.config.current();
  const all = [...providers.values()].filter(({ id }) => id !== demoId);
  const lines = all.map((provider): ProviderLine => {
    const use = uses(provider.id);
    return {
      ...{ id: provider.id, name: provider.name, isOfFile: provider.origin === "file", isEnabled: provider.enabled },
      state: stateOf(deps, provider, use),
      protocols: provider.protocols.map(({ name }) => name),
      models: provider.models.size,
      use: use.day,
    };
  });
  const shown = lines
    .filter(({ state }) => form.state === "" || state.kind === form.state)
    .filter(({ protocols }) => form.protocol === "" || protocols.includes(form.protocol))
    .filter(({ id, name }) => `${id}\n${name}`.toLowerCase().includes(form.text.toLowerCase()));
  const spoken = [...new Set(lines.flatMap(({ protocols }) => protocols))];
  const body = providersPage({
    shell: shellOf(deps, visit, providersPath),
    ...{ zone: settings.timezone, now, form, all: all.length, lines: shown.sort((a, b) => (a.id < b.id ? -1 : 1)) },
    csrf: visit.session?.csrf ?? "",
    options: {
      state: Object.entries(providerStates).map(([value, { word }]) => ({ value, words: word })),
      protocol: spoken.map((value) => ({ value, words: protocolWords(value) })),
    },
  });
  return page(visit, body);
}
