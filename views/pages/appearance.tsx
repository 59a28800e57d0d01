/** How the console looks in this browser. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";

export interface AppearanceProps {
  shell: Shell;
  csrf: string;
  action: string;
  theme: string;
  density: string;
  hasShortcuts: boolean;
}

const shortcuts = [
  ["/", "find"],
  ["g o, g r, g u, g p", "overview, requests, usage, performance"],
  ["g a, g k, g c, g s", "aliases, keys, cooldowns, settings"],
  ["j, k", "the next and the former row of a list; on the page of a request, the older and the newer one"],
  ["Enter", "open the row"],
  ["f, t", "filters, range"],
  ["c", "copy the id of the request"],
  ["e", "edit what the page shows"],
  [". and Space", "show new requests, and pause, in the list that is kept up to date"],
  ["Ctrl Enter", "send the form that one types in"],
  ["?", "this list"],
] as const;

const themes = [
  { value: "auto", words: "as the system has it" },
  { value: "light", words: "light" },
  { value: "dark", words: "dark" },
];
const densities = [
  { value: "auto", words: "as suits the pointer" },
  { value: "comfortable", words: "comfortable" },
  { value: "compact", words: "compact" },
];

export function appearancePage({ shell, csrf, action, theme, density, hasShortcuts }: AppearanceProps): Markup {
  return (
    <Layout shell={shell} title="Appearance - Settings">
      <p class="crumbs">
        <a href="/console/settings">Settings</a>
      </p>
      <h1>Appearance</h1>
      <p class="muted">A cookie of this browser keeps it.</p>
      <form class="edit" method="post" action={action}>
        <input type="hidden" name="csrf" value={csrf} />
        <div class="card">
          <Choice name="theme" label="Colours" options={themes} value={theme} />
          <Choice name="density" label="Lines of tables" options={densities} value={density} />
          <fieldset class="checks">
            <legend id="shortcuts">Keyboard shortcuts</legend>
            <label class="switch">
              <input type="checkbox" name="shortcuts" value="on" checked={hasShortcuts} /> on, while nobody types
            </label>
            <dl class="facts">
              {shortcuts.map(([keys, what]) => (
                <>
                  <dt>
                    <kbd>{keys}</kbd>
                  </dt>
                  <dd>{what}</dd>
                </>
              ))}
            </dl>
          </fieldset>
        </div>
        <p class="buttons">
          <button type="submit">Save</button>
        </p>
      </form>
    </Layout>
  );
}

interface ChoiceProps {
  name: string;
  label: string;
  options: readonly { value: string; words: string }[];
  value: string;
}

function Choice({ name, label, options, value }: ChoiceProps): Markup {
  return (
    <fieldset class="checks">
      <legend>{label}</legend>
      {options.map((option) => (
        <label class="switch">
          <input type="radio" name={name} value={option.value} checked={option.value === value} /> {option.words}
        </label>
      ))}
    </fieldset>
  );
}
