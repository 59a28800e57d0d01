/** The settings: topics, and the form of one. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";
import { Field, type FieldState, Form, type FormFrame, Group } from "../parts/form.tsx";

export interface SettingsProps {
  shell: Shell;
  topics: readonly {
    name: string;
    title: string;
    about: string;
    /** False where nothing of it takes effect yet. */
    isInForce: boolean;
    /** Labels of what is not as it is by default. */
    set: readonly string[];
  }[];
}

export function settingsPage({ shell, topics }: SettingsProps): Markup {
  return (
    <Layout shell={shell} title="Settings">
      <h1>Settings</h1>
      <div class="grid wide">
        {topics.map(({ name, title, about, isInForce, set }) => (
          <section class="card" aria-labelledby={`t-${name}`}>
            <h2 id={`t-${name}`} class="first">
              <a href={`/console/settings/${name}`}>{title}</a>
            </h2>
            <p>{about}</p>
            {isInForce ? null : (
              <p>
                <span class="badge off">
                  <span aria-hidden="true">–</span> not in force yet
                </span>
              </p>
            )}
            <p class="muted">{set.length === 0 ? "All as by default." : `Set: ${set.join("; ")}.`}</p>
          </section>
        ))}
        <Other name="prices" title="Prices" about="Which price lists hold, and pricing stored requests anew." />
        <Other
          name="appearance"
          title="Appearance"
          about="Light or dark, and how close lines stand, in this browser."
        />
        <section class="card" aria-labelledby="t-audit">
          <h2 id="t-audit" class="first">
            <a href="/console/audit?part=settings">Changes</a>
          </h2>
          <p>Who changed which setting, and when.</p>
        </section>
      </div>
    </Layout>
  );
}

function Other({ name, title, about }: { name: string; title: string; about: string }): Markup {
  return (
    <section class="card" aria-labelledby={`t-${name}`}>
      <h2 id={`t-${name}`} class="first">
        <a href={`/console/settings/${name}`}>{title}</a>
      </h2>
      <p>{about}</p>
    </section>
  );
}

export interface SettingsTopicProps {
  shell: Shell;
  frame: FormFrame;
  title: string;
  about: string;
  fields: readonly FieldState[];
}

export function settingsTopicPage({ shell, frame, title, about, fields }: SettingsTopicProps): Markup {
  return (
    <Layout shell={shell} title={`${title} - Settings`}>
      <p class="crumbs">
        <a href="/console/settings">Settings</a>
      </p>
      <h1>{title}</h1>
      <p class="muted">{about} An empty field is as by default.</p>
      <Form frame={frame}>
        <Group legend={title}>
          {fields.map((field) => (
            <Field field={field} />
          ))}
        </Group>
      </Form>
    </Layout>
  );
}
