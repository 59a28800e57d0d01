/** Before cooldowns are cleared: which, and what that does. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";

export interface ClearProps {
  shell: Shell;
  csrf: string;
  /** What is meant: provider, model, scope; nothing for all. */
  parts: Readonly<Record<string, string>>;
  /** Those that it ends now, in words. */
  meant: readonly string[];
}

export function clearCooldownPage({ shell, csrf, parts, meant }: ClearProps): Markup {
  return (
    <Layout shell={shell} title="Clear a cooldown">
      <form class="card narrow" method="post" action="/console/cooldowns/clear">
        <h1>{meant.length === 1 ? "Clear this cooldown?" : `Clear ${meant.length} cooldowns?`}</h1>
        <ul>
          {meant.map((one) => (
            <li>{one}</li>
          ))}
        </ul>
        <p>
          The next request may go there at once, on every node. If it fails again, a new cooldown begins with the first
          and shortest step.
        </p>
        <input type="hidden" name="csrf" value={csrf} />
        {Object.entries(parts).map(([name, value]) => (
          <input type="hidden" name={name} value={value} />
        ))}
        <button type="submit">{meant.length === 1 ? "Clear it" : "Clear them"}</button>
        <p>
          <a class="alone" href="/console/cooldowns">
            Leave it as it is
          </a>
        </p>
      </form>
    </Layout>
  );
}
