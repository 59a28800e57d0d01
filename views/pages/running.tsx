/** The requests that are being answered now. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";
import { Or } from "../parts/empty.tsx";
import { clockOf, duration, whole } from "../parts/format.ts";
import { progress, type Underway } from "../parts/verdict.ts";

export interface RunningRow extends Underway {
  id: string;
  /** Epoch milliseconds. */
  at: number;
  key: string | null;
  label: string | null;
  model: string | null;
}

export interface RunningProps {
  shell: Shell;
  zone: string;
  /** Epoch milliseconds. */
  now: number;
  /** The oldest first. */
  rows: readonly RunningRow[];
  /** Of all, shown or not. */
  count: number;
  /** Of a key's holder: all of them are of that key. */
  isOwn?: boolean;
}

export function runningPage({ shell, ...live }: RunningProps): Markup {
  const root = rootOf(live);
  return (
    <Layout shell={shell} title="Requests that run">
      <nav aria-label="Where you are" class="crumbs">
        <a href={`${root}/requests`}>Requests</a>
      </nav>
      <h1>Requests that run</h1>
      <div id="running" hx-get={`${root}/running`} hx-trigger="news, every 2s" hx-swap="innerMorph" data-refresh="">
        {runningParts(live)}
      </div>
    </Layout>
  );
}

function rootOf({ isOwn = false }: Pick<RunningProps, "isOwn">): string {
  return isOwn ? "/console/me" : "/console";
}

/** What changes, as the page fetches it. */
export function runningParts({ zone, now, rows, count, isOwn = false }: Omit<RunningProps, "shell">): Markup {
  const list = `${rootOf({ isOwn })}/requests`;
  if (rows.length === 0) {
    return (
      <section class="card first">
        <p>
          No request {isOwn ? "of your key " : null}is running in this process. One that comes in appears here by
          itself.
        </p>
        <p>
          <a class="button" href={list}>
            Requests that are over
          </a>
        </p>
      </section>
    );
  }
  const clock = clockOf(zone);
  return (
    <>
      <p class="muted">
        {count > rows.length ? `The ${whole(rows.length)} that run longest, of ${whole(count)}. ` : null}Times in {zone}
        .
      </p>
      <section class="scroll" tabindex="0" aria-label="Requests that run, the oldest first">
        <table>
          <caption class="hidden">Requests that run, the oldest first</caption>
          <thead>
            <tr>
              <th scope="col">Since</th>
              <th scope="col" class="number">
                Runs for
              </th>
              <th scope="col">{isOwn ? "Label" : "Key"}</th>
              <th scope="col">Model</th>
              <th scope="col">How far</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Line row={row} at={clock.short(row.at)} elapsedMs={Math.max(0, now - row.at)} isOwn={isOwn} />
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}

interface LineProps {
  row: RunningRow;
  /** By the clock. */
  at: string;
  elapsedMs: number;
  isOwn: boolean;
}

function Line({ row, at, elapsedMs, isOwn }: LineProps): Markup {
  const { id, model } = row;
  return (
    <tr id={`r-${id}`}>
      <th scope="row" class="time">
        <a href={`${rootOf({ isOwn })}/requests/${encodeURIComponent(id)}`}>
          <time datetime={new Date(row.at).toISOString()}>{at}</time>
        </a>
      </th>
      <td class="number">{duration(elapsedMs)}</td>
      <td>
        <Or text={askerOf(row, isOwn)} />
      </td>
      <td>
        <Or text={model} />
      </td>
      <td class="words">{progress(row, elapsedMs)}</td>
    </tr>
  );
}

/** Of a list of one key the label alone says that. */
function askerOf({ key, label }: RunningRow, isOwn: boolean): string | null {
  if (isOwn) return label;
  return label === null ? key : `${key ?? ""}:${label}`;
}
