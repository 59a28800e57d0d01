/** The settings of a provider. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";
import { Field, type FieldState, Folded, Form, type FormFrame, Group } from "../parts/form.tsx";
import { Head, type ProviderHead } from "../parts/provider-head.tsx";
import { Stages } from "../parts/trial.tsx";
import type { TriedOut } from "./provider-new.tsx";

export interface ProviderSettingsProps {
  shell: Shell;
  head: ProviderHead;
  frame: FormFrame;
  isOfFile: boolean;
  top: readonly FieldState[];
  urls: readonly FieldState[];
  advanced: readonly FieldState[];
  quirks: readonly FieldState[];
  /** Of what the server keeps for this form; empty before the first test. */
  draft: string;
  tried: TriedOut | null;
}

export function providerSettingsPage(props: ProviderSettingsProps): Markup {
  const { shell, head, frame, isOfFile, top, urls, advanced, quirks, tried } = props;
  return (
    <Layout shell={shell} title={`Settings of ${head.id}`}>
      <Head head={head} tab="settings" />
      <Form frame={frame} isReadOnly={isOfFile} test={{ words: "Test without saving", isFirst: false }}>
        <input type="hidden" name="draft" value={props.draft} />
        <Group legend="Provider">
          {top.map((field) => (
            <Field field={field} />
          ))}
        </Group>
        <Group legend="URLs" help="Version included; an empty one is a protocol that it does not speak.">
          {urls.map((field) => (
            <Field field={field} />
          ))}
        </Group>
        <Folded summary="Advanced: headers, proxy, limits" fields={advanced} />
        <Folded summary="Quirks: what this server does in its own way" fields={quirks} />
        {tried === null ? null : <Stages {...tried} />}
      </Form>
    </Layout>
  );
}
