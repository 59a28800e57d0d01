/** Who changed what of the configuration, and did what beside it, newest first. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";
import { Select } from "../parts/fields.tsx";
import { type Clock, clockOf, whole } from "../parts/format.ts";

export interface ChangeLine {
  id: string;
  /** Epoch milliseconds. */
  at: number;
  action: "create" | "update" | "delete";
  actor: "api" | "console" | "cli" | "start";
  origin: string;
  note: string | null;
  /** `keys: web`. */
  what: string;
  /** Its page, where it has one. */
  href: string | null;
  /** Null where there was or is nothing. */
  fields: readonly { path: string; before: string | null; after: string | null }[];
}

/** What was done beside the configuration. */
export interface ActLine {
  kind: string;
  tone: "ok" | "bad" | "off";
  /** Epoch milliseconds: the first and the last time. */
  at: number;
  lastAt: number;
  times: number;
  actor: ChangeLine["actor"];
  origin: string;
  what: string | null;
  href: string | null;
  detail: string | null;
}

export type AuditLine = ChangeLine | ActLine;

export interface AuditProps {
  shell: Shell;
  zone: string;
  parts: readonly string[];
  /** What is filtered by; empty: nothing. */
  part: string;
  name: string;
  lines: readonly AuditLine[];
  /** Where the next page begins. */
  next: { after: string; acts: string } | null;
  isFirst: boolean;
}

const actions = {
  create: { tone: "ok", sign: "+", word: "made" },
  update: { tone: "off", sign: "~", word: "changed" },
  delete: { tone: "bad", sign: "–", word: "deleted" },
} as const;

const actors = { api: "API", console: "console", cli: "command line", start: "the start of the process" } as const;

export function auditPage({ shell, zone, parts, part, name, lines, next, isFirst }: AuditProps): Markup {
  const clock = clockOf(zone);
  const isFiltered = part !== "" || name !== "";
  return (
    <Layout shell={shell} title="Audit">
      <h1>Audit</h1>
      <p class="muted">
        Every change of the configuration, every sign-in and sign-out, and what was reset or cleared by hand. Times in{" "}
        {zone}. Secrets are told by how they end. <a href="/console/sessions">Who is signed in now</a>
      </p>
      <form class="fields" method="get" action="/console/audit">
        <Select
          name="part"
          label="Of"
          options={[
            { value: "", words: "everything" },
            ...parts.map((value) => ({ value, words: partWords[value] ?? value.replace("_", " ") })),
          ]}
          value={part}
        />
        <p>
          <label for="f-name">Name</label>
          <input id="f-name" name="name" value={name} autocomplete="off" />
        </p>
        <p class="act">
          <button type="submit">Show</button>
        </p>
      </form>
      {lines.length === 0 ? (
        <p class="card">
          {isFiltered ? "Nothing fits. " : "Nothing was done yet. "}
          {isFiltered || !isFirst ? <a href="/console/audit">Show everything</a> : null}
        </p>
      ) : (
        <Lines lines={lines} clock={clock} />
      )}
      <nav class="pages" aria-label="More of the audit">
        {isFirst ? null : <a href={address({ part, name })}>Newest</a>}
        {next === null ? null : <a href={address({ part, name, ...next })}>Older</a>}
      </nav>
    </Layout>
  );
}

const partWords: Readonly<Record<string, string>> = { operations: "resets and clearing" };

function address(filter: Record<string, string>): string {
  const query = new URLSearchParams(Object.entries(filter).filter(([, value]) => value !== ""));
  return query.size === 0 ? "/console/audit" : `/console/audit?${query}`;
}

function Lines({ lines, clock }: { lines: readonly AuditLine[]; clock: Clock }): Markup {
  return (
    <section class="scroll" tabindex="0" aria-label="Audit, newest first">
      <table class="audit">
        <caption class="hidden">Audit, newest first</caption>
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">What</th>
            <th scope="col">Who, from where</th>
            <th scope="col">Details (before, after)</th>
            <th scope="col">Take back</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) =>
            "kind" in line ? <Act line={line} clock={clock} /> : <Change line={line} clock={clock} />,
          )}
        </tbody>
      </table>
    </section>
  );
}

const actTones = { ok: "✓", bad: "✕", off: "•" } as const;

function Act({ line, clock }: { line: ActLine; clock: Clock }): Markup {
  const { kind, tone, at, lastAt, times, what, href, detail } = line;
  return (
    <tr>
      <When at={at} clock={clock} />
      <td class="words">
        <span class={`badge ${tone}`}>
          <span aria-hidden="true">{actTones[tone]}</span> {kind}
        </span>{" "}
        <What what={what} href={href} />
      </td>
      <Who line={line} />
      <td class="words">
        {detail}
        {times === 1 ? null : (
          <span class="muted below">
            {whole(times)} times, last at <time datetime={new Date(lastAt).toISOString()}>{clock.short(lastAt)}</time>
          </span>
        )}
      </td>
      <td></td>
    </tr>
  );
}

function When({ at, clock }: { at: number; clock: Clock }): Markup {
  return (
    <th scope="row" class="time">
      <time datetime={new Date(at).toISOString()}>{clock.short(at)}</time>
    </th>
  );
}

function Who({ line: { actor, origin } }: { line: Pick<ChangeLine, "actor" | "origin"> }): Markup {
  return (
    <td>
      {actors[actor]}
      <span class="muted below">{origin}</span>
    </td>
  );
}

function What({ what, href }: { what: string | null; href: string | null }): Markup | null {
  if (what === null) return null;
  if (href === null) return <bdi>{what}</bdi>;
  return (
    <a class="alone" href={href}>
      {what}
    </a>
  );
}

function Change({ line, clock }: { line: ChangeLine; clock: Clock }): Markup {
  const { id, at, action, note, what, href } = line;
  const { tone, sign, word } = actions[action];
  return (
    <tr>
      <When at={at} clock={clock} />
      <td class="words">
        <span class={`badge ${tone}`}>
          <span aria-hidden="true">{sign}</span> {word}
        </span>{" "}
        <What what={what} href={href} />
        {note === null ? null : <span class="muted below">{note}</span>}
      </td>
      <Who line={line} />
      <td class="words">
        <Fields line={line} />
      </td>
      <td>
        <a class="alone" href={`/console/audit/${id}/revert`} aria-label={`Take back the change ${id} of ${what}`}>
          Take back
        </a>
      </td>
    </tr>
  );
}

/** What is made is told by its page, too. */
const mostShown = { create: 2, update: 8, delete: 2 } as const;

function Fields({ line: { fields, action } }: { line: ChangeLine }): Markup {
  const list = (some: ChangeLine["fields"]) => (
    <ul class="changes">
      {some.map(({ path, before, after }) => (
        <li>
          <code>{path}</code> {before === null ? null : <del>{before}</del>}{" "}
          {action === "delete" ? null : <ins>{after ?? "nothing"}</ins>}
        </li>
      ))}
    </ul>
  );
  if (fields.length <= mostShown[action]) return list(fields);
  return (
    <details>
      <summary>{fields.length} fields</summary>
      {list(fields)}
    </details>
  );
}
