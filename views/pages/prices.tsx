/** Prices: the lists, what one target costs, pricing stored requests anew. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";
import { clockOf, whole } from "../parts/format.ts";

export interface PricesProps {
  shell: Shell;
  zone: string;
  /** Versions; the first counts over the others. */
  inForce: readonly string[];
  loaded: readonly { version: number; at: number; source: string; date: string; models: number }[];
  /** `provider/model` that is asked for. */
  target: string;
  /** Its price; null where none is known, undefined when nothing is asked. */
  found: unknown;
  models: readonly string[];
}

export function pricesPage(props: PricesProps): Markup {
  const { shell, zone, inForce, loaded } = props;
  return (
    <Layout shell={shell} title="Prices - Settings">
      <p class="crumbs">
        <a href="/console/settings">Settings</a>
      </p>
      <h1>Prices</h1>
      <p>
        In force: {inForce.join(", then ")}. A price in a provider's configuration counts over all lists. Load a list
        with <code>plexus prices update</code>.
      </p>
      <Find {...props} />
      <h2>Stored requests</h2>
      <p class="buttons">
        <a class="button quiet" href="/console/settings/prices/recompute">
          Price those without a price
        </a>
        <a class="button quiet" href="/console/settings/prices/recompute?rows=all">
          Price all anew
        </a>
        <a href="/console/jobs">The last run</a>
      </p>
      <Loaded loaded={loaded} zone={zone} />
    </Layout>
  );
}

function Find({ target, found, models }: PricesProps): Markup {
  return (
    <>
      <h2>What does a model cost?</h2>
      <form class="find" method="get" action="/console/settings/prices">
        <label class="hidden" for="target">
          Target, as provider/model
        </label>
        <input id="target" name="target" value={target} placeholder="provider/model" list="models" autocomplete="off" />
        <datalist id="models">
          {models.map((model) => (
            <option value={model}></option>
          ))}
        </datalist>
        <button type="submit" class="quiet">
          Look
        </button>
      </form>
      {found === undefined ? null : found === null ? (
        <p class="banner warn" role="status">
          No price of {target} is known: its requests count no cost. Set one with the model, on the page of its
          provider.
        </p>
      ) : (
        <pre>{JSON.stringify(found, null, 2)}</pre>
      )}
    </>
  );
}

function Loaded({ loaded, zone }: Pick<PricesProps, "loaded" | "zone">): Markup {
  return (
    <>
      <h2>Loaded lists</h2>
      {loaded.length === 0 ? (
        <p class="muted">None was loaded: the list of this version of Plexus holds.</p>
      ) : (
        <section class="scroll" tabindex="0" aria-label="Loaded price lists">
          <table>
            <caption class="hidden">Loaded price lists</caption>
            <thead>
              <tr>
                <th scope="col">Version</th>
                <th scope="col">Prices of</th>
                <th scope="col" class="number">
                  Models
                </th>
                <th scope="col">Loaded ({zone})</th>
                <th scope="col">From</th>
              </tr>
            </thead>
            <tbody>
              {loaded.map(({ version, at, source, date, models: count }) => (
                <tr>
                  <th scope="row">update-{version}</th>
                  <td>{date}</td>
                  <td class="number">{whole(count)}</td>
                  <td>
                    <time datetime={new Date(at).toISOString()}>{clockOf(zone).short(at)}</time>
                  </td>
                  <td class="words">{source}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </>
  );
}
