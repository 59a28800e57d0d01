/** A new provider: which one, its key, what the test says, which models. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";
import { Field, type FieldState, Folded, Form, type FormFrame, Group } from "../parts/form.tsx";
import { Found, type ModelLine, type StageLine, Stages } from "../parts/trial.tsx";

export interface PresetCard {
  id: string;
  label: string;
  /** Host, or what it is. */
  about: string;
  /** A variable of the environment holds a key for it. */
  hasKey: boolean;
}

export function Presets({ cards, path }: { cards: readonly PresetCard[]; path: string }): Markup {
  return (
    <ul class="presets">
      {cards.map(({ id, label, about, hasKey }) => (
        <li>
          <a class="card" href={`${path}?preset=${encodeURIComponent(id)}`}>
            <strong>{label}</strong>
            <span class="muted">{about}</span>
            {hasKey ? <span class="badge ok">key in the environment</span> : null}
          </a>
        </li>
      ))}
    </ul>
  );
}

export function choosePage({ shell, cards }: { shell: Shell; cards: readonly PresetCard[] }): Markup {
  return (
    <Layout shell={shell} title="New provider">
      <p class="crumbs">
        <a href="/console/providers">Providers</a>
      </p>
      <h1>New provider</h1>
      <p class="muted">Which one is it? Its URLs are filled in then.</p>
      <Presets cards={cards} path="/console/providers/new" />
    </Layout>
  );
}

export interface TriedOut {
  isFine: boolean;
  stages: readonly StageLine[];
  /** Null when there was no list. */
  models: readonly ModelLine[] | null;
}

export interface ProviderFormProps {
  frame: FormFrame;
  preset: { id: string; label: string; keyUrl: string | null };
  /** Of what the server keeps for this form; empty before the first test. */
  draft: string;
  /** Name, label, key. */
  fields: readonly FieldState[];
  urls: readonly FieldState[];
  /** Must be looked at: something has to be filled in, or is wrong. */
  areUrlsOpen: boolean;
  advanced: readonly FieldState[];
  quirks: readonly FieldState[];
  byHand: FieldState;
  /** The variable of the environment that holds a key, and whether it is to be used. */
  environment: { name: string; isUsed: boolean } | null;
  /** Last characters of a key that was typed in before. */
  typedKey: string | null;
  tried: TriedOut | null;
  ticked: ReadonlySet<string>;
}

export function ProviderForm(props: ProviderFormProps): Markup {
  const { frame, preset, draft, fields, urls, advanced, byHand, environment, typedKey, tried, ticked } = props;
  return (
    <Form frame={frame} test={{ words: "Test and list models", isFirst: tried?.isFine !== true }}>
      <input type="hidden" name="preset" value={preset.id} />
      <input type="hidden" name="draft" value={draft} />
      <Group legend={preset.label}>
        {fields.map((field) => (
          <Field field={field} />
        ))}
        {typedKey === null ? null : (
          <p class="muted">
            The key that you typed in (ends …{typedKey}) is kept in the server's memory for 15 minutes, for this form
            only, and not put into the page. Leave the field empty to use it.
          </p>
        )}
        {environment === null ? null : (
          <p class="field">
            <label class="switch">
              <input type="checkbox" name="from_environment" value="on" checked={environment.isUsed} /> Use the key in{" "}
              <code>{environment.name}</code> of the server's environment: it is copied into the configuration
            </label>
          </p>
        )}
        {preset.keyUrl === null ? null : (
          <p class="muted">
            Keys are made at <a href={preset.keyUrl}>{preset.keyUrl.replace(/^https:\/\//, "")}</a>.
          </p>
        )}
      </Group>
      <details class="card" open={props.areUrlsOpen}>
        <summary>Details: the URL of each protocol</summary>
        {urls.map((field) => (
          <Field field={field} />
        ))}
      </details>
      {advanced.length === 0 ? null : <Folded summary="Advanced: headers, proxy, limits" fields={advanced} />}
      {props.quirks.length === 0 ? null : (
        <Folded summary="Quirks: what this server does in its own way" fields={props.quirks} />
      )}
      {tried === null ? null : <Stages {...tried} />}
      {tried?.models == null ? null : (
        <section class="card" aria-labelledby="found">
          <h2 id="found">Models</h2>
          <input type="hidden" name="seen_models" value="yes" />
          <p class="muted">Tick those that you want to use. Others can be added later.</p>
          <Found models={tried.models} ticked={ticked} isDiff={false} />
        </section>
      )}
      <details class="card" open={tried !== null && (tried.models ?? []).length === 0}>
        <summary>Models by hand</summary>
        <Field field={byHand} />
      </details>
    </Form>
  );
}

export function newProviderPage({
  shell,
  form,
  from,
}: {
  shell: Shell;
  form: ProviderFormProps;
  from: string | null;
}): Markup {
  return (
    <Layout shell={shell} title="New provider">
      <p class="crumbs">
        <a href="/console/providers">Providers</a> / <a href="/console/providers/new">New</a>
      </p>
      <h1>New provider</h1>
      {from === null ? null : (
        <p class="banner info">
          Made like {from}, with the names of its models. Neither its secrets nor what is set for single models is
          copied.
        </p>
      )}
      <ProviderForm {...form} />
    </Layout>
  );
}
