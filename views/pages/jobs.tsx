/** Jobs of this process: how far each is, what came of it. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";
import { clockOf, duration, whole } from "../parts/format.ts";

export interface JobsProps {
  shell: Shell;
  zone: string;
  recompute: {
    running: boolean;
    looked: number;
    priced: number;
    /** RFC 3339. */
    started_at: string | null;
    ended_at: string | null;
    error: string | null;
  };
}

const refreshS = 3;

export function jobsPage({ shell, zone, recompute }: JobsProps): Markup {
  const { running, looked, priced, started_at, ended_at, error } = recompute;
  const clock = clockOf(zone);
  const took = started_at !== null && ended_at !== null ? Date.parse(ended_at) - Date.parse(started_at) : null;
  return (
    <Layout shell={shell} title="Jobs" {...(running ? { refreshS } : {})}>
      <h1>Jobs</h1>
      <p class="muted">Of this process, since it started. Times in {zone}.</p>
      <section class="card" aria-labelledby="recompute">
        <h2 id="recompute" class="first">
          Pricing stored requests
        </h2>
        {started_at === null ? (
          <p>
            It did not run yet. <a href="/console/settings/prices">Start it from the prices</a>
          </p>
        ) : (
          <>
            <p role="status">
              <State running={running} error={error} /> {whole(looked)} looked at, {whole(priced)} priced anew.
            </p>
            <p>
              Started <time datetime={started_at}>{clock.short(Date.parse(started_at))}</time>
              {took === null ? ". This page looks again every 3 s." : `, took ${duration(took)}.`}
            </p>
            {error === null ? null : <p class="text-bad">{error}</p>}
          </>
        )}
      </section>
    </Layout>
  );
}

function State({ running, error }: { running: boolean; error: string | null }): Markup {
  const [tone, sign, word] = running
    ? ["info", "◌", "running"]
    : error === null
      ? ["ok", "✓", "done"]
      : ["bad", "✕", "failed"];
  return (
    <span class={`badge ${tone}`}>
      <span aria-hidden="true">{sign}</span> {word}
    </span>
  );
}
