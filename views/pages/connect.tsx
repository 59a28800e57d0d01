/** Requests that a key's holder can paste, for each protocol. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";
import { Select } from "../parts/fields.tsx";
import { Snippet } from "../parts/snippet.tsx";

export interface ConnectProps {
  shell: Shell;
  /** Where clients find this gateway. */
  baseUrl: string;
  models: readonly string[];
  /** Null when the key may call none. */
  model: string | null;
  protocols: readonly string[];
}

export function connectPage({ shell, baseUrl, models, model, protocols }: ConnectProps): Markup {
  return (
    <Layout shell={shell} title="Connect">
      <h1>Connect</h1>
      {model === null ? (
        <p class="card">This key may call no model. Ask whoever runs this gateway for one.</p>
      ) : (
        <>
          <form method="get" action="/console/me/connect" class="card fields">
            <Select
              name="model"
              label="Model"
              options={models.map((name) => ({ value: name, words: name }))}
              value={model}
            />
            <p class="act">
              <button type="submit">Show</button>
            </p>
          </form>
          <p>
            Clients and SDKs want this address: <code>{baseUrl}</code> (with <code>/v1</code> behind it where they ask
            for an OpenAI-compatible one), and the secret of your key.
          </p>
          <p>
            For the requests below, first tell your shell the secret: <code>export PLEXUS_KEY=sk-…</code>
          </p>
          <div class="grid wide">
            {protocols.map((protocol) => (
              <Snippet protocol={protocol} baseUrl={baseUrl} model={model} rank={2} />
            ))}
          </div>
        </>
      )}
    </Layout>
  );
}
