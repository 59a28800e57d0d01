/** The top of all pages of one provider: what it is, how it is, what can be done with it, and its other pages. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { ChangesLink } from "./changes-link.tsx";
import { OfFile } from "./form.tsx";
import { type ProviderState, type ProviderUse, StateBadge } from "./provider-state.tsx";

export interface ProviderHead {
  id: string;
  name: string;
  isOfFile: boolean;
  isEnabled: boolean;
  /** Address of its page. */
  own: string;
  csrf: string;
  state: ProviderState;
  use: ProviderUse;
}

type Tab = "overview" | "models" | "settings" | "key";

const tabs: readonly { tab: Tab; path: string; words: string }[] = [
  { tab: "overview", path: "", words: "Overview" },
  { tab: "models", path: "/models", words: "Models & prices" },
  { tab: "settings", path: "/settings", words: "Settings" },
  { tab: "key", path: "/key", words: "Credentials" },
];

export function Head({ head, tab }: { head: ProviderHead; tab: Tab }): Markup {
  const { id, name, own, csrf, isEnabled, isOfFile, state } = head;
  return (
    <>
      <p class="crumbs">
        <a href="/console/providers">Providers</a>
      </p>
      <div class="bar">
        <h1>
          <bdi>{id}</bdi> <StateBadge state={state} />
        </h1>
        <div class="buttons">
          {isOfFile ? null : (
            <form method="post" action={`${own}/enabled`}>
              <input type="hidden" name="csrf" value={csrf} />
              <button type="submit" class="quiet" name="to" value={isEnabled ? "off" : "on"}>
                {isEnabled ? "Disable" : "Enable"}
              </button>
            </form>
          )}
          <a class="button quiet" href={`/console/providers/new?from=${encodeURIComponent(id)}`}>
            Duplicate
          </a>
          {isOfFile ? null : (
            <a class="button quiet" href={`${own}/remove`}>
              Delete
            </a>
          )}
          <ChangesLink part="providers" name={id} />
        </div>
      </div>
      {name === id ? null : <p class="muted">{name}</p>}
      {isOfFile ? <OfFile what="provider" back="/console/providers" /> : null}
      <nav class="tabs" aria-label={`Pages of ${id}`}>
        {tabs.map((one) => (
          <a href={`${own}${one.path}`} aria-current={one.tab === tab ? "page" : null}>
            {one.words}
          </a>
        ))}
      </nav>
    </>
  );
}
