/** What is left alone for now and why, how to end that, and what the last week was like. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";
import { Or } from "../parts/empty.tsx";
import { type Clock, clockOf, duration, whole } from "../parts/format.ts";

export interface CooldownLine {
  scope: string;
  provider: string;
  model: string | null;
  /** `cooled`, `probing`, `half-open`. */
  state: string;
  reason: string;
  message: string;
  /** Id of the request that met it. */
  request: string;
  /** RFC 3339. */
  since: string;
  until: string;
  remaining_s: number;
  failures: number;
  next_step_s: number | null;
  source: string;
  window: string | null;
}

export interface PastLine {
  /** Epoch milliseconds. */
  at: number;
  kind: string;
  scope: string;
  provider: string;
  model: string;
  reason: string;
  failures: number;
  requestId: string;
}

/** A parameter that a target refused. */
export interface RefusalLine {
  provider: string;
  model: string;
  parameter: string;
  /** What the provider said. */
  message: string;
  /** Epoch milliseconds. */
  at: number;
}

export interface CooldownsProps {
  shell: Shell;
  zone: string;
  now: number;
  lines: readonly CooldownLine[];
  refusals: readonly RefusalLine[];
  history: readonly PastLine[];
  /** Cursor of older history. */
  next: string | null;
  /** The newest page of the history. */
  isFirst: boolean;
  /** How many were just cleared. */
  cleared: number | null;
}

const states: Record<string, { tone: string; sign: string; word: string }> = {
  cooled: { tone: "warn", sign: "‖", word: "cooling down" },
  probing: { tone: "off", sign: "…", word: "being tried" },
  "half-open": { tone: "off", sign: "?", word: "waits for a try" },
};

export function cooldownsPage(props: CooldownsProps): Markup {
  const { shell, zone, now, lines, cleared } = props;
  const clock = clockOf(zone);
  return (
    <Layout shell={shell} title="Cooldowns">
      <h1>Cooldowns</h1>
      {cleared === null ? null : (
        <p class="banner info" role="status">
          {cleared === 0 ? "There was nothing to clear any more." : `Cleared: ${whole(cleared)}.`}
        </p>
      )}
      <p class="muted">
        Times in {zone}. As of {clock.short(now)}.
      </p>
      {lines.length === 0 ? (
        <section class="card">
          <p>No target is cooling down.</p>
          <p>
            <a class="button" href="/console/performance">
              Compare the targets
            </a>
          </p>
        </section>
      ) : (
        <Now lines={lines} clock={clock} />
      )}
      <Refused refusals={props.refusals} clock={clock} />
      <History {...props} clock={clock} />
    </Layout>
  );
}

/** What of a provider is meant. */
export function wholeOf({ scope, provider, model }: { scope: string; provider: string; model: string | null }): string {
  if (scope === "model") return `${provider}/${model ?? ""}`;
  return scope === "account" ? `${provider}, its account` : `${provider}, all of it`;
}

function clearAddress(parts: Record<string, string>): string {
  return `/console/cooldowns/clear?${new URLSearchParams(parts)}`;
}

function Now({ lines, clock }: { lines: readonly CooldownLine[]; clock: Clock }): Markup {
  return (
    <>
      <section class="scroll" tabindex="0" aria-label="What is cooling down">
        <table class="sums">
          <caption class="hidden">What is cooling down, the longest first</caption>
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col">State</th>
              <th scope="col" class="number">
                Time left
              </th>
              <th scope="col">Until</th>
              <th scope="col">Why</th>
              <th scope="col" class="number">
                Failures
              </th>
              <th scope="col" class="number">
                Next step
              </th>
              <th scope="col">Action</th>
            </tr>
          </thead>
          <tbody>
            {lines.map((line) => (
              <Line line={line} clock={clock} />
            ))}
          </tbody>
        </table>
      </section>
      {lines.length < 2 ? null : (
        <p>
          <a class="button" href={clearAddress({})}>
            Clear all
          </a>
        </p>
      )}
    </>
  );
}

