/** Forms that change the configuration: fields with help and errors, the list of what is wrong, the buttons. */
import type { Child, Markup } from "../jsx/jsx-runtime.ts";

export interface Option {
  value: string;
  words: string;
}

/** What the browser may check by itself. */
export interface Limits {
  required?: true;
  min?: number;
  max?: number;
  step?: string;
  maxlength?: number;
  /** What holds when the field is left empty. */
  placeholder?: string;
}

export interface FieldState {
  id: string;
  name: string;
  label: string;
  /** `prose` is a text of several lines. */
  kind:
    | "text"
    | "prose"
    | "number"
    | "switch"
    | "choice"
    | "lines"
    | "checks"
    | "subset"
    | "moment"
    | "json"
    | "secret";
  help?: string;
  options: readonly Option[];
  /** Of a subset: words for all and for some of it, and the label of a field for others. */
  all?: { words: string; only: string; others?: string };
  /** Of a subset the first is `all` or `only`. */
  values: readonly string[];
  limits: Limits;
  /** The configuration file defines it: read-only. */
  isFixed: boolean;
  /** Of that field alone, so that it says so; else all of the form is. */
  isFixedAlone?: boolean;
  error?: string;
  /** What somebody else put there while this form was open. */
  meanwhile?: string;
  /** Of a secret: its last characters; null when none is stored. */
  kept?: string | null;
}

export interface FormProblem {
  /** Of the field; null for what concerns the whole. */
  id: string | null;
  message: string;
}

export interface FormFrame {
  action: string;
  csrf: string;
  /** Version of the entity that the form shows; 0 for a new one. */
  seen: number;
  problems: readonly FormProblem[];
  /** Words of the button. */
  save: string;
  /** Where "Cancel" leads. */
  back: string;
  /** What it shows is not saved. */
  isDirty?: boolean;
}

interface FormProps {
  frame: FormFrame;
  /** Nothing can be saved: the fields are only shown. */
  isReadOnly?: boolean;
  /** A button that posts the same form with `do=test`; the first button is also what the enter key presses. */
  test?: { words: string; isFirst: boolean };
  children?: Child;
}

export function Form({ frame, isReadOnly, test, children }: FormProps): Markup {
  const isDirty = frame.isDirty === true || frame.problems.length > 0;
  return (
    <form method="post" action={frame.action} class="edit" data-guard={isDirty ? "dirty" : ""}>
      <input type="hidden" name="csrf" value={frame.csrf} />
      <input type="hidden" name="seen" value={String(frame.seen)} />
      <Problems problems={frame.problems} />
      {children}
      {isReadOnly === true ? null : (
        <p class="buttons">
          {test?.isFirst ? <Test {...test} action={frame.action} /> : null}
          <button type="submit" class={test?.isFirst ? "second" : null}>
            {frame.save}
          </button>
          {test && !test.isFirst ? <Test {...test} action={frame.action} /> : null}
          <a class="button quiet" href={frame.back}>
            Cancel
          </a>
        </p>
      )}
    </form>
  );
}

/** The page that comes back shows what the test found first. */
function Test({ words, isFirst, action }: { words: string; isFirst: boolean; action: string }): Markup {
  return (
    <button type="submit" name="do" value="test" formaction={`${action}#tested`} class={isFirst ? null : "second"}>
      {words}
    </button>
  );
}

/** Above the form of what the configuration file defines. */
export function OfFile({ what, back }: { what: string; back: string }): Markup {
  return (
    <p class="banner info">
      This {what} is defined in the configuration file, so it is changed there. <a href={back}>Back to the list</a>
    </p>
  );
}

function Problems({ problems }: { problems: readonly FormProblem[] }): Markup | null {
  if (problems.length === 0) return null;
  return (
    <div class="banner bad" role="alert" tabindex="-1" id="problems">
      <p>Nothing was saved.</p>
      <ul>
        {problems.map(({ id, message }) => (
          <li>{id === null ? message : <a href={`#${id}`}>{message}</a>}</li>
        ))}
      </ul>
    </div>
  );
}

export function Group({ legend, help, children }: { legend: string; help?: string; children?: Child }): Markup {
  return (
    <fieldset class="card">
      <legend>{legend}</legend>
      {help === undefined ? null : <p class="muted">{help}</p>}
      {children}
    </fieldset>
  );
}

/** Fields that few need, folded unless something is wrong in them. */
export function Folded({ summary, fields }: { summary: string; fields: readonly FieldState[] }): Markup {
  const isOpen = fields.some((field) => field.error !== undefined || field.meanwhile !== undefined);
  return (
    <details class="card" open={isOpen}>
      <summary>{summary}</summary>
      {fields.map((field) => (
        <Field field={field} />
      ))}
    </details>
  );
}

