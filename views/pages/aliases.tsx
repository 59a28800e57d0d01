/** The aliases: names that clients call, those in trouble first. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";
import { entityHref } from "../parts/address.ts";
import { None } from "../parts/empty.tsx";
import { clockOf, money, whole } from "../parts/format.ts";

export interface AliasLine {
  name: string;
  also: readonly string[];
  origin: "file" | "database" | "builtin";
  groups: number;
  targets: number;
  /** Those that would be asked now. */
  healthy: number;
  selectors: readonly string[];
  /** How it behaves, in words. */
  marks: readonly string[];
  /** Of the last 24 hours. */
  requests: number;
  costNano: number;
}

export interface AliasesProps {
  shell: Shell;
  zone: string;
  now: number;
  /** What names have to contain. */
  text: string;
  all: number;
  matching: number;
  lines: readonly AliasLine[];
}

export function aliasesPage({ shell, zone, now, text, all, matching, lines }: AliasesProps): Markup {
  return (
    <Layout shell={shell} title="Aliases">
      <div class="bar">
        <h1>Aliases</h1>
        <div class="buttons">
          <a class="button" href="/console/aliases/new">
            Add an alias
          </a>
          <a class="button quiet" href="/console/aliases/import">
            Import from models
          </a>
        </div>
      </div>
      <p class="muted">
        Clients call an alias as their model; its targets answer. Those in trouble come first. As of{" "}
        {clockOf(zone).short(now)}.
      </p>
      {all === 0 ? (
        <p class="card">
          There is no alias yet. Clients can call a model as provider/model, and by any other name only through an
          alias.
        </p>
      ) : (
        <form class="find" method="get" action="/console/aliases">
          <label class="hidden" for="text">
            Name
          </label>
          <input id="text" name="text" value={text} placeholder="Name" />
          <button type="submit" class="quiet">
            Find
          </button>
          {text === "" ? null : <a href="/console/aliases">All {whole(all)}</a>}
        </form>
      )}
      {all > 0 && lines.length === 0 ? <p class="card">None of the {whole(all)} aliases is called like that.</p> : null}
      {lines.length === 0 ? null : <Lines lines={lines} />}
      {matching > lines.length ? (
        <p class="muted">
          The first {whole(lines.length)} of {whole(matching)}: find the others by their names.
        </p>
      ) : null}
    </Layout>
  );
}

function Lines({ lines }: { lines: readonly AliasLine[] }): Markup {
  return (
    <section class="scroll" tabindex="0" aria-label="Aliases">
      <table class="sums">
        <caption class="hidden">Aliases</caption>
        <thead>
          <tr>
            <th scope="col">Alias</th>
            <th scope="col">Targets ready</th>
            <th scope="col">Selector</th>
            <th scope="col">Behaviour</th>
            <th scope="col" class="number">
              Requests 24 h
            </th>
            <th scope="col" class="number">
              Cost 24 h
            </th>
            <th scope="col">Dry run</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <Line line={line} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Line({ line }: { line: AliasLine }): Markup {
  const { name, also, origin, groups, targets, healthy, selectors, marks, requests, costNano } = line;
  const own = entityHref("/console/aliases", name);
  const tone = healthy === targets ? "ok" : healthy === 0 ? "bad" : "warn";
  return (
    <tr>
      <th scope="row">
        {origin === "builtin" ? (
          <>
            <bdi>{name}</bdi> <span class="muted">(while there is no other)</span>
          </>
        ) : (
          <a class="alone" href={own}>
            {name}
          </a>
        )}
        {origin === "file" ? <span class="muted"> (file)</span> : null}
        {also.length === 0 ? null : <span class="muted below">also {also.join(", ")}</span>}
      </th>
      <td>
        <span class={`badge ${tone}`}>
          <span aria-hidden="true">{tone === "ok" ? "✓" : tone === "bad" ? "✕" : "!"}</span> {healthy} of {targets}
        </span>
        {groups === 1 ? null : <span class="muted"> in {groups} groups</span>}
      </td>
      <td>{selectors.map((selector) => selector.replaceAll("_", " ")).join(", ")}</td>
      <td>{marks.length === 0 ? <None /> : marks.join(", ")}</td>
      <td class="number">
        <a
          class="alone"
          href={`/console/requests?alias=${encodeURIComponent(name)}`}
          aria-label={`${whole(requests)} requests to ${name}`}
        >
          {whole(requests)}
        </a>
      </td>
      <td class="number">{money(costNano)}</td>
      <td>
        <a class="alone" href={`${own}/explain`} aria-label={`Where to? A request to ${name}`}>
          Where to?
        </a>
      </td>
    </tr>
  );
}
