/** What has a name that fits. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";
import { whole } from "../parts/format.ts";

export interface Found {
  name: string;
  href: string;
  /** What else is known of it, and looked through. */
  more?: string;
}

export interface FindProps {
  shell: Shell;
  text: string;
  kinds: readonly { kind: string; found: readonly Found[]; count: number }[];
}

export function findPage({ shell, text, kinds }: FindProps): Markup {
  const all = kinds.reduce((sum, { count }) => sum + count, 0);
  return (
    <Layout shell={shell} title="Find">
      <h1>Find</h1>
      <form class="find" method="get" action="/console/find">
        <label class="hidden" for="q">
          Name, part of it, or the id of a request
        </label>
        <input id="q" name="q" value={text} placeholder="Name, or id of a request" autofocus={text === ""} />
        <button type="submit" class="quiet">
          Find
        </button>
      </form>
      <p role="status">
        {text === ""
          ? "Pages, keys, aliases, providers, models, quotas and settings by name; a request by its id."
          : all === 0
            ? "Nothing has such a name. "
            : `${whole(all)} found.`}{" "}
        {text !== "" && all === 0 ? (
          <a href={`/console/requests?text=${encodeURIComponent(text)}`}>Look for it in requests</a>
        ) : null}
      </p>
      {kinds.map(({ kind, found, count }) => (
        <section aria-label={kind}>
          <h2>{kind}</h2>
          <ul class="standings">
            {found.map(({ name, href, more }) => (
              <li>
                <a class="alone" href={href}>
                  <bdi>{name}</bdi>
                </a>
                {more === undefined ? null : <span class="muted"> {more}</span>}
              </li>
            ))}
          </ul>
          {count > found.length ? (
            <p class="muted">
              The first {found.length} of {whole(count)}: add a word.
            </p>
          ) : null}
        </section>
      ))}
    </Layout>
  );
}