export function Field({ field }: { field: FieldState }): Markup {
  const { id, label, kind, help, error, meanwhile, isFixedAlone } = field;
  const notes = (
    <>
      {help === undefined ? null : (
        <span class="muted" id={`${id}-help`}>
          {help}
        </span>
      )}
      {isFixedAlone ? <span class="muted">Set by the configuration file; change it there.</span> : null}
      {meanwhile === undefined ? null : (
        <span class="warn">Stored meanwhile: {meanwhile === "" ? "nothing" : meanwhile}</span>
      )}
      {error === undefined ? null : (
        <span class="error" id={`${id}-error`}>
          {error}
        </span>
      )}
    </>
  );
  if (kind === "checks") return <Checks field={field} notes={notes} />;
  if (kind === "subset") return <Subset field={field} notes={notes} />;
  if (kind === "switch") {
    return (
      <p class="field">
        <label class="switch" for={id}>
          <Input field={field} /> {label}
        </label>
        {notes}
      </p>
    );
  }
  return (
    <p class="field">
      <label for={id}>{label}</label>
      <Input field={field} />
      {notes}
    </p>
  );
}

interface Several {
  field: FieldState;
  notes: Markup;
}

function Checks({ field, notes }: Several): Markup {
  const { id, label, options } = field;
  return (
    <fieldset class="checks" id={id} tabindex="-1">
      <legend>{label}</legend>
      {options.length === 0 ? <p class="muted">There is nothing to choose from yet.</p> : null}
      <Ticks field={field} />
      {notes}
    </fieldset>
  );
}

function Ticks({ field: { name, options, values, isFixed } }: { field: FieldState }): Markup {
  return (
    <div class="options">
      {options.map(({ value, words }) => (
        <label class="switch">
          <input type="checkbox" name={name} value={value} checked={values.includes(value)} disabled={isFixed} />{" "}
          {words}
        </label>
      ))}
    </div>
  );
}

/** All, or those that are ticked or written down. */
function Subset({ field, notes }: Several): Markup {
  const { id, name, label, options, values, all, isFixed } = field;
  const [which, ...chosen] = values;
  const others = chosen.filter((one) => !options.some(({ value }) => value === one));
  const choices = [
    { value: "all", words: all?.words ?? "all" },
    { value: "only", words: all?.only ?? "only these" },
  ];
  return (
    <fieldset class="checks subset" id={id} tabindex="-1">
      <legend>{label}</legend>
      {choices.map(({ value, words }) => (
        <label class="switch">
          <input type="radio" name={`${name}:which`} value={value} checked={which === value} disabled={isFixed} />{" "}
          {words}
        </label>
      ))}
      <div class="chosen">
        <Ticks field={{ ...field, values: chosen }} />
        {all?.others === undefined ? null : (
          <p class="field">
            <label for={`${id}-others`}>{all.others}</label>
            <textarea id={`${id}-others`} name={`${name}:others`} rows="2" spellcheck="false" readonly={isFixed}>
              {others.join("\n")}
            </textarea>
          </p>
        )}
      </div>
      {notes}
    </fieldset>
  );
}

function describedBy({ id, help, error }: FieldState): string | null {
  const ids = [...(help === undefined ? [] : [`${id}-help`]), ...(error === undefined ? [] : [`${id}-error`])];
  return ids.length === 0 ? null : ids.join(" ");
}

function Input({ field }: { field: FieldState }): Markup {
  const { id, name, kind, options, values, limits, isFixed, error } = field;
  const value = values[0] ?? "";
  const state = {
    "aria-describedby": describedBy(field),
    "aria-invalid": error === undefined ? null : "true",
  };
  switch (kind) {
    case "switch":
      return (
        <input
          id={id}
          name={name}
          type="checkbox"
          value="on"
          checked={values.includes("on")}
          disabled={isFixed}
          {...state}
        />
      );
    case "choice":
      return (
        <select id={id} name={name} disabled={isFixed} {...state}>
          {options.map((option) => (
            <option value={option.value} selected={option.value === value}>
              {option.words}
            </option>
          ))}
        </select>
      );
    case "lines":
    case "prose":
    case "json": {
      const rows = String(Math.min(16, Math.max(3, value.split("\n").length + 1)));
      const spellcheck = kind === "prose" ? null : "false";
      return <textarea {...{ id, name, rows, spellcheck, readonly: isFixed, ...state }}>{value}</textarea>;
    }
    case "secret":
      return (
        <input
          {...{ id, name, type: "password", autocomplete: "off", spellcheck: "false", ...state }}
          placeholder={keptWords(field.kept ?? null)}
          disabled={isFixed}
        />
      );
    default:
      return (
        <input
          {...{ id, name, value, autocomplete: "off", readonly: isFixed, ...limits, ...state }}
          type={kind === "number" ? "number" : kind === "moment" ? "datetime-local" : "text"}
        />
      );
  }
}

function keptWords(kept: string | null): string {
  if (kept === null) return "none stored";
  return kept === "" ? "stored; empty keeps it" : `stored, ends …${kept}; empty keeps it`;
}
