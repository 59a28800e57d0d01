/** One quota: making it, changing it. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";
import { Field, type FieldState, Form, type FormFrame, Group, OfFile } from "../parts/form.tsx";

export interface QuotaProps {
  shell: Shell;
  frame: FormFrame;
  /** Null for a new one. */
  name: string | null;
  isOfFile: boolean;
  nameField: FieldState | null;
  fields: readonly FieldState[];
  /** Names of the keys that have it. */
  keys: readonly string[];
}

export function quotaPage({ shell, frame, name, isOfFile, nameField, fields, keys }: QuotaProps): Markup {
  return (
    <Layout shell={shell} title={name === null ? "New quota" : `${name} - Quotas`}>
      <h1>{name === null ? "New quota" : `Quota ${name}`}</h1>
      {isOfFile ? <OfFile what="quota" back={frame.back} /> : null}
      {name === null ? null : (
        <p class="muted">
          {keys.length === 0
            ? "No key has it yet: give it to one on the page of that key."
            : `Held by ${keys.join(", ")}.`}
        </p>
      )}
      <Form frame={frame} isReadOnly={isOfFile}>
        <Group legend="Limit">
          {nameField === null ? null : <Field field={nameField} />}
          {fields.map((field) => (
            <Field field={isOfFile ? { ...field, isFixed: true } : field} />
          ))}
        </Group>
      </Form>
      {name === null || isOfFile ? null : (
        <p>
          <a href={`${frame.action}/remove`}>Delete this quota</a>
        </p>
      )}
    </Layout>
  );
}
