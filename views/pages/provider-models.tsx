/** The models of a provider and their prices; what it tells of beside that; one of them. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";
import { None } from "../parts/empty.tsx";
import { Field, type FieldState, Form, type FormFrame, Group } from "../parts/form.tsx";
import { whole } from "../parts/format.ts";
import { protocolWords } from "../parts/protocol-names.ts";
import { Head, type ProviderHead } from "../parts/provider-head.tsx";
import { Found, type ModelLine, Rates, Stages } from "../parts/trial.tsx";
import type { TriedOut } from "./provider-new.tsx";

export interface ConfiguredModel {
  id: string;
  context: number | null;
  maxOutput: number | null;
  /** Null: all. */
  protocols: readonly string[] | null;
  /** Dollars for a million tokens. */
  price: ModelLine["price"];
  /** Where the price is from. */
  source: string | null;
}

export interface ProviderModelsProps {
  shell: Shell;
  head: ProviderHead;
  models: readonly ConfiguredModel[];
  frame: FormFrame;
  draft: string;
  isOfFile: boolean;
  /** What the provider told of; null before it was asked, and where it told nothing. */
  found: readonly ModelLine[] | null;
  tried: TriedOut | null;
}

export function providerModelsPage(props: ProviderModelsProps): Markup {
  const { shell, head, models, frame, draft, isOfFile, found, tried } = props;
  return (
    <Layout shell={shell} title={`Models of ${head.id}`}>
      <Head head={head} tab="models" />
      <form method="post" action={frame.action} class="ask">
        <input type="hidden" name="csrf" value={frame.csrf} />
        <input type="hidden" name="draft" value={draft} />
        <button type="submit" name="do" value="discover">
          Ask the provider for its models
        </button>
      </form>
      {tried === null ? null : <Stages {...tried} />}
      <Form frame={frame} isReadOnly={isOfFile}>
        <input type="hidden" name="draft" value={draft} />
        {found === null ? null : (
          <section class="card" aria-labelledby="found">
            <h2 id="found">{found.length === 0 ? "0 models returned" : "What the provider tells of"}</h2>
            {found.length === 0 ? null : <p class="muted">Only what you tick changes. Nothing is removed by itself.</p>}
            <Found models={found} ticked={new Set()} isDiff={true} />
          </section>
        )}
        <h2>Configured</h2>
        <p class="muted">A model's name leads to its price and what is known of it.</p>
        <Configured models={models} own={head.own} isOfFile={isOfFile} />
        {isOfFile ? null : (
          <details class="card" open={models.length === 0}>
            <summary>Add models by hand</summary>
            <p class="field">
              <label for="by-hand">Names of models, one a line</label>
              <textarea id="by-hand" name="by_hand" rows="4" spellcheck="false"></textarea>
            </p>
          </details>
        )}
      </Form>
    </Layout>
  );
}

interface ConfiguredProps {
  models: readonly ConfiguredModel[];
  own: string;
  isOfFile: boolean;
}

function Configured({ models, own, isOfFile }: ConfiguredProps): Markup {
  if (models.length === 0) {
    return (
      <p class="card">
        No model is configured yet. Clients may call any by its name; prices are those of the price list.
      </p>
    );
  }
  return (
    <section class="scroll tall" tabindex="0" aria-label="Configured models">
      <table>
        <caption class="hidden">Configured models</caption>
        <thead>
          <tr>
            <th scope="col">Model</th>
            <th scope="col" class="number">
              $ per 1M, in / out
            </th>
            <th scope="col">Price from</th>
            <th scope="col" class="number">
              Context
            </th>
            <th scope="col">Protocols</th>
            {isOfFile ? null : <th scope="col">Remove</th>}
          </tr>
        </thead>
        <tbody>
          {models.map(({ id, price, source, context, protocols }) => (
            <tr>
              <th scope="row">
                <a class="alone" href={`${own}/model?id=${encodeURIComponent(id)}`}>
                  {id}
                </a>
              </th>
              <td class="number">
                <Rates price={price} />
              </td>
              <td>{sourceWords(source)}</td>
              <td class="number">{context === null ? <None /> : whole(context)}</td>
              <td>{protocols === null ? "all" : protocols.map(protocolWords).join(", ")}</td>
              {isOfFile ? null : (
                <td>
                  <label class="switch">
                    <input type="checkbox" name="remove" value={id} aria-label={`Remove ${id}`} />
                  </label>
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function sourceWords(source: string | null): Markup | string {
  if (source === null) return <None />;
  return source.startsWith("config-") ? "the configuration" : `the list ${source}`;
}

export interface ProviderModelProps {
  shell: Shell;
  head: ProviderHead;
  id: string;
  isOfFile: boolean;
  fields: readonly FieldState[];
  now: ConfiguredModel;
  frame: FormFrame;
}

export function providerModelPage({ shell, head, id, isOfFile, fields, now, frame }: ProviderModelProps): Markup {
  const prices = fields.filter(({ name }) => name.startsWith("price."));
  const others = fields.filter(({ name }) => !name.startsWith("price."));
  return (
    <Layout shell={shell} title={`${id} - ${head.id}`}>
      <Head head={head} tab="models" />
      <h2>
        <bdi>{id}</bdi>
      </h2>
      <p class="muted">
        {now.price === null ? (
          "Nobody knows a price: its requests count as unpriced."
        ) : (
          <>
            In force: <Rates price={now.price} /> dollars for a million tokens in and out, of {sourceWords(now.source)}.
          </>
        )}
      </p>
      <Form frame={frame} isReadOnly={isOfFile}>
        <Group legend="Price" help="Empty: as in the price list. What is set here wins.">
          {prices.map((field) => (
            <Field field={field} />
          ))}
        </Group>
        <Group legend="What is known of it">
          {others.map((field) => (
            <Field field={field} />
          ))}
        </Group>
      </Form>
    </Layout>
  );
}
