/** Aliases of models: one for each that is ticked, called as the model. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";

export interface AliasImportProps {
  shell: Shell;
  csrf: string;
  lists: readonly {
    provider: string;
    /** `isKnown`: there is an alias of this name. */
    models: readonly { model: string; isKnown: boolean }[];
  }[];
}

export function aliasImportPage({ shell, csrf, lists }: AliasImportProps): Markup {
  return (
    <Layout shell={shell} title="Import aliases">
      <p class="crumbs">
        <a href="/console/aliases">Aliases</a>
      </p>
      <h1>Aliases from models</h1>
      <p class="muted">
        Clients call such an alias by the model's own name. One that several ticked providers have gets them all as
        targets.
      </p>
      {lists.length === 0 ? (
        <p class="card">
          No provider lists its models yet. List them on the page of a provider, or add an alias with any target by
          hand. <a href="/console/aliases/new">Add an alias</a>
        </p>
      ) : (
        <form method="post" action="/console/aliases/import" class="edit">
          <input type="hidden" name="csrf" value={csrf} />
          {lists.map(({ provider, models }) => (
            <fieldset class="card">
              <legend>{provider}</legend>
              <div class="options">
                {models.map(({ model, isKnown }) => (
                  <label class="switch">
                    <input type="checkbox" name="model" value={`${provider}/${model}`} disabled={isKnown} /> {model}
                    {isKnown ? <span class="muted"> (there is one)</span> : null}
                  </label>
                ))}
              </div>
            </fieldset>
          ))}
          <p class="buttons">
            <button type="submit">Make aliases</button>
            <a class="button quiet" href="/console/aliases">
              Cancel
            </a>
          </p>
        </form>
      )}
    </Layout>
  );
}
