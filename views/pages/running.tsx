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
}

export function runningPage({ shell, ...live }: RunningProps): Markup {
  return (
    <Layout shell={shell} title="Requests that run">
      <nav aria-label="Where you are" class="crumbs">
        <a href="/console/requests">Requests</a>
      </nav>
      <h1>Requests that run</h1>
      <div id="running" hx-get="/console/running" hx-trigger="news, every 2s" hx-swap="innerMorph" data-refresh="">
        {runningParts(live)}
      </div>
    </Layout>
  );
}

/** What changes, as the page fetches it. */
export function runningParts({ zone, now, rows, count }: Omit<RunningProps, "shell">): Markup {
  if (rows.length === 0) {
    return (
      <section class="card first">
        <p>No request is running in this process. One that comes in appears here by itself.</p>
        <p>
          <a class="button" href="/console/requests">
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
              <th scope="col">Key</th>
              <th scope="col">Model</th>
              <th scope="col">How far</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr id={`r-${row.id}`}>
                <th scope="row" class="time">
                  <a href={`/console/requests/${encodeURIComponent(row.id)}`}>
                    <time datetime={new Date(row.at).toISOString()}>{clock.short(row.at)}</time>
                  </a>
                </th>
                <td class="number">{duration(Math.max(0, now - row.at))}</td>
                <td>
                  <Or text={row.label === null ? row.key : `${row.key ?? ""}:${row.label}`} />
                </td>
                <td>
                  <Or text={row.model} />
                </td>
                <td class="words">{progress(row, Math.max(0, now - row.at))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}