function Line({ line, clock }: { line: CooldownLine; clock: Clock }): Markup {
  const { scope, provider, model, state, remaining_s, until, reason, message, request, failures, next_step_s } = line;
  const { tone, sign, word } = states[state] ?? { tone: "off", sign: "?", word: state };
  const parts = { provider, scope, ...(model === null ? {} : { model }) };
  return (
    <tr>
      <th scope="row">{wholeOf(line)}</th>
      <td>
        <span class={`badge ${tone}`}>
          <span aria-hidden="true">{sign}</span> {word}
        </span>
      </td>
      <td class="number">{remaining_s === 0 ? "over" : duration(remaining_s * 1000)}</td>
      <td>
        <time datetime={until}>{clock.short(Date.parse(until))}</time>
        {line.source === "stated" ? <span class="muted"> as the provider said</span> : null}
      </td>
      <td class="why">
        <strong>{reason}</strong>
        {line.window === null ? null : ` (${line.window})`}: {message}{" "}
        <a href={`/console/requests/${encodeURIComponent(request)}`}>the request</a>
      </td>
      <td class="number">{whole(failures)}</td>
      <td class="number">
        <Or text={next_step_s === null ? null : duration(next_step_s * 1000)} />
      </td>
      <td>
        <a class="button small" href={clearAddress(parts)} aria-label={`Clear the cooldown of ${wholeOf(line)}`}>
          Clear
        </a>
      </td>
    </tr>
  );
}

function Refused({ refusals, clock }: { refusals: readonly RefusalLine[]; clock: Clock }): Markup | null {
  if (refusals.length === 0) return null;
  return (
    <section aria-labelledby="refused">
      <h2 id="refused">Parameters that are left out</h2>
      <p>These targets refused them, and answered without. Each is tried again after a day.</p>
      <section class="scroll" tabindex="0" aria-label="Refused parameters">
        <table class="sums">
          <caption class="hidden">Refused parameters</caption>
          <thead>
            <tr>
              <th scope="col">Target</th>
              <th scope="col">Parameter</th>
              <th scope="col">Since</th>
              <th scope="col">What the provider said</th>
            </tr>
          </thead>
          <tbody>
            {refusals.map(({ provider, model, parameter, message, at }) => (
              <tr>
                <th scope="row">{`${provider}/${model}`}</th>
                <td>
                  <code>{parameter}</code>
                </td>
                <td>
                  <time datetime={new Date(at).toISOString()}>{clock.short(at)}</time>
                </td>
                <td class="words">{message}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

const kinds: Record<string, { tone: string; sign: string; word: string }> = {
  cooled: { tone: "warn", sign: "‖", word: "cooled" },
  recovered: { tone: "ok", sign: "✓", word: "recovered" },
  cleared: { tone: "off", sign: "–", word: "cleared" },
  forgotten: { tone: "off", sign: "–", word: "forgotten" },
};

function History({ history, next, isFirst, clock }: CooldownsProps & { clock: Clock }): Markup {
  return (
    <section aria-labelledby="history">
      <h2 id="history">The last 7 days</h2>
      {history.length === 0 ? (
        <p class="muted">Nothing was cooled{isFirst ? "" : " before that"}.</p>
      ) : (
        <section class="scroll" tabindex="0" aria-label="What happened">
          <table class="sums">
            <caption class="hidden">What happened</caption>
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col">What happened</th>
                <th scope="col">To what</th>
                <th scope="col">Reason</th>
                <th scope="col" class="number">
                  Failures
                </th>
                <th scope="col">Request</th>
              </tr>
            </thead>
            <tbody>
              {history.map((line) => (
                <Past line={line} clock={clock} />
              ))}
            </tbody>
          </table>
        </section>
      )}
      {isFirst && next === null ? null : (
        <nav class="pages" aria-label="Pages of the history">
          {isFirst ? null : <a href="/console/cooldowns">Newest</a>}
          {next === null ? null : <a href={`/console/cooldowns?after=${encodeURIComponent(next)}`}>Older</a>}
        </nav>
      )}
    </section>
  );
}

function Past({ line, clock }: { line: PastLine; clock: Clock }): Markup {
  const { tone, sign, word } = kinds[line.kind] ?? { tone: "off", sign: "?", word: line.kind };
  return (
    <tr>
      <th scope="row">
        <time datetime={new Date(line.at).toISOString()}>{clock.short(line.at)}</time>
      </th>
      <td>
        <span class={`badge ${tone}`}>
          <span aria-hidden="true">{sign}</span> {word}
        </span>
      </td>
      <td>{wholeOf(line)}</td>
      <td>{line.reason}</td>
      <td class="number">{whole(line.failures)}</td>
      <td>
        <a class="alone" href={`/console/requests/${encodeURIComponent(line.requestId)}`}>
          open
        </a>
      </td>
    </tr>
  );
}
