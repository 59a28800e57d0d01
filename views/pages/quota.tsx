/** One quota: making it, changing it, which keys have it, counting it anew. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";
import { ChangesLink } from "../parts/changes-link.tsx";
import { Field, type FieldState, Form, type FormFrame, Group, OfFile } from "../parts/form.tsx";

export interface QuotaProps {
  shell: Shell;
  frame: FormFrame;
  /** Null for a new one. */
  name: string | null;
  isOfFile: boolean;
  nameField: FieldState | null;
  fields: readonly FieldState[];
  /** Of a quota that is there: all keys. */
  keys: readonly QuotaKey[];
  /** What the values that were typed in would do. */
  preview: string | null;
}

export interface QuotaKey {
  name: string;
  has: boolean;
  /** The configuration file defines it. */
  isFixed: boolean;
}

export function quotaPage(props: QuotaProps): Markup {
  const { shell, frame, name, isOfFile, nameField, fields, keys, preview } = props;
  return (
    <Layout shell={shell} title={name === null ? "New quota" : `${name} - Quotas`}>
      <p class="crumbs">
        <a href="/console/quotas">Quotas</a>
      </p>
      <div class="bar">
        <h1>{name === null ? "New quota" : `Quota ${name}`}</h1>
        {name === null ? null : <Actions {...props} name={name} />}
      </div>
      {isOfFile ? <OfFile what="quota" back={frame.back} /> : null}
      <Form frame={frame} isReadOnly={isOfFile}>
        <button type="submit" class="hidden" tabindex="-1" data-default="">
          {frame.save}
        </button>
        <Group legend="Limit">
          {nameField === null ? null : <Field field={nameField} />}
          {fields.map((field) => (
            <Field field={isOfFile ? { ...field, isFixed: true } : field} />
          ))}
          {name === null || isOfFile ? null : (
            <p id="preview">
              <button type="submit" class="quiet" name="do" value="preview" formaction={`${frame.action}#preview`}>
                Who would be blocked?
              </button>
            </p>
          )}
          {preview === null ? null : (
            <p class="banner info" role="status">
              {preview}
            </p>
          )}
        </Group>
      </Form>
      {name === null ? null : <Keys frame={frame} keys={keys} />}
    </Layout>
  );
}

function Actions({ frame, name, isOfFile }: QuotaProps & { name: string }): Markup {
  return (
    <div class="buttons">
      <a class="button quiet" href={`${frame.action}/reset`}>
        Reset
      </a>
      <a class="button quiet" href={`${frame.action}/recompute`}>
        Recompute
      </a>
      {isOfFile ? null : (
        <a class="button quiet" href={`${frame.action}/remove`}>
          Delete
        </a>
      )}
      <ChangesLink part="quotas" name={name} />
    </div>
  );
}

function Keys({ frame, keys }: Pick<QuotaProps, "frame" | "keys">): Markup {
  const holders = keys.filter(({ has }) => has).length;
  return (
    <form method="post" action={`${frame.action}/keys`} class="edit">
      <input type="hidden" name="csrf" value={frame.csrf} />
      <fieldset class="card">
        <legend>Keys that have it</legend>
        <p class="muted">
          {keys.length === 0
            ? "There is no key yet."
            : holders === 0
              ? "No key has it, so nothing counts in it. Tick those that it holds for."
              : `${holders} of ${keys.length}.`}
        </p>
        <div class="options">
          {keys.map(({ name, has, isFixed }) => (
            <label class="switch">
              <input type="checkbox" name="key" value={name} checked={has} disabled={isFixed} /> {name}
              {isFixed ? <span class="muted"> (file)</span> : <input type="hidden" name="shown" value={name} />}
            </label>
          ))}
        </div>
        {keys.length === 0 ? (
          <p>
            <a href="/console/keys/new">Make a key</a>
          </p>
        ) : (
          <p class="buttons">
            <button type="submit">Save keys</button>
          </p>
        )}
      </fieldset>
    </form>
  );
}
